"""What a pipeline on Kafka Streams writes to Kafka itself, and reads again: rows, totals, and copies of its state.

Flink keeps all of this to itself, so with it everything here is nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from weir.catalog.engine_names import internal_topics
from weir.sizing.load import RECORD_OVERHEAD_BYTES, Load
from weir.sizing.shares import GIB
from weir.sizing.state import event_row_bytes, id_bytes, total_rows, total_writes_per_second, width
from weir.sizing.streams import HORIZONS_KEPT

# Kafka compacts a partition once half of it is dirty (min.cleanable.dirty.ratio).
COMPACTION_FACTOR = 2.0
# Reference tables are small: every instance holds all of them in memory.
REFERENCE_BYTES = 64 * 2**20
# The store's key is the id, the time of its half and a sequence number; the value is one byte.
SEEN_KEY_BYTES = 13


@dataclass(frozen=True)
class EngineTraffic:
    """Bytes before replication."""

    written_bytes_per_second: float
    read_bytes_per_second: float
    kept_gib: float
    """Of the topics that the engine makes for itself; those of tables are planned one by one."""


def engine_traffic(load: Load) -> EngineTraffic:
    """At the pipeline's fastest; what is kept follows from the mean."""
    if not load.on_streams:
        return EngineTraffic(0, 0, 0)
    distinct = load.distinct_processed
    rows = distinct * row_bytes(load)
    totals = total_writes_per_second(load) * _total_bytes(load)
    by_id = 0.0
    if not load.pipeline.spec.source.partitioned_by_id:
        by_id = load.processed_peak * (event_row_bytes(load) + RECORD_OVERHEAD_BYTES)
    by_group = distinct * sum(_input_bytes(load, table) for table in load.pipeline.aggregate_tables)
    seen = distinct * (id_bytes(load) + SEEN_KEY_BYTES + RECORD_OVERHEAD_BYTES)
    # A total goes to its changelog and to its topic; rows are read by the totals and by the loader.
    return EngineTraffic(
        written_bytes_per_second=by_id + seen + rows + by_group + 2 * totals,
        read_bytes_per_second=by_id + 2 * rows + by_group + totals,
        kept_gib=(_seen_bytes(load) + COMPACTION_FACTOR * sum(rows_of_totals(load).values())) / GIB,
    )


def engine_topics(load: Load) -> int:
    """How many topics the engine makes for itself, each with as many partitions as the source."""
    return len(internal_topics(load.pipeline)) if load.on_streams else 0


def row_bytes(load: Load) -> float:
    """Of one row as a record: the event, and the columns that were derived and joined."""
    pipeline = load.pipeline
    added = [column.type for name, column in pipeline.columns.items() if name not in pipeline.event_columns]
    return event_row_bytes(load) + RECORD_OVERHEAD_BYTES + width(added) + 8


def rows_of_totals(load: Load) -> dict[str, float]:
    """By table of totals, the bytes of all its rows."""
    tables = load.pipeline.aggregate_tables
    rows = total_rows(load) / max(len(tables), 1)
    return {
        name: rows * (2 * width(list(table.columns.values())) + RECORD_OVERHEAD_BYTES) for name, table in tables.items()
    }


def _total_bytes(load: Load) -> float:
    """Of one record of a total, on the average of the tables."""
    tables = load.pipeline.aggregate_tables.values()
    widths = [2 * width(list(table.columns.values())) + RECORD_OVERHEAD_BYTES for table in tables]
    return sum(widths) / max(len(widths), 1)


def _input_bytes(load: Load, table: str) -> float:
    """Of what one row contributes to a table: the group's key, and the measured columns."""
    return width(list(load.pipeline.aggregate_tables[table].columns.values())) + RECORD_OVERHEAD_BYTES


def _seen_bytes(load: Load) -> float:
    hours = load.pipeline.spec.deduplication.horizon_hours * HORIZONS_KEPT
    record = id_bytes(load) + SEEN_KEY_BYTES + RECORD_OVERHEAD_BYTES
    return load.distinct_mean * hours * 3600 * record
