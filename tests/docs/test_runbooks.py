"""The runbooks are true: the settings of each step are planned on top of those before, and `weir plan` says the class.

A block of settings that no sentence about `weir plan` follows is what the environment is like before the first step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.renderings import settings_of, write_lock
from tests.sizing.stacks import merged

from weir.config.stack import load_stack
from weir.config.yaml_text import written
from weir.programs.change_rules import compare, worst
from weir.programs.decided import decide
from weir.programs.recording import Recorded
from weir.programs.rendering import render

pytestmark = pytest.mark.unit

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
STEP = re.compile(
    r"^ *```yaml\n(?P<settings>.*?)^ *```\n(?:\s*`weir plan (?P<stack>\w+)` says \*(?P<risk>[\w-]+)\*)?", re.M | re.S
)


@dataclass(frozen=True)
class Step:
    """Settings to add to a stack, and the class of the worst change; none before the first step."""

    settings: dict[str, Any]
    stack: str | None
    risk: str | None


def steps(text: str) -> list[Step]:
    return [Step(yaml.safe_load(found["settings"]), found["stack"], found["risk"]) for found in STEP.finditer(text)]


MIGRATIONS = {path.stem: steps(path.read_text(encoding="utf-8")) for path in sorted(RUNBOOKS.glob("*.md"))}


def test_every_migration_of_a_stack_file_is_walked() -> None:
    walked = {name: [step.risk for step in found if step.risk] for name, found in MIGRATIONS.items()}
    assert {name: len(risks) for name, risks in walked.items() if risks} == {
        "add-a-zone": 1,
        "fewer-nodes": 2,
        "grow-a-volume": 1,
        "more-copies": 1,
        "more-partitions": 1,
    }


@pytest.mark.parametrize("name", [name for name, found in MIGRATIONS.items() if any(step.risk for step in found)])
def test_each_step_has_the_class_that_the_runbook_says(name: str, tmp_path: Path) -> None:
    told = [(step.risk, found) for step, found in _walked(MIGRATIONS[name], tmp_path)]
    assert told
    assert [found for _, found in told] == [risk for risk, _ in told]


def _walked(found: list[Step], folder: Path) -> Iterator[tuple[Step, str]]:
    """Each step with the class that it is found to have; the lock is written at each, as the runbook says."""
    stack = next(step.stack for step in found if step.stack)
    file = folder / f"Pulumi.{stack}.yaml"
    settings: dict[str, Any] = settings_of(stack)
    standing: tuple[Recorded, ...] = ()
    for step in [Step({}, None, None), *found]:
        settings = merged(settings, step.settings)
        file.write_text(written({"config": settings}), encoding="utf-8")
        write_lock(file)
        now = render(file).resources
        if step.risk:
            yield step, worst(decide(compare(standing, now), load_stack(file).decisions).changes).label
        standing = now
