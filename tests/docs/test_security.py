"""The threat model names tests, and those exist."""

from __future__ import annotations

import re

import pytest
from tests.docs.test_names import TESTS, names

from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

DOCUMENT = REPOSITORY / "docs" / "security.md"


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = re.findall(r"`(test_\w+)`", DOCUMENT.read_text(encoding="utf-8"))
    known = {name for path in TESTS.rglob("test_*.py") for name in names(path.read_text(encoding="utf-8"))}
    assert len(named) >= 14
    assert [name for name in named if name not in known] == []


def test_each_row_of_what_stops_an_actor_names_its_test() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    section = text[text.index("## What stops them") : text.index("## What does not")]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert rows
    assert [row for row in rows if not re.search(r"\| `test_\w+` \|$", row)] == []
