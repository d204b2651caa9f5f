"""Reference rows as they stand in their topics."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from cassandra.util import Date

from weir.incluster.references import _beyond, _plain

pytestmark = pytest.mark.unit


def test_dates_and_instants_are_numbers_also_before_1970() -> None:
    assert _plain(Date(date(1969, 12, 31))) == -1
    assert _plain(datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)) == -1
    assert _plain(datetime(2026, 1, 5, 10, 0, 0, 123_000)) == 1_767_607_200_123
    assert _plain("text") == "text"


@pytest.mark.parametrize(
    ("row", "beyond"),
    [
        ({"city": "x", "opened": -1}, ""),
        ({"city": None, "opened": None}, ""),
        ({"city": "", "opened": 0}, "city"),
        ({"city": "\u20ac\u20ac", "opened": 0}, ""),
        ({"city": "\u20ac\u20acx", "opened": 0}, "city"),
        ({"city": b"1234567", "opened": 0}, "city"),
        ({"city": "x", "opened": 8}, "opened"),
    ],
)
def test_a_row_that_no_table_could_hold_joined_is_found(row: dict[str, object], beyond: str) -> None:
    assert _beyond(row, {"city": (1, 6), "opened": (-7, 7)}) == beyond
