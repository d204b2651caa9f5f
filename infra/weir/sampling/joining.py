"""The rows of a sample's events: derived columns and joins as the oracle defines them, references as they are now."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import duckdb
from cassandra import DriverException, InvalidRequest
from cassandra.cluster import NoHostAvailable
from cassandra.concurrent import execute_concurrent_with_args

from weir.catalog import cql
from weir.catalog.pipeline import Pipeline
from weir.catalog.tables import Table
from weir.catalog.types import ColumnType
from weir.clients.cassandra import session_of
from weir.clients.cassandra_rows import CONCURRENCY
from weir.clients.events.avro_reader import EPOCH
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.verify.dataset import EVENT_INDEX, EVENTS, reference_table
from weir.verify.oracle import numbered_rows_query
from weir.verify.scan import create_table, selected_column

if TYPE_CHECKING:
    from cassandra.cluster import Session

Event = Mapping[str, Any]
ReferenceRows = Mapping[str, Sequence[Sequence[Any]]]
"""Reference -> rows in the order of its columns, times as milliseconds since 1970."""
MILLISECOND = datetime.timedelta(milliseconds=1)


def matching_references(endpoints: Endpoints, pipeline: Pipeline, events: Sequence[Event]) -> ReferenceRows:
    """The reference rows that the events name by key, as they are in Cassandra now.

    Raises:
        WeirError: Cassandra does not answer, or a table is missing.
    """
    if not pipeline.spec.joins:
        return {}
    with session_of(endpoints) as session:
        return {
            name: _rows_by_key(session, table, keys_of(pipeline, name, events))
            for name, table in pipeline.reference_tables.items()
        }


def keys_of(pipeline: Pipeline, reference: str, events: Iterable[Event]) -> list[tuple[Any, ...]]:
    """The distinct primary keys of `reference` that the events name; a null matches nothing."""
    primary_key = pipeline.reference_tables[reference].primary_key
    matches = [join.match for join in pipeline.spec.joins if join.reference == reference]
    found = [tuple(event[match[name]] for name in primary_key) for event in events for match in matches]
    return list(dict.fromkeys(key for key in found if None not in key))


def _rows_by_key(session: Session, table: Table, keys: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    selected = ", ".join(selected_column(name, kind) for name, kind in table.columns.items())
    try:
        statement = session.prepare(f"SELECT {selected} FROM {table.cql_name} WHERE {cql.equal(table.primary_key)}")
        statement.is_idempotent = True
        answers = execute_concurrent_with_args(session, statement, keys, CONCURRENCY, raise_on_first_error=False)
        return [row for found, answer in answers for row in _rows_in(found, answer)]
    except (DriverException, NoHostAvailable) as error:
        raise WeirError(
            f"{table.qualified_name} cannot be read: {error}; check that Cassandra is running and provisioned"
        ) from None


def _rows_in(found: bool, answer: Any) -> Iterable[tuple[Any, ...]]:
    if found:
        return answer
    if isinstance(answer, InvalidRequest):
        # A key that no row can have, such as an empty text.
        return ()
    raise answer


def enriched(
    pipeline: Pipeline, events: Sequence[Event], references: ReferenceRows
) -> tuple[list[dict[str, Any]], list[int]]:
    """The row of each event, by column, and how many events each join of the pipeline file leaves without a match."""
    columns = list(pipeline.columns)
    with duckdb.connect() as connection:
        event_columns = {name: column.type for name, column in pipeline.event_columns.items()}
        cells = [(position, *(_plain(event[name]) for name in event_columns)) for position, event in enumerate(events)]
        create_table(connection, EVENTS, {EVENT_INDEX.strip('"'): ColumnType.BIGINT, **event_columns}, cells)
        for name, table in pipeline.reference_tables.items():
            create_table(connection, reference_table(name), table.columns, references.get(name, ()))
        found = connection.execute(numbered_rows_query(pipeline)).fetchall()
    width = len(columns)
    rows = [dict(zip(columns, row[:width], strict=True)) for row in found]
    misses = [sum(not row[width + join] for row in found) for join in range(len(pipeline.spec.joins))]
    return rows, misses


def _plain(value: Any) -> Any:
    """Times and dates as milliseconds since 1970."""
    if isinstance(value, datetime.datetime):
        return (value - EPOCH) // MILLISECOND
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()) // MILLISECOND
    return value
