"""Write timestamps as Cassandra stores them, against what the event alone must give (ADR 1).

Equal write timestamps mean that a replay changes nothing, and that no clock decides which write wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weir.catalog.pipeline import Pipeline
from weir.catalog.tables import Table
from weir.verify.dataset import quoted, scalar
from weir.verify.oracle import expected_table
from weir.verify.scan import WRITE_TIME, actual_table

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class WriteTimeResult:
    """Rows of a table whose write timestamp is another one than their event's."""

    table: str
    checked: int
    wrong: int


def observed_column(pipeline: Pipeline, table: Table) -> str | None:
    """A column that is written with every write of a row, so that its write timestamp is the row's."""
    if table.name == pipeline.row_table.name:
        required = [name for name, column in pipeline.event_columns.items() if not column.nullable]
        return next((name for name in required if name not in table.primary_key), None)
    return _count_of(pipeline, table)


def check_write_times(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, table: Table) -> WriteTimeResult:
    """Compares in the copy of a table that was made with its `observed_column`."""
    actual = actual_table(table.name)
    wrong = f"SELECT count(*) FROM {actual} WHERE {WRITE_TIME} IS DISTINCT FROM {_expected(pipeline, table)}"
    checked = scalar(connection, f"SELECT count(*) FROM {actual}")
    return WriteTimeResult(table.name, checked, scalar(connection, wrong))


def counted_beyond_horizon(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline) -> int:
    """By how many events the stored totals exceed the distinct ones: duplicates behind the dedup horizon (ADR 4).

    0 where no total counts every event.
    """
    rows = scalar(connection, f"SELECT count(*) FROM {expected_table(pipeline.row_table.name)}")
    counts = {name: _count_of(pipeline, table) for name, table in pipeline.aggregate_tables.items()}
    sums = [
        scalar(connection, f"SELECT coalesce(sum({quoted(count)}), 0) FROM {actual_table(name)}")
        for name, count in counts.items()
        if count is not None
    ]
    return max(0, int(max(sums, default=rows)) - rows)


def _expected(pipeline: Pipeline, table: Table) -> str:
    if table.name == pipeline.row_table.name:
        return f"epoch_us({quoted(pipeline.spec.event_time)})"
    (aggregate,) = (entry for entry in pipeline.spec.aggregates if entry.table == table.name)
    count = quoted(_count_of(pipeline, table) or "")
    return f"epoch_us(CAST({quoted(aggregate.grain)} AS TIMESTAMP)) + {count}"


def _count_of(pipeline: Pipeline, table: Table) -> str | None:
    """The measure that counts every event of a group, where the aggregate has one."""
    (aggregate,) = (entry for entry in pipeline.spec.aggregates if entry.table == table.name)
    found = [name for name, measure in aggregate.measures.items() if measure.count == "all" and measure.where is None]
    return found[0] if found else None
