"""Reads the current schema from Cassandra's schema tables."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from weir.catalog.migration import Existing, ExistingTable

if TYPE_CHECKING:
    from cassandra.cluster import Session

_REPLICATION_CLASS = "class"


def existing_schema(session: Session) -> Existing:
    """All keyspaces and tables that `session` can see. It must return rows as dictionaries."""
    keyspaces = {
        row["keyspace_name"]: {
            name: int(factor)
            for name, factor in row["replication"].items()
            # SimpleStrategy has a single factor, which belongs to no datacenter.
            if name not in {_REPLICATION_CLASS, "replication_factor"}
        }
        for row in session.execute("SELECT keyspace_name, replication FROM system_schema.keyspaces")
    }
    columns: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(
        "SELECT keyspace_name, table_name, column_name, kind, position, type FROM system_schema.columns"
    ):
        columns[f"{row['keyspace_name']}.{row['table_name']}"].append(row)
    options = {
        f"{row['keyspace_name']}.{row['table_name']}": row
        for row in session.execute("SELECT * FROM system_schema.tables")
    }
    tables = {name: _table(found, options.get(name, {})) for name, found in columns.items()}
    return Existing(keyspaces, tables)


def _table(columns: list[dict[str, Any]], options: dict[str, Any]) -> ExistingTable:
    def key(kind: str) -> tuple[str, ...]:
        part = sorted((row["position"], row["column_name"]) for row in columns if row["kind"] == kind)
        return tuple(name for _, name in part)

    types = {row["column_name"]: row["type"] for row in columns}
    return ExistingTable(types, key("partition_key"), key("clustering"), options)
