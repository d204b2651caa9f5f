"""How wide Cassandra's partitions get: rows, bytes and cells in the fullest one of each table, at the planned mean.

A derived time column in the partition key bounds a partition in time; without one it grows for as long as rows live.
Every other column of the key divides the rows by `workload.expected_values`: 1 where nobody says how many there are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from weir.catalog.spec import PipelineSpec
from weir.catalog.tables import Table
from weir.sizing.explanation import Bound, Explanation, SizingRefused
from weir.sizing.load import PLANNED_DAYS, Load
from weir.sizing.row_bytes import row_bytes, total_bytes
from weir.sizing.state import GRAIN_HOURS, grains_in

# Cassandra's documentation, CQL limits: cells (rows by columns that are no keys) in one partition.
MOST_CELLS = 2 * 10**9
# DataStax, "Data model design": partitions of up to 100 MB, uncompressed, as `nodetool tablestats` counts them.
WIDE_BYTES = 100 * 10**6


@dataclass(frozen=True)
class PartitionWidth:
    """The fullest partition of one table."""

    table: str
    """With its keyspace."""
    rows: float
    bytes: float
    cells: float
    why: str

    @property
    def wide(self) -> bool:
        """Whether reads, repairs and compactions of it take unusually long."""
        return self.bytes > WIDE_BYTES


def widths_of(loads: Sequence[Load]) -> list[PartitionWidth]:
    """Of the rows and the totals of every pipeline.

    Raises:
        SizingRefused: one is more than Cassandra can hold.
    """
    found = [width for load in loads for width in (_rows(load), *_totals(load))]
    for width in found:
        if width.cells > MOST_CELLS:
            raise SizingRefused(
                Bound.PARTITION_WIDTH,
                f"{_size(width)}, and Cassandra's limit is {MOST_CELLS / 1e9:g} billion cells",
                _remedy(width, loads),
            )
    return found


def warnings_of(widths: Sequence[PartitionWidth], loads: Sequence[Load]) -> tuple[str, ...]:
    """A line for every table whose partitions are too wide to work with well."""
    return tuple(
        f"{_size(width)}; above {WIDE_BYTES / 1e6:g} MB reads, repairs and compactions slow down. Remedy: "
        f"{_remedy(width, loads)}"
        for width in widths
        if width.wide
    )


def explanations_of(widths: Sequence[PartitionWidth]) -> list[Explanation]:
    """The width of each table in MB, with its rows and cells."""
    return [
        Explanation(
            f"partition.{width.table}",
            math.ceil(width.bytes / 1e6),
            "MB",
            Bound.PARTITION_WIDTH,
            f"{width.rows:,.0f} rows and {width.cells:,.0f} cells in the fullest partition: {width.why}",
        )
        for width in widths
    ]


def _rows(load: Load) -> PartitionWidth:
    pipeline, table = load.pipeline, load.pipeline.row_table
    if set(pipeline.spec.deduplication.key) <= set(table.partition_key):
        return _width(table, 1.0, row_bytes(load), "its key is the id of an event")
    hours, since = _hours(pipeline.spec, table)
    count, parts = _values(pipeline.spec, table)
    rows = load.distinct_mean * hours * 3600 / count
    return _width(table, rows, row_bytes(load), f"{load.distinct_mean:,.0f} distinct events/s for {since}{parts}")


def _totals(load: Load) -> list[PartitionWidth]:
    pipeline, found = load.pipeline, []
    for aggregate in pipeline.spec.aggregates:
        table = pipeline.aggregate_tables[aggregate.table]
        hours, since = _hours(pipeline.spec, table)
        count, parts = _values(pipeline.spec, table)
        grain = pipeline.spec.derived[aggregate.grain].truncate_to
        rows = grains_in(hours, grain) * aggregate.expected_groups / count
        why = f"{aggregate.expected_groups:,} groups of each {grain.value} for {since}{parts}"
        found.append(_width(table, rows, total_bytes(table), why))
    return found


def _width(table: Table, rows: float, each: float, why: str) -> PartitionWidth:
    rows = max(rows, 1.0)
    cells = max(1, len(table.columns) - len(table.primary_key))
    return PartitionWidth(table.qualified_name, rows, rows * each, rows * cells, why)


def _hours(spec: PipelineSpec, table: Table) -> tuple[float, str]:
    """For how long one partition takes rows, in hours and in words."""
    truncated = spec.truncated
    units = [truncated[column].truncate_to for column in table.partition_key if column in truncated]
    if units:
        unit = min(units, key=lambda each: GRAIN_HOURS[each])
        return GRAIN_HOURS[unit], f"a {unit.value}" if unit.value != "hour" else "an hour"
    days = table.ttl_days or PLANNED_DAYS
    return days * 24, f"{days} days, as no column of its key is a time"


def _values(spec: PipelineSpec, table: Table) -> tuple[float, str]:
    """By how much the columns that are no times divide the rows, and how that is said."""
    bucket, expected = spec.rows.bucket, dict(spec.workload.expected_values)
    if bucket and bucket.hash:
        expected[bucket.column] = bucket.hash
    columns = [column for column in table.partition_key if column not in spec.truncated]
    count = math.prod(expected.get(column, 1.0) for column in columns)
    return count, "".join(f", divided by {expected.get(column, 1.0):,.10g} values of {column}" for column in columns)


def _size(width: PartitionWidth) -> str:
    return (
        f"a partition of {width.table} would hold {width.rows:,.0f} rows, {width.bytes / 1e6:,.0f} MB and "
        f"{width.cells / 1e9:,.1f} billion cells ({width.why})"
    )


def _remedy(width: PartitionWidth, loads: Sequence[Load]) -> str:
    """What to change, with as many buckets as make it narrow."""
    buckets = math.ceil(width.bytes / WIDE_BYTES)
    if width.table in {load.pipeline.row_table.qualified_name for load in loads}:
        change = f"`rows.bucket` of the pipeline file with about {buckets:,} buckets, or a shorter time in its key"
    else:
        change = "more columns in the partition_key of the aggregate"
    return f"{change}; where the key has more values, workload.expected_values"
