"""The schema gate against the history of a git repository."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from weir.catalog.compatibility import Rule
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
