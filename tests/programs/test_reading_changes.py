"""What `weir plan` refuses because events that are in a topic would be misread."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml
from tests.catalog.pipeline_renderings import ENDPOINTS
from tests.programs.rule_cases import resource

from weir.catalog.pipeline import load_pipeline
from weir.catalog.spec import Engine
from weir.catalog.streams import streams_plan
from weir.config.decisions import Decisions
from weir.config.repository import REPOSITORY
from weir.config.streams import StreamsConfig
from weir.programs.change_rules import compare
from weir.programs.changes import Change, Risk
from weir.programs.decided import decide
from weir.programs.recording import Recorded

pytestmark = pytest.mark.unit

Edit = Callable[[dict[str, Any]], object]
ORDERS = load_pipeline(REPOSITORY / "pipelines" / "orders")
FILE = yaml.safe_load((ORDERS.folder / "pipeline.yaml").read_text(encoding="utf-8"))
PLAN = json.loads(streams_plan(StreamsConfig(), ENDPOINTS, ORDERS.on(Engine.KAFKA_STREAMS)))


def config_map(data: dict[str, str]) -> Recorded:
    return replace(resource("ConfigMap", {"data": data}, "orders"), type="kubernetes:core/v1:ConfigMap")


def refused(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    return [change for change in compare([config_map(before)], [config_map(after)]) if change.risk is Risk.REFUSED]


def edited(document: dict[str, Any], edit: Edit) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    edit(changed)
    return changed


def on_flink(edit: Edit, **beside: str) -> list[Change]:
    return refused(
        *({"pipeline.yaml": yaml.safe_dump(d, sort_keys=False), **beside} for d in (FILE, edited(FILE, edit)))
    )


def on_streams(edit: Edit, before: dict[str, Any] = PLAN) -> list[Change]:
    return refused(*({"orders.json": json.dumps(d)} for d in (before, edited(before, edit))))


def declared(column: str, **change: Any) -> Edit:
    return lambda file: file["source"]["columns"].setdefault(column, {}).update(change)


def entry(name: str, **change: Any) -> Edit:
    def edit(plan: dict[str, Any]) -> None:
        (found,) = (e for e in plan["source"]["columns_document"] if e["name"] == name)
        found.update(change)

    return edit


READING = [
    (
        declared("paid_at", encoding="epoch-seconds"),
        entry("paid_at", encoding="epoch-seconds"),
        "source.columns.paid_at",
        "its encoding is epoch-millis and would be epoch-seconds; keep it",
    ),
    (
        declared("gift", required=True),
        entry("gift", nullable=False),
        "source.columns.gift",
        "it would be required, but earlier events may lack it",
    ),
    (
        declared("order_id", path="id"),
        entry("order_id", path=["id"]),
        "source.columns.order_id",
        "it is required, and is read from orderId and would be from id; keep the path, or use a new topic",
    ),
    (
        lambda file: file["source"].update(format="avro"),
        lambda plan: plan["source"].pop("format"),
        "source.format",
        "it is json and would be avro; use a new topic",
    ),
]


@pytest.mark.parametrize(("in_file", "in_plan", "path", "reason"), READING, ids=[reason for *_, reason in READING])
def test_a_change_that_misreads_the_topic_is_refused(in_file: Edit, in_plan: Edit, path: str, reason: str) -> None:
    for (change,), file in ((on_flink(in_file), "pipeline.yaml"), (on_streams(in_plan), "orders.json")):
        assert change.path == f"data.{file}.{path}"
        assert change.reason.startswith(reason)


@pytest.mark.parametrize(
    "edit",
    [
        declared("country", path="country"),
        declared("note", type="text"),
        lambda file: file["source"]["columns"].pop("weight_kg"),
        lambda file: (file["source"].update(topic="shop.orders.v2"), declared("order_id", path="id")(file)),
    ],
)
def test_a_change_that_reads_the_topic_alike_is_not(edit: Edit) -> None:
    assert on_flink(edit) == []


def test_programs_beside_the_engine_do_not_repeat_it() -> None:
    assert on_flink(declared("gift", required=True), **{"endpoints.json": "{}"}) == []


def test_a_decision_lets_one_reading_pass() -> None:
    changes = on_flink(declared("gift", required=True))
    allow = {
        "change": "ConfigMap orders data.pipeline.yaml.source.columns.gift",
        "to": "boolean (plain) at gift, required",
        "because": "all events have it",
    }
    assert decide(changes, Decisions.model_validate({"allow": [allow]})).refused == []
    other = {**allow, "to": "boolean (plain) at gift"}
    assert decide(changes, Decisions.model_validate({"allow": [other]})).refused == changes


REPARTITIONED = edited(PLAN, lambda plan: plan["source"].update(partitioned_by_id=False))
LAST = PLAN["source"]["columns"]


def added(plan: dict[str, Any]) -> None:
    plan["columns"].insert(LAST, {"name": "note", "type": "text", "nullable": True})
    plan["source"]["columns"] += 1


def removed(plan: dict[str, Any]) -> None:
    plan["columns"].pop(LAST - 1)
    plan["source"]["columns"] -= 1


def exchanged(plan: dict[str, Any]) -> None:
    plan["columns"].insert(0, plan["columns"].pop(1))


@pytest.mark.parametrize(
    ("edit", "position", "before", "after"),
    [
        (added, LAST, None, "note text"),
        (removed, LAST - 1, "paid_at timestamp", None),
        (lambda plan: plan["columns"][0].update(nullable=True), 0, "order_id text required", "order_id text"),
        (exchanged, 0, "order_id text required", "placed_at timestamp required"),
    ],
)
def test_events_on_the_way_to_their_id_keep_their_columns(
    edit: Edit, position: int, before: str | None, after: str | None
) -> None:
    (change,) = on_streams(edit, REPARTITIONED)
    assert (change.path, change.before, change.after) == (f"data.orders.json.columns[{position}]", before, after)
    assert "encoded by the order of their columns" in change.reason
    assert on_streams(edit) == []


def test_other_columns_of_rows_do_not_travel_that_way() -> None:
    joined = {"name": "note", "type": "text", "nullable": True}
    assert on_streams(lambda plan: plan["columns"].append(joined), REPARTITIONED) == []
