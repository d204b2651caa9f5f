"""Pulumi's own engine plans every stack: just the resources that weir renders without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cluster.engine import Project
from tests.renderings import KUBERNETES_STACKS, rendered

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
    planned = project.preview()
    assert set(planned.changes) == {"create"}
    assert _resources(planned.urns("create")) == _resources(resource.urn for resource in rendered(stack).resources)


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
