"""Write timestamps that a clock decided, and totals that counted a duplicate, are found."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from tests.verify.tiny import write_readings

from weir.catalog.pipeline import Pipeline
from weir.verify import oracle
from weir.verify.dataset import open_dataset, quoted
from weir.verify.scan import WRITE_TIME, actual_table
from weir.verify.write_times import _expected, check_write_times, counted_beyond_horizon, observed_column

pytestmark = pytest.mark.unit

Stored = tuple[Pipeline, duckdb.DuckDBPyConnection]


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    """A database in which the stored tables, and their write timestamps, are what they must be."""
    pipeline, dataset = write_readings(tmp_path)
    connection = open_dataset(pipeline, dataset)
    oracle.compute(connection, pipeline, np.arange(5))
    for table in (pipeline.row_table, *pipeline.aggregate_tables.values()):
        dated = f"SELECT *, {_expected(pipeline, table)} AS {WRITE_TIME} FROM {oracle.expected_table(table.name)}"
        connection.execute(f"CREATE TABLE {actual_table(table.name)} AS {dated}")
    return pipeline, connection


def test_rows_are_dated_by_their_event_to_the_microsecond(stored: Stored) -> None:
    pipeline, connection = stored
    table = pipeline.row_table
    column = observed_column(pipeline, table)
    assert column is not None
    assert column not in table.primary_key
    assert not pipeline.columns[column].nullable
    assert check_write_times(connection, pipeline, table).wrong == 0
    connection.execute(f"UPDATE {actual_table(table.name)} SET {WRITE_TIME} = {WRITE_TIME} + 1 WHERE rowid = 2")
    assert check_write_times(connection, pipeline, table).wrong == 1
    connection.execute(f"UPDATE {actual_table(table.name)} SET {WRITE_TIME} = NULL WHERE rowid = 3")
    assert check_write_times(connection, pipeline, table).wrong == 2


def test_totals_are_dated_by_their_grain_and_count(stored: Stored) -> None:
    pipeline, connection = stored
    (table,) = pipeline.aggregate_tables.values()
    assert check_write_times(connection, pipeline, table).wrong == 0
    connection.execute(f"UPDATE {actual_table(table.name)} SET {WRITE_TIME} = {WRITE_TIME} - 1 WHERE rowid = 0")
    assert check_write_times(connection, pipeline, table).wrong == 1


def test_duplicates_behind_the_horizon_are_counted(stored: Stored) -> None:
    pipeline, connection = stored
    (table,) = pipeline.aggregate_tables.values()
    count = observed_column(pipeline, table)
    assert count is not None
    assert counted_beyond_horizon(connection, pipeline) == 0
    more = f"UPDATE {actual_table(table.name)} SET {quoted(count)} = {quoted(count)} + 2 WHERE rowid = 0"
    connection.execute(more)
    assert counted_beyond_horizon(connection, pipeline) == 2
