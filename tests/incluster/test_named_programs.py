"""Programs that are named by a string: a manifest, a Makefile or a command line names a module that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

# `-m module` in a shell, `"-m", "module"` in a command, `-m, module` in a YAML list, and a program's own field.
NAMED = re.compile(r'(?:(?<!\w)-m"?,? "?|\bmodule=")(?P<module>(?:weir|tests)(?:\.[a-z_]\w*)+)(?!\w*[{(])')
FILES = (
    "Makefile",
    ".ci/run",
    "toolchain/*.sh",
    "images/*/image.yaml",
    "docs/**/*.md",
    "infra/**/*.py",
    "tests/**/*.py",
)
IN_PODS = ("weir.incluster.", "weir.superset.")


def named(*patterns: str) -> Iterator[tuple[str, Path]]:
    for pattern in patterns:
        for file in REPOSITORY.glob(pattern):
            for match in NAMED.finditer(file.read_text(encoding="utf-8")):
                yield match["module"], file.relative_to(REPOSITORY)


def test_every_module_that_a_string_names_is_there() -> None:
    found = dict(named(*FILES))
    assert {"weir.catalog.schemas", "weir.local.supervisor", "tests.cluster"} <= set(found)
    assert {name: file for name, file in found.items() if find_spec(name) is None} == {}


def test_pods_run_only_programs_made_for_pods() -> None:
    found = dict(named("infra/weir/components/**/*.py", "infra/weir/programs/*.py", "images/*/image.yaml"))
    assert {"weir.incluster.monitor", "weir.incluster.references", "weir.incluster.database.job"} <= set(found)
    # Rendering without an engine runs in a process of its own, on this machine.
    elsewhere = {name for name in found if not name.startswith(IN_PODS)}
    assert elsewhere == {"weir.programs.rendering"}


@pytest.mark.parametrize("name", ["monitor", "references"])
def test_the_one_machine_target_runs_the_programs_of_pods(name: str) -> None:
    assert find_spec(f"weir.incluster.{name}") is not None
    assert find_spec(f"weir.local.{name}") is not None
