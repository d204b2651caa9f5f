"""The Kafka Connect sink that loads a pipeline's topics into Cassandra, by Connect's own names."""

from __future__ import annotations

from collections.abc import Mapping

from weir.catalog.outputs import WRITE_TIMESTAMP
from weir.catalog.pipeline import Pipeline
from weir.catalog.sizes import consumer_properties, producer_properties
from weir.config.endpoints import Endpoints
from weir.config.streams import StreamsConfig

CONNECTOR_CLASS = "io.weir.connect.CassandraSinkConnector"
WORKER_SETTINGS = {
    "key.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
    "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
    # An offset says that rows are written: verification waits for it.
    "offset.flush.interval.ms": "1000",
}
"""A worker's, on every target."""


def connector_config(
    stack: StreamsConfig,
    endpoints: Endpoints,
    pipeline: Pipeline,
    tables: Mapping[str, str],
    *,
    replication_factor: int,
) -> dict[str, str]:
    """The connector's configuration, for any `tables` (topic: table) of the pipeline's keyspace."""
    return {
        "connector.class": CONNECTOR_CLASS,
        "tasks.max": str(stack.loader_tasks),
        "topics": ",".join(tables),
        "tables": ",".join(f"{topic}:{table}" for topic, table in tables.items()),
        "contact.points": ",".join(endpoints.cassandra_contact_points),
        "local.datacenter": endpoints.cassandra_datacenter,
        "keyspace": pipeline.name,
        "write.timestamp.field": WRITE_TIMESTAMP,
        "key.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
        "value.converter": "io.weir.connect.AvroRegistryConverter",
        "value.converter.registry.url": endpoints.registry_url,
        # Half a transaction must never reach a table.
        "consumer.override.isolation.level": "read_committed",
        "consumer.override.auto.offset.reset": "earliest",
        # Rows become visible at commits, all at once: an answer for each commit is the soonest and the cheapest.
        "consumer.override.fetch.min.bytes": "1",
        "consumer.override.fetch.max.wait.ms": "500",
        **_override("consumer", consumer_properties(pipeline.written_bytes)),
        # Of what is set aside.
        **_override("producer", producer_properties(pipeline.written_bytes)),
        # A record at fault is set aside, with what Connect knows of it in its headers; all else is tried again.
        "errors.tolerance": "all",
        "errors.retry.timeout": "-1",
        "errors.retry.delay.max.ms": "5000",
        "errors.log.enable": "true",
        "errors.deadletterqueue.topic.name": pipeline.dead_letter_topic.name,
        "errors.deadletterqueue.topic.replication.factor": str(replication_factor),
        "errors.deadletterqueue.context.headers.enable": "true",
    }


def _override(client: str, properties: Mapping[str, str]) -> dict[str, str]:
    return {f"{client}.override.{name}": value for name, value in properties.items()}
