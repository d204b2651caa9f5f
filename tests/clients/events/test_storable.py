"""weir's own answer to which events no table can hold, and that it is the one of the engines' limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.pipeline.records.case import FOLDER

from weir.catalog.limits import event_limits
from weir.catalog.pipeline import load_pipeline
from weir.clients.events.avro_reader import FarTime
from weir.clients.events.letter_codes import UnreadableError
from weir.clients.events.storable import require_storable

pytestmark = pytest.mark.unit

PIPELINE = load_pipeline(FOLDER)
LIMITS = event_limits(PIPELINE)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GOOD: dict[str, Any] = dict.fromkeys(PIPELINE.event_columns) | {
    "id": "a",
    "ts": datetime(2025, 1, 1, tzinfo=UTC),
    "country": "pt",
    "weight": 0.0,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        ({"country": ""}, "empty-key"),
        ({"country": "x" * 65_531}, ""),
        ({"country": "x" * 65_532}, "key-too-long"),
        ({"id": ""}, ""),
        ({"id": "\u20ac" * 21_843 + "ab"}, ""),
        ({"id": "\u20ac" * 21_844}, "key-too-long"),
        ({"id": "x" * 70_000, "country": ""}, "empty-key"),
        ({"ts": datetime(1900, 1, 1, tzinfo=UTC)}, ""),
        ({"ts": datetime(1899, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)}, "out-of-range"),
        ({"ts": datetime(2199, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)}, ""),
        ({"ts": datetime(2200, 1, 1, tzinfo=UTC), "country": ""}, "out-of-range"),
        ({"ts": FarTime(2**63 - 1)}, "out-of-range"),
    ],
)
def test_an_event_is_refused_beyond_its_limits(changes: dict[str, Any], expected: str) -> None:
    assert _refused(GOOD | changes) == expected
    assert _exceeded(GOOD | changes) == expected


@given(
    id_=st.integers(65_520, 65_540).map("x".__mul__) | st.text(max_size=9),
    country=st.integers(65_520, 65_540).map("x".__mul__) | st.text(max_size=2),
    ts=st.datetimes(timezones=st.just(UTC)),
)
@example(id_="", country="", ts=EPOCH)
def test_both_give_one_answer(id_: str, country: str, ts: datetime) -> None:
    event = GOOD | {"id": id_, "country": country, "ts": ts}
    assert _refused(event) == _exceeded(event)


def _refused(event: dict[str, Any]) -> str:
    try:
        require_storable(PIPELINE, event)
    except UnreadableError as error:
        return error.code
    return ""


def _exceeded(event: dict[str, Any]) -> str:
    """As `io.weir.registry.EventLimits` decides it."""
    for time in LIMITS.times:
        value = event[time.column]
        if value is not None and not time.first <= _number(value) <= time.last:
            return "out-of-range"
    sizes = [
        sum(
            absent if event[column] is None else len(event[column].encode())
            for column, absent in zip(key.columns, key.absent_bytes, strict=True)
        )
        for key in LIMITS.keys
    ]
    if any(key.not_empty and size == 0 for key, size in zip(LIMITS.keys, sizes, strict=True)):
        return "empty-key"
    return "key-too-long" if any(size > key.max_bytes for key, size in zip(LIMITS.keys, sizes, strict=True)) else ""


def _number(value: date | FarTime) -> int:
    if isinstance(value, FarTime):
        return value
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(milliseconds=1)
    return (value - EPOCH.date()).days
