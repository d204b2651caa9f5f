"""Hooks and owners of the repository: every path is there, and hooks run what `make format` runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]


def test_every_path_with_an_owner_exists() -> None:
    lines = (REPOSITORY / ".github" / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert rules[0][0] == "*", "the first rule names who owns all the rest"
    assert [path for path, *_ in rules[1:] if not (REPOSITORY / path.lstrip("/")).exists()] == []
    assert all(owners and all(owner.startswith("@") for owner in owners) for _, *owners in rules)


def test_hooks_are_local_and_run_the_commands_of_make_format() -> None:
    (repository,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repository["repo"] == "local"
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^format:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe
    commands = [line.strip() for line in recipe[1].splitlines()]
    assert [hook["entry"] for hook in repository["hooks"]] == commands
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
