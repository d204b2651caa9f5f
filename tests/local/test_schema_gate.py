"""The schema gate against the history of a git repository."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from weir.catalog.compatibility import Rule, Version
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.local.schema_gate import committed_versions, findings_of

pytestmark = pytest.mark.unit


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def with_fields(pipeline: Pipeline, *fields: dict) -> Pipeline:
    """The pipeline with these fields added to its schema's text."""
    schema = json.loads(pipeline.schema.text)
    schema["fields"] += fields
    return replace(pipeline, schema=replace(pipeline.schema, text=json.dumps(schema)))


@pytest.fixture
def committed(tmp_path: Path) -> Pipeline:
    """The flights pipeline in a repository with two versions of its schema: the first has a field `gate`."""
    folder = tmp_path / "pipelines" / "flights"
    shutil.copytree(REPOSITORY / "pipelines" / "flights", folder)
    pipeline, schema = load_pipeline(folder), folder / "flight.avsc"
    git(tmp_path, "init", "--quiet")
    for text in (with_fields(pipeline, {"name": "gate", "type": "string"}).schema.text, pipeline.schema.text):
        schema.write_text(text)
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "--quiet", "--message", "a version")
    return load_pipeline(folder)


def test_an_incompatible_change_since_a_revision_is_explained(tmp_path: Path, committed: Pipeline) -> None:
    earlier = committed_versions(tmp_path, committed, "HEAD")
    assert len(earlier) == 2
    assert findings_of(committed, earlier) == []
    changed = with_fields(committed, {"name": "terminal", "type": "string"})
    (finding,) = findings_of(changed, earlier)
    assert "fields.terminal: it is missing in the data and has no default; give it a default" in str(finding)
    assert "pipelines/flights/flight.avsc at " in str(finding)


def test_a_transitive_rule_reads_the_whole_history(tmp_path: Path, committed: Pipeline) -> None:
    back = with_fields(committed, {"name": "gate", "type": ["null", "int"], "default": None})
    earlier = committed_versions(tmp_path, committed, "HEAD")
    assert findings_of(back, earlier) == []
    assert [part.mismatch.field for part in findings_of(back, earlier, Rule.BACKWARD_TRANSITIVE)] == ["fields.gate"]
    assert len(committed_versions(tmp_path, committed, "HEAD~1")) == 1


def test_a_new_pipeline_may_have_any_schema(tmp_path: Path, committed: Pipeline) -> None:
    assert committed_versions(tmp_path, replace(committed, folder=tmp_path / "pipelines" / "other"), "HEAD") == []
    assert findings_of(committed, []) == []


def test_an_unknown_revision_is_refused(tmp_path: Path, committed: Pipeline) -> None:
    with pytest.raises(WeirError, match="--against nowhere: git does not know this revision"):
        committed_versions(tmp_path, committed, "nowhere")


@pytest.fixture
def orders(tmp_path: Path) -> Pipeline:
    """The orders pipeline, in JSON, in a repository with one version of it."""
    folder = tmp_path / "pipelines" / "orders"
    shutil.copytree(REPOSITORY / "pipelines" / "orders", folder)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "a version")
    return load_pipeline(folder)


def with_columns(pipeline: Pipeline, **columns: dict | None) -> Pipeline:
    """The pipeline with other columns of JSON in its file."""
    file = pipeline.folder / "pipeline.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    declared = document["source"]["columns"]
    for name, change in columns.items():
        declared[name] = {**declared.get(name, {}), **change} if change is not None else None
    document["source"]["columns"] = {name: column for name, column in declared.items() if column is not None}
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return load_pipeline(pipeline.folder)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({}, []),
        ({"note": {"type": "text"}}, []),
        ({"country": {"path": "country"}}, []),
        (
            {"order_id": {"path": "id"}},
            ["source.columns.order_id: it is required, and is read from orderId and would be from id; keep"],
        ),
        ({"order_id": {"path": '"orderId"'}}, []),
        ({"weight_kg": None}, []),
        (
            {"first_quantity": {"type": "bigint"}},
            ["source.columns.first_quantity: its column is int and would be bigint; keep the type, or add a field"],
        ),
        (
            {"paid_at": {"encoding": "epoch-seconds"}},
            ["source.columns.paid_at: its encoding is epoch-millis and would be epoch-seconds; keep it, and add a"],
        ),
        (
            {"gift": {"required": True}},
            ["source.columns.gift: it would be required, but earlier events may lack it; leave `required` out"],
        ),
        (
            {"note": {"type": "text", "required": True}},
            ["source.columns.note: it would be required, but earlier events may lack it"],
        ),
        (
            {"weight_kg": {"type": "text"}, "promised_day": {"type": "timestamp"}},
            ["source.columns.weight_kg: its column is double", "source.columns.promised_day: its column is date"],
        ),
    ],
)
def test_columns_of_json_are_compared_with_those_of_a_revision(
    tmp_path: Path, orders: Pipeline, columns: dict, told: list[str]
) -> None:
    changed = with_columns(orders, **columns)
    (earlier,) = committed_versions(tmp_path, changed, "HEAD")
    found = [str(finding) for finding in findings_of(changed, [earlier])]
    assert [text.startswith(start) for text, start in zip(found, told, strict=True)] == [True] * len(told)
    assert all("pipelines/orders/pipeline.yaml at " in text for text in found)


def test_another_format_needs_another_topic(committed: Pipeline, orders: Pipeline) -> None:
    avro, columns = Version("an Avro schema", committed.schema.text), Version("columns", orders.schema.text)
    for pipeline, version, told in (
        (orders, avro, "source.format: it is avro and would be json; use a new topic"),
        (committed, columns, "source.format: it is json and would be avro; use a new topic"),
    ):
        (finding,) = findings_of(pipeline, [version])
        assert str(finding).startswith(told)
        assert findings_of(pipeline, [replace(version, topic=pipeline.spec.source.topic)]) == [finding]
        assert findings_of(pipeline, [replace(version, topic="another.topic")]) == []


def test_a_new_topic_of_json_may_be_read_in_any_way_but_for_types(tmp_path: Path, orders: Pipeline) -> None:
    file = orders.folder / "pipeline.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("topic: shop.orders\n", "topic: shop.orders.v2\n"))
    changed = with_columns(orders, order_id={"path": "id"}, weight_kg={"type": "text"})
    (finding,) = findings_of(changed, committed_versions(tmp_path, changed, "HEAD"))
    assert str(finding).startswith("source.columns.weight_kg: its column is double and would be text")


def test_a_changed_format_does_not_hide_a_changed_type(orders: Pipeline) -> None:
    retyped = {"type": "record", "name": "Order", "fields": [{"name": "gift", "type": "string"}]}
    found = [str(finding) for finding in findings_of(orders, [Version("an Avro schema", json.dumps(retyped))])]
    assert [text.split(":")[0] for text in found] == ["source.format", "source.columns.gift"]


def test_columns_of_a_revision_that_are_wrong_are_told_with_it(tmp_path: Path, orders: Pipeline) -> None:
    file = orders.folder / "pipeline.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("path: orderId", "path: $.orderId"), encoding="utf-8")
    git(tmp_path, "commit", "--all", "--quiet", "--message", "wrong")
    with pytest.raises(WeirError, match=r"pipeline.yaml at \w+, source.columns.order_id is refused:"):
        committed_versions(tmp_path, orders, "HEAD")
