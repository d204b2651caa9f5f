"""Who talks to Kafka, and the least that each may do there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from weir.catalog.engine_names import (
    consumer_group,
    internal_topics,
    letters_group,
    letters_transactional_id,
    loaded_tables,
    loader_group,
    loader_name,
    loader_topics,
    totals_group,
)
from weir.catalog.own_names import REGISTRY, client_user, kubernetes_name
from weir.catalog.pipeline import Pipeline
from weir.catalog.reserved import MONITOR_GROUP, REGISTRY_TOPIC_NAMES
from weir.catalog.spec import Engine
from weir.catalog.spec_clients import ClientRole
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
    readers: int = 1
    """As how many readers the quota counts it."""
    quota_bytes_per_second: int | None = None
    """What it may write, and read, on each broker, instead of the pipeline's quota."""


# Apicurio checks that these topics neither expire nor compact.
REGISTRY_TOPICS = tuple(
    Topic(name, 1, {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"})
    for name in REGISTRY_TOPIC_NAMES
)
REGISTRY_GROUP_PREFIX = f"{REGISTRY}-"


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
            # The sink adds "-", the subtask and a number; without the dash, `flights` could write as `flights_eu`.
            AccessRule(KafkaResource.TRANSACTIONAL_ID, f"{group}-", ("Write", "Describe"), prefix=True),
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


def client_principal(pipeline: Pipeline, name: str) -> Principal:
    """The user of a client: it writes events, reads the topics that it names in its own groups, or works on letters.

    Idempotent producers need no right of their own: since Kafka 2.8 (KIP-679) Write on any topic implies it.
    """
    client, source = pipeline.spec.clients[name], pipeline.source_topic.name
    if client.role is ClientRole.PRODUCER:
        rules = (_topic(source, "Write", "Describe"),)
    elif client.role is ClientRole.LETTERS:
        rules = (
            _topic(pipeline.dead_letter_topic.name, "Read", "Write", "Describe"),
            _topic(source, "Write", "Describe"),
            AccessRule(KafkaResource.GROUP, letters_group(pipeline), ("Read", "Describe")),
            AccessRule(KafkaResource.TRANSACTIONAL_ID, letters_transactional_id(pipeline), ("Write", "Describe")),
        )
    else:
        topics = (_topic(topic, "Read", "Describe") for topic in client.topics or [source])
        groups = (AccessRule(KafkaResource.GROUP, group, ("Read", "Describe")) for group in client.groups)
        rules = (*topics, *groups)
    return Principal(
        client_user(pipeline.name, name),
        rules,
        pipeline.name,
        readers=max(1, len(client.groups)),
        quota_bytes_per_second=client.quota_bytes_per_second,
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
    """The users that a pipeline needs on its engine, and those of its clients."""
    clients = (client_principal(pipeline, name) for name in pipeline.spec.clients)
    ends = (producer_principal(pipeline), monitor_principal(pipeline), *clients)
    if pipeline.spec.engine is Engine.FLINK:
        return (job_principal(pipeline), *ends)
    references = (references_principal(pipeline),) if pipeline.reference_tables else ()
    return (application_principal(pipeline), loader_principal(pipeline), *references, *ends)


def principals(pipelines: Sequence[Pipeline], *, own_registry: bool = True) -> tuple[Principal, ...]:
    """Every user of a platform; the registry's only where it runs beside Kafka."""
    of_pipelines = [principal for pipeline in pipelines for principal in principals_of(pipeline)]
    return (*of_pipelines, *((registry_principal(),) if own_registry else ()))
