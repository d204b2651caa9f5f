from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.superset.macros import MAX_PARTITIONS, NO_ROW, month_starts, one_of

pytestmark = pytest.mark.unit


def months(start: str, end: str) -> list[str]:
    return re.findall(r"DATE '(\d{4}-\d{2}-\d{2})'", month_starts(start, end))


def test_a_year_is_its_twelve_months() -> None:
    assert months("2013-01-01", "2014-01-01") == [f"2013-{month:02d}-01" for month in range(1, 13)]


def test_a_month_that_is_touched_counts_and_the_end_is_exclusive() -> None:
    assert months("2013-03-31", "2013-05-01") == ["2013-03-01", "2013-04-01"]
    assert months("2013-03-31", "2013-05-02") == ["2013-03-01", "2013-04-01", "2013-05-01"]


def test_the_time_of_day_does_not_matter() -> None:
    assert months("2013-12-31 23:00:00", "2014-01-01 00:00:00") == ["2013-12-01"]


def test_an_empty_range_still_names_a_partition() -> None:
    assert months("2013-06-01", "2013-06-01") == ["2013-06-01"]


@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.integers(1, 3000))
def test_every_day_of_the_range_is_in_a_named_month_and_no_month_is_idle(start: date, days: int) -> None:
    named = months(start.isoformat(), (start + timedelta(days)).isoformat())
    needed = sorted({(start + timedelta(day)).replace(day=1).isoformat() for day in range(days)})
    assert named == needed


def test_a_range_without_an_end_says_what_to_choose() -> None:
    with pytest.raises(ValueError, match="choose both"):
        month_starts("2013-01-01", "")


def test_too_many_partitions_are_refused() -> None:
    with pytest.raises(ValueError, match=str(MAX_PARTITIONS)):
        month_starts("1970-01-01", "2013-01-01")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["JFK", "LGA"], "\"origin\" IN ('JFK', 'LGA')"),
        (["O'Hare"], "\"origin\" IN ('O''Hare')"),
        (["x') OR (1=1"], "\"origin\" IN ('x'') OR (1=1')"),
        (["\\' OR 1=1 --"], "\"origin\" IN ('\\'' OR 1=1 --')"),
        (["''"], "\"origin\" IN ('''''')"),
        (["{{ 1 }}"], "\"origin\" IN ('{{ 1 }}')"),
        ([], "1 = 0"),
    ],
)
def test_values_of_a_claim_are_literals_whatever_they_are(values: list[str], expected: str) -> None:
    assert one_of("origin", values) == expected


@given(st.lists(st.text(min_size=1), min_size=1))
def test_no_value_ends_its_literal(values: list[str]) -> None:
    condition = one_of("origin", values)
    assert condition.startswith('"origin" IN (')
    assert condition != NO_ROW
    literals = re.findall(r"'((?:[^']|'')*)'", condition.removeprefix('"origin" IN (').removesuffix(")"))
    assert [literal.replace("''", "'") for literal in literals] == values
