"""Buckets of rows: in which partition of its key a row lies (`rows: {bucket: ...}`). Pure.

A hash bucket follows from the values of the deduplication key alone, so that the same event is in the same bucket in
every run, on every engine, and every reader can compute it. Rows that are stored depend on this definition: it never
changes.

1. Each value becomes a text: a text is itself; an integer its decimal digits, with `-` if it is negative; a boolean
   `true` or `false`; a date `yyyy-mm-dd`; a timestamp the decimal number of milliseconds since 1970-01-01 UTC.
2. The texts are joined by the character U+001F in the order of `deduplication.key`, and encoded in UTF-8.
3. The bucket is the first four bytes of the SHA-256 of that, as an unsigned big-endian number, modulo the number of
   buckets.

Decimals of floats differ between languages, and bytes are no text: such columns cannot be hashed. SHA-256 is in every
standard library, in Flink's and Trino's SQL, and allowed where MD5 is not (FIPS 140-3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from weir.catalog.avro import EventSchema
from weir.catalog.spec import PipelineSpec
from weir.catalog.types import ColumnType

SEPARATOR = "\x1f"
HASH_BYTES = 4
HASHABLE = (
    ColumnType.TEXT,
    ColumnType.INT,
    ColumnType.BIGINT,
    ColumnType.BOOLEAN,
    ColumnType.DATE,
    ColumnType.TIMESTAMP,
)

Value = str | int | bool | date | datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bucket_of(values: Sequence[Value], buckets: int) -> int:
    """The hash bucket of a row, from 0; `values` are those of its deduplication key, in order."""
    hashed = hashlib.sha256(SEPARATOR.join(map(_text, values)).encode()).digest()
    return int.from_bytes(hashed[:HASH_BYTES], "big") % buckets


def _text(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return str((value - _EPOCH) // timedelta(milliseconds=1))
        case date():
            return value.isoformat()
        case _:
            return str(value)


def bucket_problems(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    """What is wrong with the bucket of the rows, one line each."""
    bucket = spec.rows.bucket
    if bucket is None:
        return
    types = {column.name: column.type for column in schema.columns}
    selected = {name for join in spec.joins for name in join.select.values()}
    if bucket.column in {*types, *spec.derived, *selected}:
        yield (
            f"rows.bucket.column: {bucket.column!r} is already a column of the event, derived or joined; set another "
            "name, such as `column: row_bucket`"
        )
    elif bucket.column in {*spec.rows.partition_key, *spec.rows.clustering_key}:
        yield f"rows: key column {bucket.column!r} is the bucket, which is added to the partition key; remove it there"
    for name in spec.deduplication.key if bucket.hash else ():
        if types.get(name, ColumnType.TEXT) not in HASHABLE:
            yield (
                f"rows.bucket.hash: deduplication column {name!r} is {types[name]}, which has no text that every "
                "reader writes alike; use `time` instead"
            )
