"""Statements that write a row of Cassandra or ask for one by its key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from cassandra.concurrent import execute_concurrent
from cassandra.query import BatchStatement, BatchType

from weir.catalog import cql
from weir.catalog.buckets import bucket_of
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec_derived import Derived, TruncationUnit
from weir.catalog.tables import Table

if TYPE_CHECKING:
    from cassandra.cluster import Session
    from cassandra.query import PreparedStatement

CONCURRENCY = 64
"""Statements in flight, where many rows are written."""
BATCH_ROWS = 10
"""Cassandra warns of unlogged batches over more partitions (`unlogged_batch_across_partitions_warn_threshold`)."""
BATCH_TEXT_LENGTH = 1000
"""Characters, of up to four bytes. Cassandra warns of batches over 5 KiB (`batch_size_warn_threshold`)."""


def insert_statement(session: Session, table: Table) -> PreparedStatement:
    """An idempotent INSERT of all columns, in the table's order."""
    marks = ", ".join("?" for _ in table.columns)
    statement = session.prepare(f"INSERT INTO {table.cql_name} ({cql.names(table.columns)}) VALUES ({marks})")
    statement.is_idempotent = True
    return statement


def write_rows(session: Session, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Writes `rows`, whose values are in the order of the table's columns. No two have the same key.

    Rows travel in small unlogged batches, because the driver needs ten times as long for a statement as for a row of
    a batch.

    Raises:
        DriverException: Cassandra does not take a row.
    """
    insert = insert_statement(session, table)
    statements = ((_batch(insert, part), None) for part in batches(rows))
    # As a generator, or else the driver keeps the answer to every statement.
    for _ in execute_concurrent(session, statements, CONCURRENCY, raise_on_first_error=True, results_generator=True):
        pass


def batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """Up to BATCH_ROWS rows each; fewer where their texts are long, and one that is longer alone."""
    remaining = iter(rows)
    while part := list(islice(remaining, BATCH_ROWS)):
        first, length = 0, 0
        for number, row in enumerate(part):
            row_length = sum(len(value) for value in row if isinstance(value, str | bytes))
            if number > first and length + row_length > BATCH_TEXT_LENGTH:
                yield part[first:number]
                first, length = number, 0
            length += row_length
        yield part[first:]


def _batch(insert: PreparedStatement, rows: Iterable[Sequence[Any]]) -> BatchStatement:
    batch = BatchStatement(BatchType.UNLOGGED)
    batch.is_idempotent = True
    for row in rows:
        batch.add(insert, row)
    return batch


def select_by_key(session: Session, table: Table) -> PreparedStatement:
    """A prepared read of one row by its primary key, in the key's order; only says whether the row is there."""
    column = cql.name(table.primary_key[0])
    statement = session.prepare(f"SELECT {column} FROM {table.cql_name} WHERE {cql.equal(table.primary_key)}")
    statement.is_idempotent = True
    return statement


def row_key(pipeline: Pipeline, event: Mapping[str, Any]) -> tuple[Any, ...]:
    """The primary key of a decoded event's row, as the driver takes it."""
    return tuple(_key_value(pipeline, event, name) for name in pipeline.row_table.primary_key)


def _key_value(pipeline: Pipeline, event: Mapping[str, Any], name: str) -> Any:
    spec, bucket = pipeline.spec, pipeline.spec.rows.bucket
    if name in spec.truncated:
        return _truncated(event[spec.truncated[name].source], spec.truncated[name])
    if bucket and bucket.hash and name == bucket.column:
        return bucket_of([event[column] for column in spec.deduplication.key], bucket.hash)
    return event[name]


def _truncated(instant: datetime, derived: Derived) -> datetime | date:
    match derived.truncate_to:
        case TruncationUnit.HOUR:
            return instant.replace(minute=0, second=0, microsecond=0)
        case TruncationUnit.DAY:
            return instant.date()
        case TruncationUnit.MONTH:
            return instant.date().replace(day=1)
        case TruncationUnit.YEAR:
            return instant.date().replace(month=1, day=1)
