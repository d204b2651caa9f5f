"""Tables that belong to the platform itself, not to a pipeline."""

from __future__ import annotations

from weir.catalog.tables import SECONDS_PER_DAY, Table
from weir.catalog.types import ColumnType

PLATFORM_KEYSPACE = "weir"

PIPELINE_HEALTH = Table(
    keyspace=PLATFORM_KEYSPACE,
    name="pipeline_health",
    columns={
        "pipeline": ColumnType.TEXT,
        "day": ColumnType.DATE,
        "at": ColumnType.TIMESTAMP,
        "received": ColumnType.BIGINT,
        "distinct_events": ColumnType.BIGINT,
        "duplicates": ColumnType.BIGINT,
        "dead_letters": ColumnType.BIGINT,
        "rows_written": ColumnType.BIGINT,
        "consumer_lag": ColumnType.BIGINT,
        "freshness_p50_milliseconds": ColumnType.DOUBLE,
        "freshness_p99_milliseconds": ColumnType.DOUBLE,
    },
    partition_key=("pipeline", "day"),
    clustering_key=("at",),
    ttl_seconds=30 * SECONDS_PER_DAY,
)
"""What the monitor writes every few seconds: counters since the job's start, and how fresh rows are."""
