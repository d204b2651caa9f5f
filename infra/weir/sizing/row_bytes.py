"""What a row takes in Cassandra, before compression."""

from __future__ import annotations

from weir.catalog.tables import Table
from weir.sizing.load import Load
from weir.sizing.state import event_row_bytes, width

# A row's key, flags and its time of writing and expiring; a cell's flags and length (Cassandra's storage format).
ROW_BYTES, CELL_BYTES = 30, 3


def row_bytes(load: Load) -> float:
    """One enriched row: the event, what is joined and derived, and what each cell costs."""
    pipeline = load.pipeline
    added = [column.type for name, column in pipeline.columns.items() if name not in pipeline.event_columns]
    return ROW_BYTES + event_row_bytes(load) + width(added) + CELL_BYTES * len(pipeline.columns)


def total_bytes(table: Table) -> float:
    """One row of a table of totals."""
    return ROW_BYTES + width(list(table.columns.values())) + CELL_BYTES * len(table.columns)
