"""Files stay short, and modules need each other in one direction."""

from __future__ import annotations

import grimp
import pytest
from tests.repository_files import tracked

from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

MOST_LINES = 300


def test_no_python_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    lines = {name: (REPOSITORY / name).read_text(encoding="utf-8").count("\n") for name in tracked("*.py")}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_no_module_needs_itself_by_a_detour() -> None:
    graph = grimp.build_graph("weir")
    needs = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    # What needs nothing that is left is no part of a circle.
    while free := {module for module, others in needs.items() if not others & needs.keys()}:
        needs = {module: others for module, others in needs.items() if module not in free}
    assert sorted(needs) == []
