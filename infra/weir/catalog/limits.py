"""What an event may contain: beyond these limits Cassandra always refuses its row, or Trino cannot read the column.

The engines' decoders check these limits, so that such an event is a dead letter and not a failure of the job.
Cassandra 5 (`Validation.validateKey`, `ClusteringPrefix.validate`) takes no empty partition key, and no partition key
and no clustering key above 65,535 bytes. An empty value is fine as a clustering column and as one part of several of a
partition key, each of which costs three bytes more. Trino's times end with the years 1 and 9999.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from weir.catalog.avro import Column
from weir.catalog.pipeline import Pipeline, group_columns
from weir.catalog.spec import JOINED_KEY_BYTES, Dimension
from weir.catalog.types import FIXED_BYTES, ColumnType

MAX_KEY_BYTES = 65_535
KEY_PART_BYTES = 3
"""What each part of a partition key of several costs beside its value: a length and an end."""

MILLISECONDS_PER_DAY = 86_400_000
_SIZED = (ColumnType.TEXT, ColumnType.BLOB)
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class TimeLimit:
    """The first and the last value of a column of times.

    `first` and `last` are milliseconds (timestamps) or days (dates) since 1970, `range` says the same to a person.
    """

    column: str
    first: int
    last: int
    range: str


@dataclass(frozen=True)
class KeyLimit:
    """The columns of an event in one key of a table: their bytes, UTF-8 where they are text, are `max_bytes` at most.

    What else is in the key is taken off already. `absent_bytes` is what stands in for a column that is null. Where
    `not_empty` is set, the key has only this column, and Cassandra takes no empty one.
    """

    key: str
    columns: tuple[str, ...]
    absent_bytes: tuple[int, ...]
    max_bytes: int
    not_empty: bool


@dataclass(frozen=True)
class LetterShare:
    """How many of the last `window_events` records of a task may become letters: `max_letters`.

    `pipeline` and `max_ratio` are for the message of the job that fails.
    """

    pipeline: str
    max_ratio: float
    max_letters: int
    window_events: int


@dataclass(frozen=True)
class EventLimits:
    """All limits of a pipeline's events."""

    times: tuple[TimeLimit, ...]
    keys: tuple[KeyLimit, ...]
    letters: LetterShare | None = None

    def document(self) -> dict[str, Any]:
        """As `io.weir.registry.EventLimits` reads it."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def event_limits(pipeline: Pipeline) -> EventLimits:
    """The limits that follow from the tables that a pipeline writes, and those that its file sets."""
    return EventLimits(tuple(_times(pipeline)), tuple(_distinct(_keys(pipeline))), _letters(pipeline))


def reference_ranges(pipeline: Pipeline, reference: str) -> dict[str, tuple[int, int]]:
    """Column of a reference -> the least and the greatest that a value may be; a row with another one is left out.

    It says bytes of texts that are joined into a key of totals, days of dates, and milliseconds of timestamps since
    1970. An event whose row is left out is joined with nothing, and counted as a miss. A null is always taken.
    """
    columns = pipeline.spec.references[reference].columns
    dimensions = [
        (key, aggregate.partition_key) for aggregate in pipeline.spec.aggregates for key in group_columns(aggregate)
    ]
    ranges: dict[str, tuple[int, int]] = {}
    for join in pipeline.spec.joins:
        for source, name in join.select.items() if join.reference == reference else ():
            keys = [partition == [key.output] for key, partition in dimensions if key.column == name]
            if columns[source] in _YEARS:
                ranges[source] = _YEARS[columns[source]]
            elif keys and columns[source] in _SIZED:
                ranges[source] = (max(int(any(keys)), ranges.get(source, (0, 0))[0]), JOINED_KEY_BYTES)
    return ranges


def _letters(pipeline: Pipeline) -> LetterShare | None:
    limit = pipeline.spec.dead_letters.limit
    return limit and LetterShare(pipeline.name, limit.max_ratio, limit.max_letters, limit.window_events)


def _times(pipeline: Pipeline) -> Iterator[TimeLimit]:
    for column in pipeline.schema.columns:
        first, last = date.min, date.max
        if column.name == pipeline.spec.event_time:
            bounds = pipeline.spec.event_time_range
            first, last = bounds.earliest, bounds.latest
        if column.type is ColumnType.DATE:
            yield TimeLimit(column.name, _days(first), _days(last), f"{first} to {last}")
        elif column.type is ColumnType.TIMESTAMP:
            yield TimeLimit(column.name, *_milliseconds(first, last), f"{first} to {last}")


def _milliseconds(first: date, last: date) -> tuple[int, int]:
    """The first of a day and the last of another."""
    return _days(first) * MILLISECONDS_PER_DAY, (_days(last) + 1) * MILLISECONDS_PER_DAY - 1


def _days(day: date) -> int:
    return (day - _EPOCH).days


_YEARS = {
    ColumnType.DATE: (_days(date.min), _days(date.max)),
    ColumnType.TIMESTAMP: _milliseconds(date.min, date.max),
}


def _keys(pipeline: Pipeline) -> Iterator[KeyLimit]:
    rows = pipeline.row_table
    yield from _of_table(pipeline, rows.name, _plain(rows.partition_key), _plain(rows.clustering_key))
    for aggregate in pipeline.spec.aggregates:
        group = group_columns(aggregate)
        parts = len(aggregate.partition_key)
        yield from _of_table(pipeline, aggregate.table, group[:parts], group[parts:])


def _plain(columns: Sequence[str]) -> list[Dimension]:
    return [Dimension(column=name) for name in columns]


def _of_table(
    pipeline: Pipeline, table: str, partition: Sequence[Dimension], clustering: Sequence[Dimension]
) -> Iterator[KeyLimit]:
    part_bytes = KEY_PART_BYTES if len(partition) > 1 else 0
    yield from _key(pipeline, f"partition key of {table}", partition, part_bytes, not_empty=len(partition) == 1)
    yield from _key(pipeline, f"clustering key of {table}", clustering, 0, not_empty=False)


def _key(
    pipeline: Pipeline, key: str, parts: Sequence[Dimension], part_bytes: int, *, not_empty: bool
) -> Iterator[KeyLimit]:
    """The limit, where there is one: numbers and times always fit, and joined values are cut to `JOINED_KEY_BYTES`."""
    columns = {part: pipeline.columns[part.column] for part in parts}
    checked = [part for part in parts if part.column in pipeline.event_columns and columns[part].type in _SIZED]
    if checked:
        others = sum(_fixed_bytes(columns[part]) for part in parts if part not in checked)
        yield KeyLimit(
            key,
            tuple(part.column for part in checked),
            tuple(len((part.when_null or "").encode()) for part in checked),
            MAX_KEY_BYTES - others - part_bytes * len(parts),
            not_empty,
        )


def _fixed_bytes(column: Column) -> int:
    return FIXED_BYTES.get(column.type, JOINED_KEY_BYTES)


def _distinct(limits: Iterator[KeyLimit]) -> list[KeyLimit]:
    """Without those that another one implies: of the same columns, no wider, and as strict about nothing."""
    found: list[KeyLimit] = []
    for limit in limits:
        if not any(_implies(other, limit) for other in found):
            found = [other for other in found if not _implies(limit, other)]
            found.append(limit)
    return found


def _implies(limit: KeyLimit, other: KeyLimit) -> bool:
    same = (limit.columns, limit.absent_bytes) == (other.columns, other.absent_bytes)
    return same and limit.max_bytes <= other.max_bytes and limit.not_empty >= other.not_empty
