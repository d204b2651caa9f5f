"""A pipeline as the Kafka Streams application takes it: everything resolved, columns by their position.

The application (kafka-streams/dedup-join, `PipelinePlan`) interprets no pipeline file: it gets this document as JSON.
"""

from __future__ import annotations

import json
from typing import Any

from weir.catalog.application_state import LOOPING_FAILURES
from weir.catalog.avro import Column
from weir.catalog.conditions import comparison
from weir.catalog.engine_names import consumer_group, totals_group
from weir.catalog.limits import event_limits
from weir.catalog.outputs import avro_record, reference_columns
from weir.catalog.pipeline import Pipeline, group_columns
from weir.catalog.retention import hours_to_milliseconds
from weir.catalog.sizes import consumer_properties, producer_properties, source_bytes
from weir.catalog.spec import Aggregate, Condition, Join, Measure
from weir.catalog.spec_source import SourceFormat
from weir.catalog.topics import BROKERS_CLOCK, subject_of
from weir.config.endpoints import Endpoints
from weir.config.streams import StreamsConfig

STREAMS_MAIN = "io.weir.streams.Main"
JVM_FLAGS = (
    # A JVM with an exhausted heap is half dead; one that exits is restarted.
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:+UseG1GC",
    "-Dfile.encoding=UTF-8",
    "-Djava.net.preferIPv4Stack=true",
)
BYTES_PER_MIB = 1024 * 1024
CACHE_BYTES = 16 * BYTES_PER_MIB
FETCH_MIN_BYTES = 64 * 1024
FETCH_MAX_WAIT_MILLISECONDS = 20
LINGER_MILLISECONDS = 25
TOTALS_COMMIT_INTERVAL_MILLISECONDS = 1000
TOTALS_LINGER_MILLISECONDS = 100


def streams_settings(stack: StreamsConfig, pipeline: Pipeline) -> dict[str, str]:
    """Kafka Streams' settings by its own names, the same on every target; addresses and folders are the target's."""
    return {
        "application.id": consumer_group(pipeline),
        "processing.guarantee": "exactly_once_v2",
        "commit.interval.ms": str(stack.commit_interval_milliseconds),
        # It looks whether a commit is due when it has waited for records, by default for a tenth second.
        "poll.ms": str(FETCH_MAX_WAIT_MILLISECONDS),
        "num.stream.threads": str(stack.threads),
        "num.standby.replicas": str(stack.standby_replicas),
        # The broker's own: weir sets it once, for every topic.
        "replication.factor": "-1",
        # Another table of totals must not rename, and so forget, the state of the others.
        "ensure.explicit.internal.resource.naming": "true",
        "statestore.cache.max.bytes": str(CACHE_BYTES),
        "weir.rocksdb.memory.bytes": str(stack.state_memory_mib * BYTES_PER_MIB),
        "weir.looping.failures": str(LOOPING_FAILURES),
        # An instance that died is missed after ten seconds, not after 45.
        "main.consumer.session.timeout.ms": "10000",
        "main.consumer.heartbeat.interval.ms": "3000",
        # A fetch for every small batch would be most of the broker's work.
        "main.consumer.fetch.min.bytes": str(FETCH_MIN_BYTES),
        "main.consumer.fetch.max.wait.ms": str(FETCH_MAX_WAIT_MILLISECONDS),
        # Kafka Streams itself waits as long as a commit: records then all come at its end. Each request costs, too.
        "producer.linger.ms": str(LINGER_MILLISECONDS),
        "producer.compression.type": "lz4",
        # The broker refuses a new transaction while it still ends the last one: a few milliseconds, not a tenth second.
        "producer.retry.backoff.ms": "5",
        "producer.retry.backoff.max.ms": "200",
        # How long records of others wait behind the open transaction of an instance that does not come back.
        "producer.transaction.timeout.ms": "30000",
        **_prefixed("main.consumer", consumer_properties(source_bytes(pipeline.spec))),
        **_prefixed("producer", producer_properties(pipeline.written_bytes)),
        # Of the topics that it makes for itself.
        **_prefixed("topic", {"max.message.bytes": str(pipeline.written_bytes), **BROKERS_CLOCK}),
    }


def _prefixed(prefix: str, properties: dict[str, str]) -> dict[str, str]:
    return {f"{prefix}.{name}": value for name, value in properties.items()}


def totals_settings(stack: StreamsConfig, pipeline: Pipeline) -> dict[str, str]:
    """The same for the application of totals. A total that changes all the time is stored and sent at its commits."""
    return {
        **streams_settings(stack, pipeline),
        "application.id": totals_group(pipeline),
        "commit.interval.ms": str(max(stack.commit_interval_milliseconds, TOTALS_COMMIT_INTERVAL_MILLISECONDS)),
        "producer.linger.ms": str(TOTALS_LINGER_MILLISECONDS),
        "main.consumer.fetch.max.wait.ms": str(TOTALS_LINGER_MILLISECONDS),
        "poll.ms": str(TOTALS_LINGER_MILLISECONDS),
        **_prefixed("main.consumer", consumer_properties(pipeline.written_bytes)),
    }


def streams_plan(stack: StreamsConfig, endpoints: Endpoints, pipeline: Pipeline) -> str:
    """The document, as JSON; the same text for the same pipeline, settings and registry."""
    position = {name: number for number, name in enumerate(pipeline.columns)}
    spec = pipeline.spec
    references = list(spec.references)
    plan = {
        "name": pipeline.name,
        "streams": streams_settings(stack, pipeline),
        "totals_streams": totals_settings(stack, pipeline),
        "registry_url": endpoints.registry_url,
        "source": {
            "topic": pipeline.source_topic.name,
            **_format(pipeline),
            "columns": len(pipeline.event_columns),
            "max_event_bytes": spec.source.max_event_bytes,
            "partitioned_by_id": spec.source.partitioned_by_id,
        },
        "columns": [_column(column) for column in pipeline.columns.values()],
        "deduplication": {
            "key": [position[name] for name in spec.deduplication.key],
            "horizon_ms": hours_to_milliseconds(spec.deduplication.horizon_hours),
        },
        "event_time": position[spec.event_time],
        "limits": event_limits(pipeline).document(),
        "allowed_lateness_ms": hours_to_milliseconds(spec.allowed_lateness_hours),
        "derived": [
            {"source": position[derived.source], "truncate_to": derived.truncate_to.value}
            for derived in spec.truncated.values()
        ],
        **_bucket(pipeline, position),
        "references": [_reference(pipeline, name) for name in references],
        "joins": [_join(pipeline, join, references.index(join.reference), position) for join in spec.joins],
        "rows": _output(pipeline, pipeline.row_table.name),
        "aggregates": [_aggregate(pipeline, aggregate, position) for aggregate in spec.aggregates],
        "dead_letter_topic": pipeline.dead_letter_topic.name,
    }
    return json.dumps(plan, indent=1, ensure_ascii=False)


def _format(pipeline: Pipeline) -> dict[str, Any]:
    """How records are read. The plan of an Avro source names no format, and applications that run stay as they are."""
    source_format = pipeline.spec.source.format
    if source_format is SourceFormat.AVRO:
        return {"schema": pipeline.schema.text}
    return {"format": source_format.value, "columns_document": json.loads(pipeline.schema.text)}


def _column(column: Column) -> dict[str, Any]:
    return {"name": column.name, "type": column.type.value, "nullable": column.nullable}


def _bucket(pipeline: Pipeline, position: dict[str, int]) -> dict[str, Any]:
    """The rows' hash bucket. Without one the plan does not mention it, and applications that run stay as they are."""
    bucket = pipeline.spec.rows.bucket
    if bucket is None or bucket.hash is None:
        return {}
    return {"bucket": {"key": [position[name] for name in pipeline.spec.deduplication.key], "count": bucket.hash}}


def _reference(pipeline: Pipeline, name: str) -> dict[str, Any]:
    columns = reference_columns(pipeline, name)
    names = [column.name for column in columns]
    return {
        "name": name,
        "topic": pipeline.table_topics[name].name,
        "schema": avro_record(pipeline, name),
        "columns": [_column(column) for column in columns],
        "key": [names.index(key) for key in pipeline.spec.references[name].primary_key],
    }


def _join(pipeline: Pipeline, join: Join, reference: int, position: dict[str, int]) -> dict[str, Any]:
    spec = pipeline.spec.references[join.reference]
    names = list(spec.columns)
    further = [name for name in join.match if name not in spec.primary_key]
    return {
        "reference": reference,
        "key": [position[join.match[name]] for name in spec.primary_key],
        "conditions": [{"reference": names.index(name), "event": position[join.match[name]]} for name in further],
        "select": [names.index(name) for name in join.select],
    }


def _aggregate(pipeline: Pipeline, aggregate: Aggregate, position: dict[str, int]) -> dict[str, Any]:
    group = group_columns(aggregate)
    return {
        "name": aggregate.table,
        "output": _output(pipeline, aggregate.table),
        "grain": [dimension.column for dimension in group].index(aggregate.grain),
        "group": [{"column": position[entry.column], "when_null": entry.when_null} for entry in group],
        "measures": [_measure(pipeline, measure, position) for measure in aggregate.measures.values()],
    }


def _measure(pipeline: Pipeline, measure: Measure, position: dict[str, int]) -> dict[str, Any]:
    return {
        "function": measure.function,
        "column": None if measure.column is None else position[measure.column],
        "type": pipeline.measure_type(measure).value,
        "where": None if measure.where is None else _where(pipeline, measure.where, position),
    }


def _where(pipeline: Pipeline, condition: Condition, position: dict[str, int]) -> dict[str, Any]:
    if condition.is_null is not None:
        test, value = "is_null", condition.is_null
    else:
        test, value = comparison(condition, pipeline.columns[condition.column].type)
    return {"column": position[condition.column], "test": test, "value": value}


def _output(pipeline: Pipeline, table: str) -> dict[str, str]:
    topic = pipeline.table_topics[table].name
    return {"topic": topic, "subject": subject_of(topic), "schema": avro_record(pipeline, table)}
