"""A test's name is a sentence, and one that fits in a line of a report."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

TESTS = Path(__file__).parents[1]
LONGEST = 70


def names(source: str) -> list[str]:
    """The names of the test functions in a file."""
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [function.name for function in functions if function.name.startswith("test_")]


def test_no_name_of_a_test_is_longer_than_a_line_of_a_report() -> None:
    files = sorted(TESTS.rglob("test_*.py"))
    assert files
    found = [
        f"{path.relative_to(TESTS)}: {name} has {len(name)} characters; write it in {LONGEST}"
        for path in files
        for name in names(path.read_text(encoding="utf-8"))
        if len(name) > LONGEST
    ]
    assert found == []
