"""The original data read into DuckDB: events and reference rows, typed as the pipeline file says."""

from __future__ import annotations

import zipfile
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

EVENTS = "events"
EVENT_INDEX = '"@index"'
"""The quoted column with a row's position in its file, from 0; no column of a pipeline can have this name."""

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


def reference_rows(pipeline: Pipeline, dataset: Dataset) -> dict[str, list[tuple]]:
    """The rows of each reference table by its name, values in the order of its columns."""
    with _connected() as connection:
        read_references(connection, pipeline, dataset)
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
            f"{dataset.events}: several different events have the id {different[0]}; no oracle can tell which of them "
            "comes first: extend deduplication.key, or correct the data"
        )


def _read_csv(
    connection: duckdb.DuckDBPyConnection, table: str, path: Path, columns: Iterable[Column], null_text: str
) -> None:
    """Creates `table` with EVENT_INDEX and `columns` from a CSV with a header (plain, .gz or .zip)."""
    with TemporaryDirectory(prefix="weir-dataset-") as scratch:
        try:
            _read_plain_csv(connection, table, _unzipped(path, Path(scratch)), list(columns), null_text)
        except duckdb.Error as error:
            raise WeirError(f"{path}: {error}; correct the file, or the type in the schema") from None
        except _UnfitError as error:
            raise WeirError(f"{path}: {error}") from None


class _UnfitError(Exception):
    """A file that lacks what a table needs."""


def _read_plain_csv(
    connection: duckdb.DuckDBPyConnection, table: str, file: Path, columns: list[Column], null_text: str
) -> None:
    connection.from_csv_auto(str(file), header=True, all_varchar=True, na_values=null_text).create("csv_text")
    present = {row[0] for row in connection.execute("DESCRIBE csv_text").fetchall()}
    missing = [column.name for column in columns if column.name not in present and not column.nullable]
    if missing:
        raise _UnfitError(f"the column(s) {', '.join(missing)} are missing; add them to the file's header")
    selected = ", ".join(f"{_cast(column, present)} AS {quoted(column.name)}" for column in columns)
    connection.execute(f"CREATE TABLE {table} AS SELECT rowid AS {EVENT_INDEX}, {selected} FROM csv_text")
    connection.execute("DROP TABLE csv_text")
    for column in columns:
        absent = f"SELECT {EVENT_INDEX} FROM {table} WHERE {quoted(column.name)} IS NULL LIMIT 1"
        found = [] if column.nullable else connection.execute(absent).fetchall()
        if found:
            raise _UnfitError(f"row {found[0][0] + 1} has no {column.name!r}, which must not be null; correct the file")


def _cast(column: Column, present: set[str]) -> str:
    kind = SQL_TYPES[column.type]
    if column.name not in present:
        return f"CAST(NULL AS {kind})"
    if column.type is ColumnType.TEXT:
        return quoted(column.name)
    text = f"nullif({quoted(column.name)}, '')"
    if column.type is not ColumnType.TIMESTAMP:
        return f"CAST({text} AS {kind})"
    # Through TIMESTAMPTZ, for a plain cast ignores the offset of a text. Avro and CQL hold milliseconds: finer digits
    # of the file do not survive the way.
    return f"date_trunc('millisecond', CAST(CAST({text} AS TIMESTAMPTZ) AS {kind}))"


def _unzipped(path: Path, scratch: Path) -> Path:
    """DuckDB reads plain and gzip files by itself; the only member of a zip is unpacked into `scratch`."""
    if path.suffix != ".zip":
        return path
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if not name.endswith("/")]
        if len(members) != 1:
            raise WeirError(f"{path}: holds {len(members)} files; a zipped dataset is exactly one CSV")
        return Path(archive.extract(members[0], scratch))
