"""A dataset's reference rows into Cassandra's tables, without undoing what people changed there.

Cassandra's tables are the truth about references, and a file only fills them. Three contents of a table are compared
by key: the file's, the table's, and the file's as it was when it was last written (the *base*, a Parquet file beside
the platform's data, which is deleted with it). So each difference has an author:
- a row of the file that is neither in the base nor in the table is new, and is written;
- a row that the file changed since the base, and the table did not, is written: the file has news, nobody objects. A
  column that was added to the pipeline file is such a change;
- any other difference was made in Cassandra (a correction, a deletion, a row of people's own), and is kept. Without
  the base, a row that people deleted would look like a new one, and come back.
An empty table is filled whatever the base says: both engines refuse an empty reference as a mistake. The base is
written last, so a set-up that was interrupted goes on where it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from cassandra import DriverException

from weir.catalog.dataset import Dataset
from weir.catalog.pipeline import Pipeline
from weir.catalog.tables import Table
from weir.catalog.types import ColumnType
from weir.clients.cassandra import session_of
from weir.clients.cassandra_rows import write_rows
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.verify.dataset import SQL_TYPES, listed, open_references, quoted, reference_rows, reference_table, scalar
from weir.verify.scan import actual_table, copy_table

if TYPE_CHECKING:
    from cassandra.cluster import Session

IS_NEWS = quoted("@news")
"""A column beside a table's own; no column of a pipeline has this name."""


def load_references(endpoints: Endpoints, pipeline: Pipeline, dataset: Dataset) -> dict[str, int]:
    """Writes the dataset's reference rows into their tables; the number of rows of each table.

    Safe to repeat: the same rows are written over themselves.

    Raises:
        WeirError: Cassandra does not answer, a table is missing, or the dataset does not fit.
    """
    rows = reference_rows(pipeline, dataset)
    with session_of(endpoints) as session:
        for name, table in pipeline.reference_tables.items():
            _fill(session, table, rows[name])
    return {name: len(found) for name, found in rows.items()}


@dataclass(frozen=True)
class Seeded:
    """What became of one table: rows written, and rows of the file that differ from the table's or are not there."""

    table: str
    rows: int
    written: int
    kept: int
    reference: str = ""
    held: int = 0
    """Rows that the table has now, at least."""
    text_bytes: float = 0.0
    """Mean length of its texts and blobs."""

    def __str__(self) -> str:
        words = f"{self.table}: {self.written:,} of {self.rows:,} rows written"
        return f"{words}, {self.kept:,} differ from the file and were kept" if self.kept else words


def seed_references(
    endpoints: Endpoints, pipeline: Pipeline, dataset: Dataset, base_folder: Path, *, overwrite: bool = False
) -> list[Seeded]:
    """Writes what the tables lack, or with `overwrite` every row that differs from the file, deleted ones included.

    Rows that are in no file are people's own, and stay in both cases.

    Raises:
        WeirError: Cassandra does not answer, a table is missing, or the dataset does not fit.
    """
    if not pipeline.reference_tables:
        return []
    base_folder.mkdir(parents=True, exist_ok=True)
    done = []
    with open_references(pipeline, dataset) as connection, session_of(endpoints) as session:
        for name, table in pipeline.reference_tables.items():
            base = base_folder / f"{table.qualified_name}.parquet"
            stored = copy_table(session, connection, table)
            rows, kept = rows_to_write(connection, name, table, base, overwrite=overwrite or not stored)
            _fill(session, table, rows)
            write_base(connection, name, base)
            total = scalar(connection, f"SELECT count(*) FROM {reference_table(name)}")
            larger = actual_table(table.name) if stored > total else reference_table(name)
            length = scalar(connection, _mean_text_bytes(table, larger))
            done.append(Seeded(table.qualified_name, total, len(rows), kept, name, max(stored, total), length))
    return done


def _fill(session: Session, table: Table, rows: list[tuple]) -> None:
    try:
        write_rows(session, table, rows)
    except DriverException as error:
        raise WeirError(f"{table.qualified_name} cannot be filled: {error}; check that the schema is applied") from None


def rows_to_write(
    connection: duckdb.DuckDBPyConnection, name: str, table: Table, base: Path, *, overwrite: bool
) -> tuple[list[tuple], int]:
    """The rows that the table must be given, and how many others of the file differ from the table.

    `connection` has the file's rows as `reference_table(name)` and the table's as `actual_table(table.name)`.
    """
    _read_base(connection, table, base)
    connection.execute(f"CREATE TABLE differing AS {_differing(name, table)}")
    chosen = "true" if overwrite else IS_NEWS
    rows = connection.execute(f"SELECT {listed(table.columns)} FROM differing WHERE {chosen}").fetchall()
    kept = scalar(connection, "SELECT count(*) FROM differing") - len(rows)
    connection.execute("DROP TABLE differing")
    connection.execute("DROP TABLE base")
    return rows, kept


def _mean_text_bytes(table: Table, source: str) -> str:
    """The query of the mean length of all texts and blobs; 0 where there are none."""
    lengths = {ColumnType.TEXT: "strlen", ColumnType.BLOB: "octet_length"}
    each = [f"coalesce({lengths[kind]}({quoted(c)}), 0)" for c, kind in table.columns.items() if kind in lengths]
    if not each:
        return "SELECT 0.0"
    return f"SELECT coalesce(avg({' + '.join(each)}), 0) / {len(each)} FROM {source}"


def _differing(name: str, table: Table) -> str:
    """The file's rows that the table does not have so, each with IS_NEWS: whether the file alone changed it."""
    others = [quoted(column) for column in table.columns if column not in table.primary_key]
    file_differs, table_differs, file_changed = (
        " OR ".join(f"{one}.{column} IS DISTINCT FROM {other}.{column}" for column in others) or "false"
        for one, other in (("f", "a"), ("a", "b"), ("f", "b"))
    )
    absent, unknown = (f"{alias}.{quoted(table.primary_key[0])} IS NULL" for alias in ("a", "b"))
    news = f"CASE WHEN {absent} THEN {unknown} WHEN {unknown} THEN false "
    news += f"ELSE ({file_changed}) AND NOT ({table_differs}) END"
    joins = " ".join(
        f"LEFT JOIN {other} AS {alias} ON {_same_key(table, alias)}"
        for other, alias in ((actual_table(table.name), "a"), ("base", "b"))
    )
    where = f"{absent} OR {file_differs}"
    selected = f"{listed(table.columns, 'f.')}, {news} AS {IS_NEWS}"
    return f"SELECT {selected} FROM {reference_table(name)} AS f {joins} WHERE {where}"


def _same_key(table: Table, alias: str) -> str:
    return " AND ".join(f"f.{quoted(part)} = {alias}.{quoted(part)}" for part in table.primary_key)


def _read_base(connection: duckdb.DuckDBPyConnection, table: Table, base: Path) -> None:
    """Creates `base` with the table's columns; one that the base did not have is null, as Cassandra gives it."""
    columns = ", ".join(f"{quoted(name)} {SQL_TYPES[kind]}" for name, kind in table.columns.items())
    connection.execute(f"CREATE TABLE base ({columns})")
    if not base.exists():
        return
    try:
        connection.read_parquet(str(base)).create_view("base_file")
        known = {row[0] for row in connection.execute("DESCRIBE base_file").fetchall()}
        shared = listed(name for name in table.columns if name in known)
        connection.execute(f"INSERT INTO base ({shared}) SELECT {shared} FROM base_file")
        connection.execute("DROP VIEW base_file")
    except duckdb.Error as error:
        raise WeirError(
            f"{base}: {error}; delete the file; rows missing in {table.qualified_name} are then written, and existing "
            "rows are kept"
        ) from None


def write_base(connection: duckdb.DuckDBPyConnection, name: str, base: Path) -> None:
    """Remembers the file's rows, all or nothing: a row that a cut-off base lacks would look like a new one."""
    new = base.with_suffix(".new")
    connection.table(reference_table(name)).write_parquet(str(new))
    new.replace(base)
