"""Statements that write a row of Cassandra or ask for one by its key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

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


def insert_statement(session: Session, table: Table) -> PreparedStatement:
    """An idempotent INSERT of all columns, in the table's order."""
    marks = ", ".join("?" for _ in table.columns)
    statement = session.prepare(f"INSERT INTO {table.cql_name} ({cql.names(table.columns)}) VALUES ({marks})")
    statement.is_idempotent = True
    return statement


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
