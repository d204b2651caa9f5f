"""Pulumi's own engine plans every stack: just the resources that weir renders without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.cluster.engine import EngineError, Project
from tests.renderings import DIGESTS, KUBERNETES_STACKS, pinned, rendered

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.cluster.engine import Tools

pytestmark = pytest.mark.cluster
ENGINE_S_OWN = ("pulumi:pulumi:Stack", "pulumi:providers:kubernetes")


def _resources(urns: Iterable[str]) -> set[tuple[str, str]]:
    """Type and name of each, without the stack itself and its providers.

    The engine writes the types of all parents before a resource's own (`a$b$c`), the recording only one of them.
    """
    parts = [urn.split("::") for urn in urns]
    named = {(types.split("$")[-1], name) for _, _, types, name in parts}
    return {(kind, name) for kind, name in named if kind not in ENGINE_S_OWN}


@pytest.mark.parametrize("stack", KUBERNETES_STACKS)
def test_preview_plans_what_is_rendered(stack: str, tmp_path: Path, tools: Tools) -> None:
    project = Project.make(tmp_path / stack, stack, tools)
    document = yaml.safe_load(project.stack_file.read_text(encoding="utf-8"))
    document["config"].setdefault("weir:images", {})["digests"] = DIGESTS
    project.stack_file.write_text(yaml.safe_dump(document), encoding="utf-8")
    planned = project.preview()
    assert set(planned.changes) == {"create"}
    assert _resources(planned.urns("create")) == _resources(resource.urn for resource in pinned(stack).resources)


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_a_protected_stack_with_tags_is_refused_before_it_makes_anything(
    stack: str, tmp_path: Path, tools: Tools
) -> None:
    with pytest.raises(EngineError, match=rf"stack {stack} is refused:.*images\.digests: .* missing, and only images"):
        Project.make(tmp_path / stack, stack, tools).preview()


def test_the_local_stack_makes_nothing_and_says_how_it_is_run(tmp_path: Path, tools: Tools) -> None:
    project = Project.make(tmp_path / "local", "local", tools)
    assert _resources(project.preview().urns("create")) == set()
    assert "local runs on one machine: weir up" in project.run("preview", "--stack", "local")


def test_neither_passphrase_nor_stack_file_of_the_repository_is_touched(tmp_path: Path, tools: Tools) -> None:
    project = Project.make(tmp_path / "dev", "dev", tools)
    passphrase = (project.folder / "passphrase").read_text(encoding="utf-8")
    assert "encryptionsalt" in project.stack_file.read_text(encoding="utf-8")
    stored = [path.read_text(encoding="utf-8") for path in (project.folder / "backend").rglob("*") if path.is_file()]
    assert not any(passphrase in text for text in [*stored, project.run("preview", "--json", "--stack", "dev")])


def test_what_plan_refuses_stops_the_real_program_before_it_makes_anything(tmp_path: Path, tools: Tools) -> None:
    project = Project.make(tmp_path / "dev", "dev", tools)
    state = json.loads(project.run("stack", "export", "--stack", "dev"))
    cluster = next(entry for entry in rendered("dev").manifests if entry.inputs["kind"] == "K8ssandraCluster")
    stack = "urn:pulumi:dev::weir::pulumi:pulumi:Stack::weir-dev"
    component, kind = cluster.urn.split("::")[2].split("$")[-2:]
    parent = f"urn:pulumi:dev::weir::{component}::cassandra"
    standing = {**cluster.inputs, "spec": _other_tokens(cluster.inputs["spec"])}
    state["deployment"]["resources"] = [
        {"urn": stack, "type": "pulumi:pulumi:Stack", "custom": False},
        {"urn": parent, "type": component, "custom": False, "parent": stack},
        {"urn": f"urn:pulumi:dev::weir::{component}${kind}::cassandra", "type": kind, "custom": True, "parent": parent,
         "id": "weir-dev/cassandra", "inputs": standing},
    ]  # fmt: skip
    file = tmp_path / "state.json"
    file.write_text(json.dumps(state), encoding="utf-8")
    project.run("stack", "import", "--stack", "dev", "--file", str(file))
    with pytest.raises(EngineError, match=r"num_tokens: 8 -.* 16: a node keeps the tokens"):
        project.preview()


def _other_tokens(spec: dict[str, Any]) -> dict[str, Any]:
    """The cluster as it would stand with 8 tokens a node."""
    copied = json.loads(json.dumps(spec))
    copied["cassandra"]["config"]["cassandraYaml"]["num_tokens"] = 8
    return copied
