"""Who talks to Kafka, and the least that each may do there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from weir.catalog.engine_names import (
    consumer_group,
    internal_topics,
    kubernetes_name,
    loaded_tables,
    loader_group,
    loader_name,
    loader_topics,
    totals_group,
)
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.catalog.topics import Topic


class KafkaResource(StrEnum):
    """What an access rule is about, as Strimzi names it."""

    TOPIC = "topic"
    GROUP = "group"
    TRANSACTIONAL_ID = "transactionalId"


@dataclass(frozen=True)
class AccessRule:
    """`operations` on one resource, named literally; on all that begin with `name` where `prefix` says so."""

    resource: KafkaResource
    name: str
    operations: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True)
class Principal:
    """A user of Kafka; its name is also that of the Secret with its credentials."""

    name: str
    rules: tuple[AccessRule, ...]
    pipeline: str | None = None
    """The pipeline whose quota it has; None for the platform's own users."""


REGISTRY = "weir-registry"
# Apicurio's own names; it checks that these topics neither expire nor compact.
REGISTRY_TOPICS = tuple(
    Topic(name, 1, {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"})
    for name in ("kafkasql-journal", "kafkasql-snapshots", "registry-events")
)
REGISTRY_GROUP_PREFIX = "weir-registry"


def job_principal(pipeline: Pipeline) -> Principal:
    """The user of a pipeline's job: it reads events, writes dead letters in transactions, and nothing else.

    DescribeConfigs is not needed: partitions are discovered from metadata. Describe on the transactional ids lets the
    sink list those of its earlier attempts and close them; to find them it asks who writes to the topic of dead
    letters, which Kafka tells only who may read it.
    """
    group = consumer_group(pipeline)
    return Principal(
        f"weir-{kubernetes_name(pipeline.name)}",
        (
            AccessRule(KafkaResource.TOPIC, pipeline.source_topic.name, ("Read", "Describe")),
            AccessRule(KafkaResource.TOPIC, pipeline.dead_letter_topic.name, ("Read", "Write", "Describe")),
            AccessRule(KafkaResource.GROUP, group, ("Read", "Describe")),
            AccessRule(KafkaResource.TRANSACTIONAL_ID, group, ("Write", "Describe"), prefix=True),
        ),
        pipeline.name,
    )


TABLE_OPERATIONS = ("Read", "Write", "Describe", "DescribeConfigs")
INTERNAL_OPERATIONS = ("Create", "Read", "Write", "Delete", "Describe", "DescribeConfigs", "AlterConfigs")
"""On the topics that Kafka Streams makes for itself; what is repartitioned it deletes once it is read, and what an
earlier version made it gives the plan's settings."""


def application_principal(pipeline: Pipeline) -> Principal:
    """The user of a pipeline's Kafka Streams application: rows and totals, each with a group and transactions."""
    references = [pipeline.table_topics[name].name for name in pipeline.reference_tables]
    results = [topic.name for name, topic in pipeline.table_topics.items() if name not in pipeline.reference_tables]
    groups = (consumer_group(pipeline), totals_group(pipeline))
    return Principal(
        f"weir-{kubernetes_name(pipeline.name)}",
        (
            *(_topic(name, "Read", "Describe") for name in (pipeline.source_topic.name, *references)),
            _topic(pipeline.dead_letter_topic.name, "Write", "Describe"),
            # Rows are read again, to be added up.
            *(_topic(name, "Read", "Write", "Describe") for name in results),
            *(_topic(name, *INTERNAL_OPERATIONS) for name in internal_topics(pipeline)),
            *(AccessRule(KafkaResource.GROUP, group, ("Read", "Describe")) for group in groups),
            # Kafka Streams adds a number for each process and thread.
            AccessRule(KafkaResource.TRANSACTIONAL_ID, f"{groups[0]}-", ("Write", "Describe"), prefix=True),
        ),
        pipeline.name,
    )


def loader_principal(pipeline: Pipeline) -> Principal:
    """The user of a pipeline's loader: it reads results, sets aside what Cassandra refuses, keeps Connect's topics."""
    loader = loader_name(pipeline)
    return Principal(
        f"weir-{kubernetes_name(pipeline.name)}-loader",
        (
            *(_topic(name, "Read", "Describe") for name in loaded_tables(pipeline)),
            _topic(pipeline.dead_letter_topic.name, "Write", "Describe", "DescribeConfigs"),
            *(_topic(topic.name, *TABLE_OPERATIONS) for topic in loader_topics(pipeline)),
            AccessRule(KafkaResource.GROUP, loader, ("Read", "Describe")),
            AccessRule(KafkaResource.GROUP, loader_group(pipeline), ("Read", "Describe")),
        ),
        pipeline.name,
    )


def references_principal(pipeline: Pipeline) -> Principal:
    """The user of the program that publishes a pipeline's reference tables: it compares their topics with Cassandra."""
    topics = [pipeline.table_topics[name].name for name in pipeline.reference_tables]
    return Principal(
        f"weir-{kubernetes_name(pipeline.name)}-references",
        tuple(_topic(name, "Read", "Write", "Describe") for name in topics),
        pipeline.name,
    )


MONITOR_GROUP = "weir-monitor"


def monitor_principal(pipeline: Pipeline) -> Principal:
    """The user of a pipeline's monitor: it reads a few events, and how far the pipeline's groups have come.

    It assigns partitions itself and commits nothing; Kafka's client asks for its group's coordinator all the same.
    """
    groups = {pipeline.source_topic.name: consumer_group(pipeline)}
    if pipeline.spec.engine is Engine.KAFKA_STREAMS:
        groups[pipeline.table_topics[pipeline.row_table.name].name] = loader_group(pipeline)
    return Principal(
        f"weir-{kubernetes_name(pipeline.name)}-monitor",
        (
            *(_topic(name, "Read", "Describe") for name in groups),
            *(AccessRule(KafkaResource.GROUP, group, ("Describe",)) for group in groups.values()),
            AccessRule(KafkaResource.GROUP, MONITOR_GROUP, ("Read", "Describe")),
        ),
        pipeline.name,
    )


def _topic(name: str, *operations: str) -> AccessRule:
    return AccessRule(KafkaResource.TOPIC, name, operations)


def producer_principal(pipeline: Pipeline) -> Principal:
    """The user of a pipeline's producers: it may only write to its topic."""
    return Principal(
        f"weir-{kubernetes_name(pipeline.name)}-producer",
        (AccessRule(KafkaResource.TOPIC, pipeline.source_topic.name, ("Write", "Describe")),),
        pipeline.name,
    )


def registry_principal() -> Principal:
    """The user of the schema registry, which keeps schemas in topics of its own."""
    operations = ("Read", "Write", "Describe", "DescribeConfigs")
    return Principal(
        REGISTRY,
        (
            *(AccessRule(KafkaResource.TOPIC, topic.name, operations) for topic in REGISTRY_TOPICS),
            AccessRule(KafkaResource.GROUP, REGISTRY_GROUP_PREFIX, ("Read", "Describe"), prefix=True),
        ),
    )


def principals_of(pipeline: Pipeline) -> tuple[Principal, ...]:
    """The users that a pipeline needs on its engine."""
    if pipeline.spec.engine is Engine.FLINK:
        return (job_principal(pipeline), producer_principal(pipeline), monitor_principal(pipeline))
    ends = (producer_principal(pipeline), monitor_principal(pipeline))
    references = (references_principal(pipeline),) if pipeline.reference_tables else ()
    return (application_principal(pipeline), loader_principal(pipeline), *references, *ends)


def principals(pipelines: Sequence[Pipeline], *, own_registry: bool = True) -> tuple[Principal, ...]:
    """Every user of a platform; the registry's only where it runs beside Kafka."""
    of_pipelines = [principal for pipeline in pipelines for principal in principals_of(pipeline)]
    return (*of_pipelines, *((registry_principal(),) if own_registry else ()))
