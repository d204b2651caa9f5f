"""`weir render` and `weir plan` as people call them."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.renderings import REPOSITORY, rendered
from typer.testing import CliRunner

from weir.cli.render import commands
from weir.config.errors import WeirError
from weir.programs import revisions
from weir.programs.revisions import render_revision

runner = CliRunner()


@pytest.mark.unit
def test_render_writes_the_stack_and_says_where(tmp_path: Path):
    result = runner.invoke(commands, ["render", "--stack", "dev", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    files = list((tmp_path / "out").rglob("*.yaml"))
    assert len(files) == len(rendered("dev").files())
    assert f"{len(files)} resources" in result.output


@pytest.mark.unit
def test_plan_exits_with_1_when_a_change_is_refused(monkeypatch: pytest.MonkeyPatch):
    staging = rendered("staging").resources
    renamed = tuple(resource for resource in staging if resource.name != "flights")
    monkeypatch.setattr(revisions, "render_revision", lambda *_: staging)
    assert runner.invoke(commands, ["plan", "staging"]).exit_code == 0
    monkeypatch.setattr(revisions, "render_revision", lambda *_: (*renamed, *_with_more_partitions(staging)))
    result = runner.invoke(commands, ["plan", "staging", "--json"])
    assert result.exit_code == 1
    refused = [change for change in json.loads(result.output) if change["risk"] == "refused"]
    assert [(change["resource"], change["path"]) for change in refused] == [
        ("KafkaTopic flights.events", "spec.partitions")
    ]


def _with_more_partitions(resources):
    """The topic of events as it was with more partitions: going back from there is refused."""

    for resource in resources:
        if resource.inputs.get("kind") == "KafkaTopic" and resource.name == "flights.events":
            spec = {**resource.inputs["spec"], "partitions": 512}
            yield replace(resource, inputs={**resource.inputs, "spec": spec})


@pytest.mark.unit
def test_a_revision_that_does_not_exist_is_named():
    with pytest.raises(WeirError, match="no-such-revision"):
        render_revision("no-such-revision", "dev")


@pytest.mark.contract
def test_another_revision_is_rendered_by_its_own_code(tmp_path: Path):
    """A copy of the repository whose last commit has another retention."""
    copy = tmp_path / "copy"
    for folder in ("infra", "pipelines", "stacks", "helm-values", "dashboards"):
        shutil.copytree(REPOSITORY / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    stack = copy / "stacks" / "Pulumi.dev.yaml"
    stack.write_text(stack.read_text().replace("source_retention_hours: 24", "source_retention_hours: 12"))
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(copy), *command], check=True)
    (topic,) = [
        resource.inputs
        for resource in render_revision("HEAD", "dev", copy)
        if resource.inputs.get("kind") == "KafkaTopic" and resource.name == "flights.events"
    ]
    assert topic["spec"]["config"]["retention.ms"] == str(12 * 3_600_000)
