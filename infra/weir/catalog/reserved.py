"""Names that belong to a service or to weir itself, each with whose it is. Pure.

Two pipelines that want one name are told apart in `shared_names`; these names no pipeline gets in any environment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from weir.catalog.own_names import NODE_PRINCIPAL, REGISTRY


@dataclass(frozen=True)
class Reserved:
    """One name, or all names that begin with it."""

    name: str
    owner: str
    """Completes "... is"."""
    prefix: bool = False

    def covers(self, name: str) -> bool:
        """Whether `name` is reserved by this entry."""
        return name.startswith(self.name) if self.prefix else name == self.name


MONITOR_GROUP = "weir-monitor"
REGISTRY_TOPIC_NAMES = ("kafkasql-journal", "kafkasql-snapshots", "registry-events")
"""Apicurio's own names."""

PIPELINES = (
    Reserved("weir", "weir's own keyspace"),
    Reserved("system", "Cassandra's own keyspace"),
    Reserved("system_", "Cassandra's: its own keyspaces begin so", prefix=True),
    Reserved("reaper_db", "the keyspace of K8ssandra's Reaper"),
    Reserved("information_schema", "used by Trino in every catalog"),
    Reserved("kafka_node", f"Kafka's own: {NODE_PRINCIPAL} is a super user"),
    Reserved("registry", f"used by the registry, whose Kafka user is {REGISTRY}"),
    Reserved("monitor", f"used by the monitors, whose consumer group is {MONITOR_GROUP}"),
    # Flink's operator names a Deployment and Services after the pipeline.
    Reserved("cassandra", "the name of Cassandra's own resources in Kubernetes"),
    Reserved("cassandra_", "the beginning of names of Cassandra's own resources in Kubernetes", prefix=True),
    Reserved("flink", "the name of the service account of Flink's jobs"),
    Reserved("flink_kubernetes_operator", "the name of Flink's operator"),
    Reserved("kafka", "the name of Kafka's own resources in Kubernetes"),
    Reserved("kafka_", "the beginning of names of Kafka's own resources in Kubernetes", prefix=True),
    Reserved("superset", "the name of Superset's own resources in Kubernetes"),
    Reserved("superset_", "the beginning of names of Superset's own resources in Kubernetes", prefix=True),
    Reserved("trino", "the name of Trino's own resources in Kubernetes"),
    Reserved("trino_", "the beginning of names of Trino's own resources in Kubernetes", prefix=True),
)
"""Keyspaces, users of Kafka, and resources in Kubernetes are named after the pipeline."""

TOPICS = (
    *(Reserved(name, "the registry's, which keeps schemas there") for name in REGISTRY_TOPIC_NAMES),
    Reserved("__", "Kafka's own: its internal topics begin so", prefix=True),
    Reserved("weir-", "the beginning of names that weir's own programs give their topics", prefix=True),
    Reserved("strimzi.", "the beginning of names of Strimzi's and Cruise Control's own topics", prefix=True),
)
"""A topic that weir makes begins with no underscore: the form of its name excludes that already."""


def owner_of(name: str, reserved: Sequence[Reserved]) -> str | None:
    """Whose `name` is; None where it is free."""
    return next((entry.owner for entry in reserved if entry.covers(name)), None)
