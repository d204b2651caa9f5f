"""A whole Cassandra table copied into DuckDB: token ranges side by side, turned into numpy columns page by page."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from cassandra import DriverException
from cassandra.cluster import NoHostAvailable, ResponseFuture

from weir.catalog import cql
from weir.catalog.tables import Table
from weir.catalog.types import ColumnType
from weir.config.errors import WeirError
from weir.verify.dataset import SQL_TYPES, quoted

if TYPE_CHECKING:
    import duckdb
    from cassandra.cluster import Session

MINIMUM_TOKEN, MAXIMUM_TOKEN = -(2**63), 2**63 - 1
RANGES = 64
IN_FLIGHT = 4
PAGE_ROWS = 5_000
PAGE_TIMEOUT_SECONDS = 60

_NUMPY_TYPES: Mapping[ColumnType, str] = {
    ColumnType.INT: "int32",
    ColumnType.BIGINT: "int64",
    ColumnType.FLOAT: "float32",
    ColumnType.DOUBLE: "float64",
    ColumnType.TIMESTAMP: "int64",
    ColumnType.DATE: "int64",
}
"""The driver has its own numpy reader, which is broken since numpy 2 (it calls `ndarray.newbyteorder`)."""

_WRITTEN = "@writetime"
WRITE_TIME = quoted(_WRITTEN)
"""The quoted column with the write timestamp of a row, in microseconds; no column of a pipeline has this name."""

_FLOATS = (ColumnType.FLOAT, ColumnType.DOUBLE)
NOTHING = np.array(None, dtype=object)

Page = list[tuple[Any, ...]]


def actual_table(name: str) -> str:
    """The DuckDB table with the content of the Cassandra table `name`."""
    return f"actual_{name}"


def copy_table(
    session: Session, connection: duckdb.DuckDBPyConnection, table: Table, write_time_of: str | None = None
) -> int:
    """Creates `actual_table(table.name)` with every row and column; returns the number of rows.

    With `write_time_of`, a column, also WRITE_TIME: that of this column's cells.

    Raises:
        WeirError: Cassandra refuses the read, or does not answer in time.
    """
    rows = [row for page in _Scan(session, table, write_time_of).run() for row in page]
    written = {} if write_time_of is None else {_WRITTEN: ColumnType.BIGINT}
    create_table(connection, actual_table(table.name), {**table.columns, **written}, rows)
    return len(rows)


def create_table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: Mapping[str, ColumnType],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Creates the table `name`; times and dates come as milliseconds since 1970, everything else as Python has it."""
    cells = list(zip(*rows, strict=True)) or [() for _ in columns]
    arrays = {column: _array(cells[position], kind) for position, (column, kind) in enumerate(columns.items())}
    # DuckDB takes NaN in an array for null.
    arrays |= {
        _nan(column): np.ma.filled(np.isnan(arrays[column]), fill_value=False)
        for column in columns
        if columns[column] in _FLOATS
    }
    converted = ", ".join(_converted(column, kind) for column, kind in columns.items())
    connection.register("scanned", arrays)
    connection.execute(f"CREATE TABLE {name} AS SELECT {converted} FROM scanned")
    connection.unregister("scanned")


class _Scan:
    """Reads the token ring in RANGES parts, IN_FLIGHT of them at a time, page by page."""

    def __init__(self, session: Session, table: Table, write_time_of: str | None) -> None:
        self._session = session
        self._table = table
        session.default_fetch_size = PAGE_ROWS
        key = cql.names(table.partition_key)
        selected = [selected_column(name, kind) for name, kind in table.columns.items()]
        selected += [f"WRITETIME({cql.name(write_time_of)})"] if write_time_of else []
        self._statement = session.prepare(
            f"SELECT {', '.join(selected)} FROM {table.cql_name} WHERE token({key}) >= ? AND token({key}) <= ?"
        )
        self._statement.is_idempotent = True
        self._ranges = token_ranges(RANGES)
        self._pages: list[Page] = []
        self._open = 0
        self._error: Exception | None = None
        self._changed = threading.Condition()

    def run(self) -> list[Page]:
        with self._changed:
            while self._error is None and (self._ranges or self._open):
                while self._ranges and self._open < IN_FLIGHT:
                    self._start(self._ranges.pop())
                if self._open and not self._changed.wait(PAGE_TIMEOUT_SECONDS):
                    self._error = TimeoutError(f"no page for {PAGE_TIMEOUT_SECONDS} s")
        if self._error is not None:
            raise WeirError(
                f"{self._table.qualified_name} cannot be read: {self._error}; check that Cassandra is running and "
                "provisioned"
            )
        return self._pages

    def _start(self, bounds: tuple[int, int]) -> None:
        try:
            future = self._session.execute_async(self._statement, bounds)
        except (DriverException, NoHostAvailable) as error:
            self._error = error
            return
        self._open += 1
        future.add_callbacks(self._take, self._fail, callback_args=(future,))

    def _take(self, page: Page, future: ResponseFuture) -> None:
        """A page, in the driver's thread."""
        with self._changed:
            self._pages.append(page)
            if not future.has_more_pages:
                self._open -= 1
            self._changed.notify()
        if future.has_more_pages:
            future.start_fetching_next_page()

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self._error = error
            self._changed.notify()


def token_ranges(parts: int) -> list[tuple[int, int]]:
    """The ring of Murmur3 tokens in `parts` ranges, both ends inclusive, without gap or overlap."""
    size = (MAXIMUM_TOKEN - MINIMUM_TOKEN + 1) // parts
    starts = [MINIMUM_TOKEN + index * size for index in range(parts)]
    return list(zip(starts, [start - 1 for start in starts[1:]] + [MAXIMUM_TOKEN], strict=True))


def selected_column(name: str, kind: ColumnType) -> str:
    """A column in CQL; times as numbers: the driver would make a Python object of each."""
    is_time = kind in {ColumnType.TIMESTAMP, ColumnType.DATE}
    return f"to_unix_timestamp({cql.name(name)}) AS {cql.name(name)}" if is_time else cql.name(name)


def _array(cells: Sequence[Any], kind: ColumnType) -> np.ndarray:
    """One column; a masked array where a cell may be null without being an object."""
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    if kind not in _NUMPY_TYPES:
        return column
    absent = np.equal(column, NOTHING).astype(bool)
    column[absent] = 0
    return np.ma.masked_array(column.astype(_NUMPY_TYPES[kind]), absent)


def _nan(column: str) -> str:
    """The name of the array that says where `column` is NaN."""
    return f"@nan {column}"


def _converted(name: str, kind: ColumnType) -> str:
    column = quoted(name)
    if kind is ColumnType.TIMESTAMP:
        column = f"make_timestamp_ms({column})"
    elif kind is ColumnType.DATE:
        column = f"CAST(make_timestamp_ms({column}) AS DATE)"
    elif kind in _FLOATS:
        column = f"CASE WHEN {quoted(_nan(name))} THEN 'NaN' ELSE {column} END"
    return f"CAST({column} AS {SQL_TYPES[kind]}) AS {quoted(name)}"
