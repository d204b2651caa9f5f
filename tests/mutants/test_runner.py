"""Mutants are chosen by a seed, and each is a program that says something else."""

from __future__ import annotations

import pytest
from tests.mutants.runner import REPOSITORY, Mutant, Outcome, described, drawn, page, possible

pytestmark = pytest.mark.unit


def test_a_seed_chooses_the_same_mutants_and_each_of_them_compiles() -> None:
    places = possible(REPOSITORY, ["programs"])
    mutants = drawn(places, REPOSITORY, 1, 20)
    assert mutants == drawn(places, REPOSITORY, 1, 20) != drawn(places, REPOSITORY, 2, 20)
    for mutant in mutants:
        source = (REPOSITORY / mutant.file).read_text(encoding="utf-8")
        changed = mutant.text(source)
        compile(changed, mutant.file, "exec")
        assert changed != source
        assert " became " in described(mutant, source)


def test_a_mutant_is_described_by_its_line_before_and_after() -> None:
    mutant = Mutant("a.py", 2, "NumberReplacer", 2)
    assert described(mutant, "a = 1\nb = 60\n") == "`a.py:2`: `b = 60` became `b = 61`"


def test_more_than_one_survivor_in_ten_is_too_many() -> None:
    assert Outcome(1, 40, ["x"] * 4).is_good
    assert not Outcome(1, 40, ["x"] * 5).is_good
    assert "- x" in page([Outcome(1, 40, ["x"])], "2026-11-29", 3000)
    assert "None survived." in page([Outcome(1, 40, [])], "2026-11-29", 3000)
