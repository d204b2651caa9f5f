"""Rejoins stored rows with the current reference tables, and updates those that differ.

A row holds no version of the reference it was joined with: a wall clock in it would change at every replay (ADR 1).
None is needed, since rows and references can be compared. What is mended is written one microsecond after what it
replaces, so that a replay of the event, which is older, does not undo it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
from cassandra import DriverException
from cassandra.concurrent import execute_concurrent_with_args

from weir.catalog import cql
from weir.catalog.pipeline import Pipeline
from weir.catalog.types import ColumnType
from weir.clients.cassandra import session_of
from weir.clients.cassandra_rows import CONCURRENCY
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.verify.dataset import listed, quoted
from weir.verify.refusals import usable_reference
from weir.verify.scan import actual_table, copy_table

if TYPE_CHECKING:
    from cassandra.cluster import Session

CHUNK_ROWS = 1000


@dataclass(frozen=True)
class Rejoined:
    """How many rows lay in the range, and how many were mended."""

    compared: int
    mended: int


def rejoin(
    endpoints: Endpoints,
    pipeline: Pipeline,
    begin: datetime | date,
    end: datetime | date,
    progress: Callable[[str], None] = lambda _doing: None,
) -> Rejoined:
    """Mends the joined columns of rows with an event time from `begin` to `end` (exclusive), both UTC.

    Totals by joined columns keep the values that the events had when they were counted.

    Raises:
        WeirError: the pipeline joins nothing, a reference table is empty, or Cassandra does not answer.
    """
    joined = [name for join in pipeline.spec.joins for name in join.select.values()]
    if not joined:
        raise WeirError(f"{pipeline.name} joins no reference table, so there is nothing to rejoin")
    with session_of(endpoints) as session, duckdb.connect() as connection:
        for table in (*pipeline.reference_tables.values(), pipeline.row_table):
            progress(f"reading {table.qualified_name}")
            if copy_table(session, connection, table) == 0 and table is not pipeline.row_table:
                raise WeirError(
                    f"{table.qualified_name} is empty, so rejoined rows would lose its columns; fill it first"
                )
        instants = [_naive(begin), _naive(end)]
        compared = connection.execute(
            f"SELECT count(*) FROM {actual_table(pipeline.row_table.name)} AS e WHERE {_in_range(pipeline)}", instants
        ).fetchall()[0][0]
        found = connection.execute(_differing(pipeline, joined), instants).fetchall()
        try:
            for start in range(0, len(found), CHUNK_ROWS):
                progress(f"updating {start:,} of {len(found):,} rows")
                _mend(session, pipeline, joined, found[start : start + CHUNK_ROWS])
        except DriverException as error:
            raise WeirError(f"{pipeline.row_table.qualified_name} cannot be updated: {error}; run this again") from None
    return Rejoined(compared, len(found))


def _differing(pipeline: Pipeline, joined: Sequence[str]) -> str:
    """Key and right values of each row in the range that has others."""
    joins, values = [], []
    for index, join in enumerate(pipeline.spec.joins):
        matches = " AND ".join(f"j{index}.{quoted(ref)} = e.{quoted(event)}" for ref, event in join.match.items())
        usable = usable_reference(pipeline, join.reference, f"j{index}")
        joins.append(f"LEFT JOIN {actual_table(join.reference)} AS j{index} ON {matches} AND {usable}")
        values += [f"j{index}.{quoted(column)}" for column in join.select]
    differs = " OR ".join(f"e.{quoted(n)} IS DISTINCT FROM {v}" for n, v in zip(joined, values, strict=True))
    key = listed(pipeline.row_table.primary_key, "e.")
    source = f"{actual_table(pipeline.row_table.name)} AS e {' '.join(joins)}"
    return f"SELECT {key}, {', '.join(values)} FROM {source} WHERE {_in_range(pipeline)} AND ({differs})"


def _in_range(pipeline: Pipeline) -> str:
    column = f"e.{quoted(pipeline.spec.event_time)}"
    return f"{column} >= ? AND {column} < ?"


def _mend(session: Session, pipeline: Pipeline, joined: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes after the newest of a row's joined cells, with what is left of the row's time to live."""
    table = pipeline.row_table
    size = len(table.primary_key)
    keys = [_driver_values(row[:size], [table.columns[name] for name in table.primary_key]) for row in rows]
    where, required = cql.equal(table.primary_key), cql.name(_required(pipeline))
    observed = [f"WRITETIME({required})", f"TTL({required})", *(f"WRITETIME({cql.name(name)})" for name in joined)]
    read = session.prepare(f"SELECT {', '.join(observed)} FROM {table.cql_name} WHERE {where}")
    assignments = cql.equal(joined, ", ")
    write = session.prepare(f"UPDATE {table.cql_name} USING TIMESTAMP ? AND TTL ? SET {assignments} WHERE {where}")
    write.is_idempotent = True
    states = execute_concurrent_with_args(session, read, keys, CONCURRENCY)
    arguments = []
    for row, key, state in zip(rows, keys, states, strict=True):
        written, ttl, *cells = state.result_or_exc.one()
        newest = max([written, *(cell for cell in cells if cell is not None)])
        arguments.append((newest + 1, ttl or 0, *row[size:], *key))
    execute_concurrent_with_args(session, write, arguments, CONCURRENCY)


def _required(pipeline: Pipeline) -> str:
    """A column that every row has, outside of its key."""
    key = pipeline.row_table.primary_key
    for name, column in pipeline.event_columns.items():
        if name not in key and not column.nullable:
            return name
    raise WeirError(f"{pipeline.name}: every required column is part of the key, so the write time of a row is unknown")


def _driver_values(values: Iterable[Any], kinds: Iterable[ColumnType]) -> tuple[Any, ...]:
    return tuple(
        value.date() if kind is ColumnType.DATE and isinstance(value, datetime) else value
        for value, kind in zip(values, kinds, strict=True)
    )


def _naive(instant: datetime | date) -> datetime:
    """The start of a day, or an instant, as the wall time of UTC."""
    moment = instant if isinstance(instant, datetime) else datetime(instant.year, instant.month, instant.day)
    return moment.replace(tzinfo=None)
