"""Tables that belong to the platform itself, not to a pipeline."""

from __future__ import annotations

from weir.catalog.retention import SECONDS_PER_DAY
from weir.catalog.tables import Table
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
        "conflicting_duplicates": ColumnType.BIGINT,
        "dead_letters": ColumnType.BIGINT,
        "rows_written": ColumnType.BIGINT,
        "late_events": ColumnType.BIGINT,
        "join_misses": ColumnType.BIGINT,
        "consumer_lag": ColumnType.BIGINT,
        "freshness_p50_milliseconds": ColumnType.DOUBLE,
        "freshness_p99_milliseconds": ColumnType.DOUBLE,
        "state": ColumnType.TEXT,
        "restarts": ColumnType.BIGINT,
        "last_failure": ColumnType.TEXT,
    },
    partition_key=("pipeline", "day"),
    clustering_key=("at",),
    ttl_seconds=30 * SECONDS_PER_DAY,
)
"""What the monitor writes every few seconds: counters since the job's start, how fresh rows are, and how it fares."""

SCHEMA_HISTORY = Table(
    keyspace=PLATFORM_KEYSPACE,
    name="schema_history",
    columns={
        "keyspace_name": ColumnType.TEXT,
        "at": ColumnType.TIMESTAMP,
        "position": ColumnType.INT,
        "subject": ColumnType.TEXT,
        "statement": ColumnType.TEXT,
    },
    partition_key=("keyspace_name",),
    clustering_key=("at", "position"),
)
"""Every change that weir made to keyspaces and tables, in order; rows stay."""

SCHEMA_LOCK = Table(
    keyspace=PLATFORM_KEYSPACE,
    name="schema_lock",
    columns={"name": ColumnType.TEXT, "holder": ColumnType.TEXT},
    partition_key=("name",),
)
"""Who changes the schema now. Two that do so at once can leave nodes that disagree about a table."""

PLATFORM_TABLES = (PIPELINE_HEALTH, SCHEMA_HISTORY, SCHEMA_LOCK)
