"""Whether any table could hold an event: an answer of weir's own, from the tables' keys as Cassandra encodes them.

Apart from `weir.catalog.limits`, which the engines' decoders are given.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from weir.catalog.pipeline import Pipeline, group_columns
from weir.catalog.spec import JOINED_KEY_BYTES
from weir.clients.events.avro_reader import FarTime
from weir.clients.events.letter_codes import LetterCode, UnreadableError

LONGEST_KEY = 0xFFFF
Part = bytes
INT_BYTES, DATE_BYTES, INSTANT_BYTES = 4, 4, 8


def require_storable(pipeline: Pipeline, event: dict[str, Any]) -> None:
    """Passes an event that every table can hold. Times are datetimes and dates, or `FarTime`s.

    Raises:
        UnreadableError: the event becomes a dead letter although it can be decoded.
    """
    for name, value in event.items():
        if isinstance(value, FarTime):
            raise UnreadableError(LetterCode.OUT_OF_RANGE, f"field {name}: {value} is outside the years 1 to 9999")
    bounds, time = pipeline.spec.event_time_range, event[pipeline.spec.event_time]
    if not bounds.earliest <= time.date() <= bounds.latest:
        raise UnreadableError(LetterCode.OUT_OF_RANGE, f"field {pipeline.spec.event_time}: {time}")
    keys = list(_keys(pipeline, event))
    for table, partition, _ in keys:
        if not b"".join(partition) and len(partition) == 1:
            raise UnreadableError(LetterCode.EMPTY_KEY, table)
    for table, partition, clustering in keys:
        longest = max(len(_encoded_key(partition)), sum(map(len, clustering)))
        if longest > LONGEST_KEY:
            raise UnreadableError(LetterCode.KEY_TOO_LONG, f"{table}: {longest} bytes")


def _encoded_key(partition: list[Part]) -> bytes:
    """Parts of a composite partition key stand between two bytes of length and an end."""
    return partition[0] if len(partition) == 1 else b"".join(b"\0\0" + part + b"\0" for part in partition)


def _keys(pipeline: Pipeline, event: dict[str, Any]) -> Iterator[tuple[str, list[Part], list[Part]]]:
    """Table, partition key and clustering key of every row that the event is part of."""
    rows = pipeline.row_table
    partition, clustering = (
        [_part(pipeline, event, name, None) for name in key] for key in (rows.partition_key, rows.clustering_key)
    )
    yield rows.name, partition, clustering
    for aggregate in pipeline.spec.aggregates:
        parts = [_part(pipeline, event, key.column, key.when_null) for key in group_columns(aggregate)]
        count = len(aggregate.partition_key)
        yield aggregate.table, parts[:count], parts[count:]


def _part(pipeline: Pipeline, event: dict[str, Any], name: str, when_null: str | None) -> Part:
    if name in pipeline.event_columns:
        return _part_of(pipeline, name, when_null if event[name] is None else event[name])
    if name in pipeline.spec.truncated:
        return bytes(DATE_BYTES if pipeline.columns[name].type == "date" else INSTANT_BYTES)
    # Of a table's columns only the hash bucket is neither the event's nor a time nor joined.
    if name in pipeline.row_table.partition_key:
        return bytes(INT_BYTES)
    # What a reference holds is not the event's fault; room is kept for the longest that is taken.
    return bytes(JOINED_KEY_BYTES)


def _part_of(pipeline: Pipeline, name: str, value: Any) -> Part:
    match value:
        case str():
            return value.encode()
        case bytes():
            return value
        case bool():
            return bytes(1)
        case datetime.datetime():
            return bytes(INSTANT_BYTES)
        case datetime.date():
            return bytes(DATE_BYTES)
        case _:
            return bytes(8 if pipeline.columns[name].type in {"bigint", "double"} else 4)
