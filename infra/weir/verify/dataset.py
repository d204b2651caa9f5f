"""The original data read into DuckDB: events and reference rows, typed as the pipeline file says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from weir.catalog.avro import Column
from weir.catalog.dataset import Dataset
from weir.catalog.pipeline import Pipeline
from weir.catalog.types import ColumnType
from weir.config.errors import WeirError
from weir.verify.csv_file import UnfitError, unpacked, write_canonical

EVENTS = "events"
EVENT_INDEX = '"@index"'
"""The quoted column with a row's position in its file, from 0; no column of a pipeline can have this name."""

LONGEST_LINE_BYTES = 64 * 2**20
"""A row of a dataset; DuckDB's own limit of 2 MB is less than an event may have."""

SQL_TYPES: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.INT: "INTEGER",
    ColumnType.BIGINT: "BIGINT",
    ColumnType.FLOAT: "FLOAT",
    ColumnType.DOUBLE: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.BLOB: "BLOB",
    ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP: "TIMESTAMP",
}
"""A timestamp is held as its UTC wall time, without a zone, in whole milliseconds."""


def quoted(name: str) -> str:
    """A column name in SQL: names such as `year` or `order` are keywords."""
    return f'"{name}"'


def listed(names: Iterable[str], prefix: str = "") -> str:
    """Quoted names, separated by commas; `prefix` is a table's alias with its dot."""
    return ", ".join(prefix + quoted(name) for name in names)


def reference_table(name: str) -> str:
    """The DuckDB table of a reference."""
    return f"reference_{name}"


def scalar(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    """The single value of a query."""
    return connection.execute(query).fetchall()[0][0]


def open_dataset(pipeline: Pipeline, dataset: Dataset) -> duckdb.DuckDBPyConnection:
    """An in-memory database with `events` (EVENT_INDEX and the event's columns) and one table per reference.

    Raises:
        WeirError: a required column is missing, a value has not its column's type, a required value is missing, or two
            events share an id without being equal.
    """
    connection = _connected()
    _read_events(connection, pipeline, dataset)
    read_references(connection, pipeline, dataset)
    return connection


def read_references(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, dataset: Dataset) -> None:
    """Creates `reference_table(name)` of each reference: its columns only, the last row of a key wins, as in Cassandra.

    Raises:
        WeirError: the dataset has no file for a reference, or the file does not fit the table.
    """
    for name, table in pipeline.reference_tables.items():
        if name not in dataset.references:
            raise WeirError(f"{pipeline.folder}: references.{name} has no file in the dataset; add it to dataset.yaml")
        columns = [Column(column, kind, column not in table.primary_key) for column, kind in table.columns.items()]
        _read_csv(connection, "reference_file", dataset.references[name], columns, dataset.null_text)
        connection.execute(
            f"CREATE TABLE {reference_table(name)} AS SELECT {listed(table.columns)} FROM reference_file "
            f"QUALIFY row_number() OVER (PARTITION BY {listed(table.primary_key)} ORDER BY {EVENT_INDEX} DESC) = 1"
        )
        connection.execute("DROP TABLE reference_file")


def open_references(pipeline: Pipeline, dataset: Dataset) -> duckdb.DuckDBPyConnection:
    """An in-memory database with one table per reference.

    Raises:
        WeirError: the dataset has no file for a reference, or the file does not fit the table.
    """
    connection = _connected()
    read_references(connection, pipeline, dataset)
    return connection


def reference_rows(pipeline: Pipeline, dataset: Dataset) -> dict[str, list[tuple]]:
    """The rows of each reference table by its name, values in the order of its columns."""
    with open_references(pipeline, dataset) as connection:
        return {
            name: connection.execute(f"SELECT {listed(table.columns)} FROM {reference_table(name)}").fetchall()
            for name, table in pipeline.reference_tables.items()
        }


def _connected() -> duckdb.DuckDBPyConnection:
    """A database in memory for which a time without an offset is UTC, wherever it runs."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _read_events(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, dataset: Dataset) -> None:
    _read_csv(connection, EVENTS, dataset.events, pipeline.schema.columns, dataset.null_text)
    key = listed(pipeline.spec.deduplication.key)
    different = connection.execute(
        f"SELECT {key} FROM (SELECT DISTINCT {listed(pipeline.event_columns)} FROM {EVENTS}) "
        f"GROUP BY {key} HAVING count(*) > 1 LIMIT 1"
    ).fetchall()
    if different:
        raise WeirError(
            f"{dataset.events}: different events share the id {different[0]}, so the oracle cannot know which one "
            "comes first; extend deduplication.key, or correct the data"
        )


def _read_csv(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, columns: Iterable[Column], null_text: str
) -> None:
    """Creates `table` with EVENT_INDEX and `columns` from a CSV with a header (plain, .gz or .zip)."""
    with TemporaryDirectory(prefix="weir-dataset-") as scratch:
        try:
            canonical = Path(scratch) / "canonical.csv"
            header = write_canonical(unpacked(path, Path(scratch)), canonical)
            positions = _read_text(connection, canonical, header, null_text)
            _read_typed(connection, table, positions, list(columns))
        except duckdb.Error as error:
            raise WeirError(f"{path}: {error}; correct the file, or the type in the schema") from None
        except UnfitError as error:
            raise WeirError(f"{path}: {error}") from None


def _read_text(
    connection: duckdb.DuckDBPyConnection, canonical: Path, header: list[str], null_text: str
) -> dict[str, str]:
    """Creates `csv_text`; name in the header -> column there. Names in DuckDB have no case, and may not be empty."""
    by_position = [f"c{position}" for position in range(len(header))]
    connection.read_csv(
        str(canonical),
        auto_detect=False,
        header=False,
        delimiter=",",
        lineterminator=duckdb.CSVLineTerminator.LINE_FEED,
        quotechar='"',
        escapechar='"',
        columns=dict.fromkeys(by_position, "VARCHAR"),
        na_values=null_text,
        # Threads would each look for the start of a line, and quotes may hold line breaks.
        parallel=False,
        max_line_size=LONGEST_LINE_BYTES,
        buffer_size=LONGEST_LINE_BYTES,
    ).create("csv_text")
    return {name: position for name, position in zip(header, by_position, strict=True) if name}


def _read_typed(
    connection: duckdb.DuckDBPyConnection, table: str, present: Mapping[str, str], columns: list[Column]
) -> None:
    missing = [column.name for column in columns if column.name not in present and not column.nullable]
    if missing:
        raise UnfitError(f"the column(s) {', '.join(missing)} are missing; add them to the file's header")
    selected = ", ".join(f"{_cast(column, present)} AS {quoted(column.name)}" for column in columns)
    connection.execute(f"CREATE TABLE {table} AS SELECT rowid AS {EVENT_INDEX}, {selected} FROM csv_text")
    connection.execute("DROP TABLE csv_text")
    for column in columns:
        absent = f"SELECT {EVENT_INDEX} FROM {table} WHERE {quoted(column.name)} IS NULL LIMIT 1"
        found = [] if column.nullable else connection.execute(absent).fetchall()
        if found:
            raise UnfitError(f"row {found[0][0] + 1} has no {column.name!r}, which must not be null; correct the file")


def _cast(column: Column, present: Mapping[str, str]) -> str:
    kind = SQL_TYPES[column.type]
    if column.name not in present:
        return f"CAST(NULL AS {kind})"
    source = present[column.name]
    if column.type is ColumnType.TEXT:
        return source
    text = f"nullif({source}, '')"
    if column.type is not ColumnType.TIMESTAMP:
        return f"CAST({text} AS {kind})"
    # Through TIMESTAMPTZ, for a plain cast ignores the offset of a text. Avro and CQL hold milliseconds: finer digits
    # of the file do not survive the way.
    return f"date_trunc('millisecond', CAST(CAST({text} AS TIMESTAMPTZ) AS {kind}))"
