"""Who talks to Kafka, and the least that each may do there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from weir.catalog.pipeline import Pipeline
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


def consumer_group(pipeline: Pipeline) -> str:
    """The group whose committed offsets show how far a job has come; its transactional ids begin with the same text."""
    return f"weir-{pipeline.name}"


def kubernetes_name(pipeline: str) -> str:
    """The pipeline's name where only letters, digits and dashes may stand."""
    return pipeline.replace("_", "-")


def job_principal(pipeline: Pipeline) -> Principal:
    """The user of a pipeline's job: it reads events, writes dead letters in transactions, and nothing else.

    DescribeConfigs is not needed: partitions are discovered from metadata. Describe on the transactional ids lets the
    sink list those of its earlier attempts and close them.
    """
    group = consumer_group(pipeline)
    return Principal(
        f"weir-{kubernetes_name(pipeline.name)}",
        (
            AccessRule(KafkaResource.TOPIC, pipeline.source_topic.name, ("Read", "Describe")),
            AccessRule(KafkaResource.TOPIC, pipeline.dead_letter_topic.name, ("Write", "Describe")),
            AccessRule(KafkaResource.GROUP, group, ("Read", "Describe")),
            AccessRule(KafkaResource.TRANSACTIONAL_ID, group, ("Write", "Describe"), prefix=True),
        ),
        pipeline.name,
    )


def producer_principal(pipeline: Pipeline) -> Principal:
    """The user of whoever publishes a pipeline's events: it may write to its topic alone."""
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


def principals(pipelines: Sequence[Pipeline], *, own_registry: bool = True) -> tuple[Principal, ...]:
    """Every user of a platform; the registry's only where it runs beside Kafka."""
    of_pipelines = [maker(pipeline) for pipeline in pipelines for maker in (job_principal, producer_principal)]
    return (*of_pipelines, *((registry_principal(),) if own_registry else ()))
