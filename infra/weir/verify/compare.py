"""Expected and actual content of a table, compared row by row and cell by cell; nulls are values like others."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weir.catalog.tables import Table
from weir.catalog.types import ColumnType
from weir.verify.dataset import listed, quoted, scalar
from weir.verify.oracle import expected_table
from weir.verify.scan import actual_table

if TYPE_CHECKING:
    import duckdb

REPORTED_DIFFERENCES = 50
"""So many of each sort are listed; all are counted."""


@dataclass(frozen=True)
class Difference:
    """One row that differs from the expected one. `columns` maps a wrong column to (expected, actual)."""

    sort: str
    key: dict[str, Any]
    columns: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class TableResult:
    """The comparison of one table. The digests are over all rows, each in full, sorted by primary key."""

    table: str
    expected: int
    stored: int
    missing: int
    extra: int
    wrong: int
    expected_digest: str
    stored_digest: str
    differences: tuple[Difference, ...] = ()

    @property
    def correct(self) -> bool:
        """True where both hold the same, by the cells and by the digests."""
        return self.missing == self.extra == self.wrong == 0 and self.expected_digest == self.stored_digest


def compare(connection: duckdb.DuckDBPyConnection, table: Table) -> TableResult:
    """Compares `expected_table` with `actual_table`."""
    expected, actual = expected_table(table.name), actual_table(table.name)
    same_key = " AND ".join(f"e.{quoted(name)} = a.{quoted(name)}" for name in table.primary_key)
    others = [name for name in table.columns if name not in table.primary_key]
    differs = " OR ".join(f"e.{quoted(name)} IS DISTINCT FROM a.{quoted(name)}" for name in others) or "false"
    missing = f"FROM {expected} AS e ANTI JOIN {actual} AS a ON {same_key}"
    extra = f"FROM {actual} AS a ANTI JOIN {expected} AS e ON {same_key}"
    wrong = f"FROM {expected} AS e JOIN {actual} AS a ON {same_key} WHERE {differs}"
    return TableResult(
        table=table.name,
        expected=scalar(connection, f"SELECT count(*) FROM {expected}"),
        stored=scalar(connection, f"SELECT count(*) FROM {actual}"),
        missing=scalar(connection, f"SELECT count(*) {missing}"),
        extra=scalar(connection, f"SELECT count(*) {extra}"),
        wrong=scalar(connection, f"SELECT count(*) {wrong}"),
        expected_digest=digest(connection, expected, table),
        stored_digest=digest(connection, actual, table),
        differences=(
            *_absent(connection, table, "missing", f"SELECT {listed(table.primary_key, 'e.')} {missing}"),
            *_absent(connection, table, "extra", f"SELECT {listed(table.primary_key, 'a.')} {extra}"),
            *_wrong(connection, table, others, wrong),
        ),
    )


def digest(connection: duckdb.DuckDBPyConnection, source: str, table: Table) -> str:
    """SHA-256 over the digests of all rows, sorted by primary key; a row is the JSON list of its cells."""
    cells = ", ".join(_canonical(name, kind) for name, kind in table.columns.items())
    rows = f"SELECT {listed(table.primary_key)}, sha256(CAST(to_json(row({cells})) AS VARCHAR)) AS d FROM {source}"
    return scalar(
        connection,
        f"SELECT sha256(coalesce(string_agg(d, '' ORDER BY {listed(table.primary_key)}), '')) FROM ({rows})",
    )


def _canonical(name: str, kind: ColumnType) -> str:
    """Adding 0 turns the negative zero, which equals zero, into zero."""
    return f"{quoted(name)} + 0" if kind in {ColumnType.FLOAT, ColumnType.DOUBLE} else quoted(name)


def _absent(connection: duckdb.DuckDBPyConnection, table: Table, sort: str, query: str) -> list[Difference]:
    rows = connection.execute(f"{query} ORDER BY ALL LIMIT {REPORTED_DIFFERENCES}").fetchall()
    return [Difference(sort, dict(zip(table.primary_key, row, strict=True))) for row in rows]


def _differ(expected: Any, actual: Any) -> bool:
    """As DuckDB has it: NaN equals itself."""
    if isinstance(expected, float) and isinstance(actual, float) and math.isnan(expected):
        return not math.isnan(actual)
    return expected != actual


def _wrong(connection: duckdb.DuckDBPyConnection, table: Table, others: list[str], condition: str) -> list[Difference]:
    if not others:
        return []
    key = listed(table.primary_key, "e.")
    query = f"SELECT {key}, {listed(others, 'e.')}, {listed(others, 'a.')} {condition}"
    rows = connection.execute(f"{query} ORDER BY {key} LIMIT {REPORTED_DIFFERENCES}").fetchall()
    keys, size = len(table.primary_key), len(others)
    differences = []
    for row in rows:
        expected, actual = row[keys : keys + size], row[keys + size :]
        cells = {name: (e, a) for name, e, a in zip(others, expected, actual, strict=True) if _differ(e, a)}
        differences.append(Difference("wrong", dict(zip(table.primary_key, row[:keys], strict=True)), cells))
    return differences
