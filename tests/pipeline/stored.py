"""What lies in Cassandra, cell by cell."""

from __future__ import annotations

from typing import Any

from weir.catalog import cql
from weir.catalog.tables import Table
from weir.clients.cassandra import session_of
from weir.local.service import Context


def cells(ctx: Context, table: Table) -> list[dict[str, Any]]:
    """Every row, with the write time of every cell that is not part of the key."""
    values = [name for name in table.columns if name not in table.primary_key]
    names = [*table.columns, *(f"WRITETIME({name})" for name in values)]
    selected = ", ".join([cql.names(table.columns), *(f"WRITETIME({cql.name(name)})" for name in values)])
    with session_of(ctx.endpoints) as session:
        found = session.execute(f"SELECT {selected} FROM {table.cql_name}")
        rows = [dict(zip(names, row, strict=True)) for row in found]
    return sorted(rows, key=lambda row: [str(row[name]) for name in table.primary_key])
