"""Reference rows as they stand in their topics."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from cassandra.util import Date

from weir.proof.references import _plain

pytestmark = pytest.mark.unit


def test_dates_and_instants_are_numbers_also_before_1970() -> None:
    assert _plain(Date(date(1969, 12, 31))) == -1
    assert _plain(datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)) == -1
    assert _plain(datetime(2026, 1, 5, 10, 0, 0, 123_000)) == 1_767_607_200_123
    assert _plain("text") == "text"
