"""References that people corrected in Cassandra: a row may be joined with the value before the correction, or after it.

Cassandra's tables are the truth, so what is in them now is what a row must be joined with. A row that was joined
earlier holds what the file said then; that is no error of the job. It is counted apart, and `weir rejoin` mends it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Join
from weir.catalog.tables import Table
from weir.verify.dataset import listed, quoted, reference_table, scalar
from weir.verify.oracle import expected_table
from weir.verify.refusals import usable_reference
from weir.verify.scan import actual_table, copy_table

if TYPE_CHECKING:
    import duckdb
    from cassandra.cluster import Session


def adopt_references(session: Session, connection: duckdb.DuckDBPyConnection, pipeline: Pipeline) -> dict[str, int]:
    """Has the oracle join with Cassandra's rows where they are not the file's; reference -> rows that differ.

    An empty table is left out: the engines refuse it as a mistake, and keep the copy that they have.
    """
    changed = {}
    for name, table in pipeline.reference_tables.items():
        if copy_table(session, connection, table) and (differing := _differing(connection, name, table)):
            changed[name] = differing
            connection.execute(f"ALTER TABLE {reference_table(name)} RENAME TO {_before(name)}")
            connection.execute(f"CREATE VIEW {reference_table(name)} AS FROM {actual_table(table.name)}")
    return changed


def accept_joined_before(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, changed: Collection[str]) -> int:
    """Expects of each stored row that was joined with the file's rows just these; the number of such rows.

    `expected_table` of the rows is there, and the stored rows are its `actual_table`. Totals that are computed
    afterwards sum up what their events were joined with.
    """
    return sum(_accept(connection, pipeline, join) for join in pipeline.spec.joins if join.reference in changed)


def _accept(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, join: Join) -> int:
    rows = pipeline.row_table
    matches = " AND ".join(f"b.{quoted(column)} = a.{quoted(event)}" for column, event in join.match.items())
    usable = usable_reference(pipeline, join.reference, "b")
    as_before = " AND ".join(f"a.{quoted(n)} IS NOT DISTINCT FROM b.{quoted(c)}" for c, n in join.select.items())
    names = list(join.select.values())
    same_key = " AND ".join(f"e.{quoted(part)} = s.{quoted(part)}" for part in rows.primary_key)
    differs = " OR ".join(f"e.{quoted(name)} IS DISTINCT FROM s.{quoted(name)}" for name in names)
    return scalar(
        connection,
        f"UPDATE {expected_table(rows.name)} AS e SET {', '.join(f'{quoted(n)} = s.{quoted(n)}' for n in names)} "
        f"FROM (SELECT {listed([*rows.primary_key, *names], 'a.')} FROM {actual_table(rows.name)} AS a "
        f"LEFT JOIN {_before(join.reference)} AS b ON {matches} AND {usable} WHERE {as_before}) AS s "
        f"WHERE {same_key} AND ({differs})",
    )


def _differing(connection: duckdb.DuckDBPyConnection, name: str, table: Table) -> int:
    """Keys whose row is not the same on both sides, or is on one side only."""
    columns, key = listed(table.columns), listed(table.primary_key)
    sides = [f"SELECT {columns} FROM {source}" for source in (reference_table(name), actual_table(table.name))]
    either = f"({sides[0]} EXCEPT {sides[1]}) UNION ALL ({sides[1]} EXCEPT {sides[0]})"
    return scalar(connection, f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM ({either}))")


def _before(name: str) -> str:
    return f"before_{name}"
