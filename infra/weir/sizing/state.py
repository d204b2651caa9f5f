"""What a pipeline remembers and how often it writes, whichever engine runs it: ids, totals, and the bytes of both."""

from __future__ import annotations

import math

from weir.catalog.spec_derived import TruncationUnit
from weir.catalog.spec_source import SourceFormat
from weir.catalog.types import FIXED_BYTES, ColumnType
from weir.sizing.load import PLANNED_DAYS, Load

# The job's sink lets totals wait for a second and sends only the newest of each (`dedup_join.tables`).
WRITES_PER_TOTAL_PER_SECOND = 1.0
# Bytes of one remembered id besides its own columns. On the heap 10 million ids of 40 bytes fill 2.9 GiB of the 4 GiB
# that `weir bench pipeline` gives its task manager; in RocksDB it is the state's prefix, the value with its time of
# access, and a tenth for files that are not yet compacted (leveled compaction's space amplification, RocksDB's wiki).
HEAP_BYTES_PER_ID = 272
ROCKSDB_BYTES_PER_ID = 40
ROCKSDB_SPACE_AMPLIFICATION = 1.1
TEXT_BYTES = 16
WIDTHS = FIXED_BYTES | {ColumnType.TEXT: TEXT_BYTES, ColumnType.BLOB: TEXT_BYTES}
GRAIN_HOURS = {
    TruncationUnit.HOUR: 1,
    TruncationUnit.DAY: 24,
    TruncationUnit.MONTH: 730,
    TruncationUnit.YEAR: 8766,
}
# RocksDB compacts by writing anew, and a restore downloads beside what is there.
ROCKSDB_DISK_FACTOR = 2.5


def total_writes_per_second(load: Load) -> float:
    """Writes of all tables of totals together, at the job's fastest."""
    return sum(
        min(load.distinct_processed, aggregate.expected_groups * WRITES_PER_TOTAL_PER_SECOND)
        for aggregate in load.pipeline.spec.aggregates
    )


def id_bytes(load: Load) -> int:
    """Of the columns that make an id."""
    pipeline = load.pipeline
    return width([pipeline.columns[name].type for name in pipeline.spec.deduplication.key])


def remembered_ids(load: Load) -> float:
    """Distinct ids within the dedup horizon: over days the mean rate counts."""
    return load.distinct_mean * load.pipeline.spec.deduplication.horizon_hours * 3600


def grains_in(hours: float, unit: TruncationUnit) -> int:
    """How many hours, days, months or years there are in so many hours, one begun included."""
    return max(1, math.ceil(hours / GRAIN_HOURS[unit]))


def total_rows(load: Load) -> float:
    """Rows of all tables of totals together, over their lifetime: as many grains as a table keeps."""
    pipeline, spec = load.pipeline, load.pipeline.spec
    rows = 0.0
    for aggregate in spec.aggregates:
        kept = pipeline.aggregate_tables[aggregate.table].ttl_days or PLANNED_DAYS
        rows += grains_in(kept * 24, spec.derived[aggregate.grain].truncate_to) * aggregate.expected_groups
    return rows


def width(kinds: list[ColumnType]) -> int:
    """Bytes of these columns' values."""
    return sum(WIDTHS[kind] for kind in kinds)


def event_row_bytes(load: Load) -> int:
    """Of the event's columns in a row. In Avro an event is its columns; JSON names all members as well."""
    pipeline = load.pipeline
    if pipeline.spec.source.format is SourceFormat.AVRO:
        return load.event_bytes
    return min(load.event_bytes, width([column.type for column in pipeline.event_columns.values()]))
