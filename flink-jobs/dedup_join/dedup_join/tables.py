"""The tables that the job reads and writes, as Flink DDL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from dedup_join import sql
from dedup_join.settings import Settings, Sinks
from weir.catalog.engine_names import consumer_group
from weir.catalog.limits import event_limits, reference_ranges
from weir.catalog.pipeline import Pipeline
from weir.catalog.sizes import consumer_properties, producer_properties, source_bytes
from weir.catalog.spec_ownership import StartPosition, StartTime
from weir.catalog.spec_source import SourceFormat
from weir.catalog.tables import Table

# Columns and views of the job itself begin with an underscore; a pipeline's names begin with a letter.
EVENTS = "_events"
DEAD_LETTERS = "_dead_letters"
PLACEHOLDER = "_rows"
KEY = "_key"
DECODE_ERROR = "_decode_error"
RAW_VALUE = "_raw_value"
RAW_LENGTH = "_raw_length"
RAW_SHA256 = "_raw_sha256"
TOPIC = "_topic"
PARTITION = "_partition"
OFFSET = "_offset"
TIMESTAMP = "_timestamp"
HEADERS = "_headers"
WRITE_TIMESTAMP = "_write_timestamp"

BLACKHOLE = {"connector": "blackhole"}
PARTITION_DISCOVERY = "10 s"
STARTUP = {
    StartPosition.EARLIEST: {"scan.startup.mode": "earliest-offset"},
    StartPosition.LATEST: {"scan.startup.mode": "latest-offset"},
    # In a partition where the group has committed nothing, at the oldest event: nothing is passed over in silence.
    StartPosition.GROUP_OFFSETS: {"scan.startup.mode": "group-offsets", "properties.auto.offset.reset": "earliest"},
}
"""By Flink's own names ("Start Reading Position" of its Kafka SQL connector)."""

# What a record waits for others: on average 12 ms to be fetched and 10 ms to be written, for a third of the requests.
FETCH_MIN_BYTES = 64 * 1024
FETCH_MAX_WAIT_MILLISECONDS = 25
ROWS_BUFFER_TIME = "20 ms"
# Of the many versions that a busy total has in this time only the newest is sent; dashboards look every ten seconds.
TOTALS_BUFFER_TIME = "1 s"


def source_table(pipeline: Pipeline, settings: Settings) -> str:
    """The topic of events. A record that cannot be decoded is a row with nulls, a reason and its original bytes.

    One that is too large is such a row too, with as many bytes as an event may have, and what it was.
    """
    columns = [
        *(f"{sql.name(column.name)} {column.type.flink_sql}" for column in pipeline.event_columns.values()),
        f"{sql.name(KEY)} BYTES",
        f"{sql.name(DECODE_ERROR)} STRING METADATA FROM 'value.decode-error' VIRTUAL",
        f"{sql.name(RAW_VALUE)} BYTES METADATA FROM 'value.raw-value' VIRTUAL",
        f"{sql.name(RAW_LENGTH)} BIGINT METADATA FROM 'value.raw-length' VIRTUAL",
        f"{sql.name(RAW_SHA256)} STRING METADATA FROM 'value.raw-sha256' VIRTUAL",
        f"{sql.name(TOPIC)} STRING METADATA FROM 'topic' VIRTUAL",
        f"{sql.name(PARTITION)} INT METADATA FROM 'partition' VIRTUAL",
        f"{sql.name(OFFSET)} BIGINT METADATA FROM 'offset' VIRTUAL",
        f"{sql.name(TIMESTAMP)} TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL",
    ]
    options = {
        "connector": "kafka",
        "topic": pipeline.source_topic.name,
        **_kafka(settings),
        "properties.group.id": consumer_group(pipeline),
        "properties.client.id.prefix": consumer_group(pipeline),
        "properties.isolation.level": "read_committed",
        # A fetch for every small batch of a producer would be most of the broker's work, and some of the job's.
        "properties.fetch.min.bytes": str(FETCH_MIN_BYTES),
        "properties.fetch.max.wait.ms": str(FETCH_MAX_WAIT_MILLISECONDS),
        **_properties(consumer_properties(source_bytes(pipeline.spec))),
        # Offsets are part of Flink's state; a job without state begins here.
        **_startup(pipeline.spec.source.start),
        "scan.topic-partition-discovery.interval": PARTITION_DISCOVERY,
        "key.format": "raw",
        "key.fields": KEY,
        "value.fields-include": "EXCEPT_KEY",
        **_value_format(pipeline, settings),
    }
    return sql.create_table(EVENTS, columns, options)


def _value_format(pipeline: Pipeline, settings: Settings) -> dict[str, str]:
    """How a record's value is read, by a format of weir's own."""
    limits = json.dumps(event_limits(pipeline).document(), separators=(",", ":"))
    common = {
        "max-bytes": str(pipeline.spec.source.max_event_bytes),
        "id-columns": ";".join(pipeline.spec.deduplication.key),
        "limits": limits,
    }
    match pipeline.spec.source.format:
        case SourceFormat.AVRO:
            name, own = "avro-registry", {"url": settings.registry_url, "schema": pipeline.schema.text}
            common |= settings.registry_options
        case SourceFormat.JSON:
            name, own = "weir-json", {"columns": pipeline.schema.text}
    options = {f"value.{name}.{option}": value for option, value in {**own, **common}.items()}
    return {"value.format": name, **options}


def _startup(start: StartPosition | StartTime) -> dict[str, str]:
    """Where a job without state begins: at the oldest event, unless the file of a foreign topic says otherwise."""
    if isinstance(start, StartTime):
        return {"scan.startup.mode": "timestamp", "scan.startup.timestamp-millis": str(start.milliseconds)}
    return STARTUP[start]


def reference_table(pipeline: Pipeline, settings: Settings, reference: str) -> str:
    """A table of Dataset B, in memory, reloaded every `reload_interval_seconds`; only the columns that joins use."""
    spec = pipeline.spec.references[reference]
    used = {name for join in pipeline.spec.joins if join.reference == reference for name in (*join.match, *join.select)}
    columns = [f"{sql.name(name)} {kind.flink_sql}" for name, kind in spec.columns.items() if name in used]
    options = {
        **_cassandra(pipeline.reference_tables[reference], settings),
        "lookup.cache": "FULL",
        "lookup.full-cache.periodic-reload.interval": f"{spec.reload_interval_seconds} s",
    }
    ranges = reference_ranges(pipeline, reference)
    if ranges:
        options["lookup.full-cache.ranges"] = ";".join(
            f"{name}:{least}..{most}" for name, (least, most) in ranges.items()
        )
    return sql.create_table(reference, columns, options, spec.primary_key)


def row_table(pipeline: Pipeline, columns: Iterable[str], settings: Settings) -> str:
    """The table of enriched events; its sink counts those that are late."""
    lateness = {"sink.allowed-lateness": f"{pipeline.spec.allowed_lateness_hours} h"}
    return output_table(pipeline, pipeline.row_table, columns, settings, buffer_time=ROWS_BUFFER_TIME, more=lateness)


def output_table(
    pipeline: Pipeline,
    table: Table,
    columns: Iterable[str],
    settings: Settings,
    *,
    buffer_time: str,
    more: Mapping[str, str] | None = None,
) -> str:
    """The `columns` of a Cassandra table. Every write is dated by the event, so that a replay changes nothing."""
    physical = [
        f"{sql.name(name)} {table.columns[name].flink_sql}{' NOT NULL' if name in table.primary_key else ''}"
        for name in columns
    ]
    write_timestamp = f"{sql.name(WRITE_TIMESTAMP)} BIGINT"
    if settings.sinks is Sinks.BLACKHOLE:
        return sql.create_table(table.name, [*physical, write_timestamp], BLACKHOLE, table.primary_key)
    options = {
        **_cassandra(table, settings),
        "sink.buffer.max-time": buffer_time,
        # A column is null from the first write of a row to the last, or becomes a value: a null needs no tombstone.
        "sink.ignore-null-values": "true",
        # What Cassandra refuses for good (an index that does not take a value) must not stop all other rows.
        "sink.refused.topic": pipeline.dead_letter_topic.name,
        **{f"sink.refused.{name}": value for name, value in _kafka(settings).items()},
        **(more or {}),
    }
    columns_written = [*physical, f"{write_timestamp} METADATA FROM 'write-timestamp'"]
    return sql.create_table(table.name, columns_written, options, table.primary_key)


def placeholder_table(pipeline: Pipeline) -> str:
    """The enriched rows as a table that totals are compiled against. It is never read: `plan.link` removes it."""
    columns = [f"{sql.name(column.name)} {column.type.flink_sql}" for column in pipeline.columns.values()]
    return sql.create_table(PLACEHOLDER, columns, {"connector": "datagen"})


def dead_letter_table(pipeline: Pipeline, settings: Settings) -> str:
    """The dead-letter topic: key and value as they were read, what is known about the record in headers."""
    columns = [f"{sql.name(KEY)} BYTES", f"{sql.name(RAW_VALUE)} BYTES"]
    headers = f"{sql.name(HEADERS)} MAP<STRING, BYTES>"
    if settings.sinks is Sinks.BLACKHOLE:
        return sql.create_table(DEAD_LETTERS, [*columns, headers], BLACKHOLE)
    options = {
        "connector": "kafka",
        "topic": pipeline.dead_letter_topic.name,
        **_kafka(settings),
        "properties.transaction.timeout.ms": str(settings.transaction_timeout_seconds * 1000),
        **_properties(producer_properties(pipeline.written_bytes)),
        "key.format": "raw",
        "key.fields": KEY,
        "value.fields-include": "EXCEPT_KEY",
        "value.format": "raw",
        "sink.delivery-guarantee": "exactly-once",
        "sink.transactional-id-prefix": consumer_group(pipeline),
        # Transactional ids are used again; the other strategy leaves the broker a new one at every checkpoint.
        "sink.transaction-naming-strategy": "POOLING",
    }
    return sql.create_table(DEAD_LETTERS, [*columns, f"{headers} METADATA FROM 'headers'"], options)


def _kafka(settings: Settings) -> dict[str, str]:
    return _properties({"bootstrap.servers": settings.kafka_bootstrap_servers, **settings.kafka_properties})


def _properties(properties: Mapping[str, str]) -> dict[str, str]:
    return {f"properties.{name}": value for name, value in properties.items()}


def _cassandra(table: Table, settings: Settings) -> dict[str, str]:
    return {
        "connector": "cassandra",
        "contact-points": ",".join(settings.cassandra_contact_points),
        "local-datacenter": settings.cassandra_datacenter,
        "keyspace": table.keyspace,
        "table": table.name,
        **settings.cassandra_options,
    }
