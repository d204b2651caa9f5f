"""What a platform team changes in a stack file, and what `weir plan` must say of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.renderings import AIVEN, AIVEN_PRICES, PLAIN, rendered, rendered_with

from weir.programs.change_rules import compare, worst
from weir.programs.changes import Change, Risk

pytestmark = pytest.mark.unit

ROLLING, MOVING, REFUSED = Risk.ROLLING, Risk.DATA_MOVING, Risk.REFUSED
ZONES = "weir:availability.zones"
A, B, C, D = (f"eu-west-1{letter}" for letter in "abcd")
Settings = dict[str, Any]
Row = tuple[str, Settings, Settings, str, Risk, str]
"""Stack, its settings before, what changes in them, part of the changed field, and what is said of it."""


def changed(stack: str, before: Settings, after: Settings) -> list[Change]:
    first = rendered_with(stack, before) if before else rendered(stack)
    return compare(first.resources, rendered_with(stack, {**before, **after}).resources)


def said(changes: list[Change], path: str) -> Change:
    """What is said of the first changed field whose subject contains `path`."""
    return next(change for change in changes if path in f"{change.subject} ")


NODES = "weir:resources.cassandra.nodes_per_rack"
DISK = "weir:resources.cassandra.node"

AIVEN_PROD = {"weir:kafka": AIVEN, "weir:prices": AIVEN_PRICES}
ROWS: list[Row] = [
    # A rack renamed, removed, reordered or added without nodes.
    ("dev", {}, {ZONES: ["a", "b", "c"]}, "datacenters[0].racks ", REFUSED, "rename, remove or reorder"),
    ("dev", {}, {ZONES: ["zone-a", "b", "c"]}, "datacenters[0].racks ", MOVING, "new racks"),
    ("dev", {NODES: 2}, {ZONES: ["zone-a", "b", "c"], NODES: 1}, "datacenters[0].racks ", REFUSED, "only with nodes"),
    ("prod", {}, {ZONES: [C, B, A]}, "datacenters[0].racks ", REFUSED, "rename, remove or reorder"),
    ("prod", {NODES: 6}, {ZONES: [A, B, C, D], NODES: 5}, "datacenters[0].racks ", REFUSED, "only with nodes"),
    ("prod", {NODES: 6}, {ZONES: [A, B, C, D], NODES: 6}, "datacenters[0].racks ", MOVING, "new racks"),
    # A larger disk: allowed by the datacenter's annotation, which is always set.
    ("prod", {}, {f"{DISK}.disk_gib": 4096}, "requests.storage", ROLLING, "grow in place"),
    # Fixed for ever.
    ("prod", {}, {"weir:cassandra.tokens_per_node": 4}, "num_tokens", REFUSED, "keeps the tokens"),
    ("prod", {}, {"weir:cassandra.datacenter": "other"}, "metadata.name", REFUSED, "another datacenter"),
    ("prod", {}, {"weir:storage.classes.cassandra": "gp2"}, "storageClassName", REFUSED, "neither storage class"),
    ("prod", {}, {"weir:storage.classes.kafka": "gp2"}, "KafkaNodePool brokers spec.storage", REFUSED, "its storage"),
    ("dev", {}, {"weir:security.tls": False}, "clientEncryptionStores", REFUSED, "do not understand"),
    # Rows that are there keep their TTL.
    ("prod", {NODES: 6}, {"weir:retention.pipelines.flights.rows_ttl_days": 30, NODES: 3}, "].size", REFUSED,
     "shorten the TTL first"),
    ("prod", {}, {"weir:retention.pipelines.flights.rows_ttl_days": 30},
     "cassandra.Table flights.flights_enriched ttl_seconds", MOVING, "keep the TTL that they were written with"),
    # More copies, inside the ConfigMap of the schema job and in Kafka's internal topics.
    ("prod", {"weir:availability.cassandra_replication_factor": 2, "weir:availability.highly_available": False},
     {"weir:availability.cassandra_replication_factor": 3}, "cassandra.Keyspace flights replication", MOVING,
     "nodetool repair --full"),
    ("prod", {"weir:availability.kafka_replication_factor": 2, "weir:availability.kafka_min_in_sync_replicas": 1,
              "weir:availability.highly_available": False},
     {"weir:availability.kafka_replication_factor": 3}, "offsets.topic.replication.factor", REFUSED,
     "internal topics that exist keep their copies"),
    # Without Cruise Control.
    ("prod", {"weir:availability.kafka_replication_factor": 2, "weir:availability.kafka_min_in_sync_replicas": 1,
              "weir:availability.highly_available": False, "weir:kafka.cruise_control": False},
     {"weir:availability.kafka_replication_factor": 3}, "KafkaTopic flights.events spec.replicas", REFUSED,
     "set kafka.cruise_control"),
    ("prod", {"weir:kafka.cruise_control": False, "weir:resources.kafka.brokers": 6},
     {"weir:resources.kafka.brokers": 3}, "KafkaNodePool brokers spec.replicas", REFUSED, "nothing moves them away"),
    ("prod", {}, {"weir:resources.kafka.controllers": 5}, "KafkaNodePool controllers spec.replicas", REFUSED,
     "number of KRaft controllers"),
    # Aiven.
    ("prod", AIVEN_PROD, {"weir:kafka.aiven.project": "other"}, "aiven.Kafka kafka project", REFUSED, "would be lost"),
    ("prod", AIVEN_PROD, {"weir:kafka.aiven.cloud_name": "google-europe-west1"}, "cloudName", MOVING, "new machines"),
    ("prod", AIVEN_PROD, {"weir:kubernetes.name_prefix": "other"}, "aiven.Kafka kafka serviceName", REFUSED,
     "would be lost"),
    # The environment's name, and that of its namespace.
    ("prod", {}, {"weir:environment": "production"}, "Namespace weir-prod metadata.labels", REFUSED, "be renamed"),
    ("prod", {}, {"weir:kubernetes.name_prefix": "weir-production"}, "metadata.name", REFUSED, "created anew"),
    # A Kafka and a Cassandra without operators, whose settings are in ConfigMaps.
    ("dev", PLAIN, {"weir:cassandra.tokens_per_node": 4}, "num_tokens", REFUSED, "keeps the tokens"),
    ("dev", PLAIN, {"weir:resources.kafka.brokers": 2}, "kafka-brokers spec.replicas", MOVING, "stay empty"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[3].strip()} {row[5]}")
def test_a_change_of_a_stack_file_has_its_class_and_reason(row: Row) -> None:
    stack, before, after, path, risk, words = row
    change = said(changed(stack, before, after), path)
    assert change.risk is risk, change
    assert words in change.reason


def test_reordered_zones_change_nothing_else_of_cassandra() -> None:
    found = changed("prod", {}, {ZONES: [C, B, A]})
    assert [change.path for change in found if change.resource.startswith("K8ssandra")] == [
        "spec.cassandra.datacenters[0].racks"
    ]


def test_an_environment_with_another_name_is_the_same_resources() -> None:
    found = changed("prod", {}, {"weir:environment": "production"})
    assert worst(found) is REFUSED
    assert [change.as_line() for change in found if not change.path] == []


def test_a_new_kafka_leaves_the_metadata_version_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    from weir.config import versions  # noqa: PLC0415
    from weir.programs.rendering import STACKS, render  # noqa: PLC0415

    monkeypatch.setattr(versions, "KAFKA", "4.4.0")
    after = render(STACKS / "Pulumi.prod.yaml")
    found = compare(rendered("prod").resources, after.resources)
    assert [(change.path, change.risk) for change in found if change.resource == "Kafka kafka"] == [
        ("spec.kafka.version", ROLLING)
    ]


def test_a_removed_pipeline_is_refused_until_its_job_has_stopped() -> None:
    before = rendered("prod").resources
    gone = ("flights", "flights-files", "flights-internal")
    found = compare(before, [entry for entry in before if entry.name not in gone])
    change = said(found, "FlinkDeployment flights")
    assert change.risk is REFUSED
    words = (
        "suspended",
        "takes a savepoint",
        "delete the FlinkDeployment",
        "pulumi state delete",
        "remove the pipeline",
    )
    places = [change.reason.index(part) for part in words]
    assert places == sorted(places)
    assert "certificate" in change.reason
