"""Names that no pipeline and no topic gets, since they are a service's or weir's own."""

from __future__ import annotations

import pytest
from tests.renderings import PLAIN, rendered, rendered_with
from tests.sizing.stacks import FLIGHTS

from weir.catalog.checks_names import name_problems
from weir.catalog.own_names import NODE_PRINCIPAL, REGISTRY
from weir.catalog.principals import KafkaResource, job_principal, registry_principal
from weir.catalog.reserved import PIPELINES, TOPICS, Reserved, owner_of
from weir.catalog.spec import PipelineSpec
from weir.config.errors import ConfigError, parse

pytestmark = pytest.mark.unit


def told(name: str = "flights", topic: str = "flights.events", letters: str = "flights.dead") -> list[str]:
    spec = FLIGHTS.spec
    source = spec.source.model_copy(update={"topic": topic})
    dead = spec.dead_letters.model_copy(update={"topic": letters})
    return list(name_problems(spec.model_copy(update={"name": name, "source": source, "dead_letters": dead})))


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("weir", "weir's own keyspace"),
        ("system", "Cassandra's own keyspace"),
        ("system_auth", "Cassandra's: its own keyspaces begin so"),
        ("system_traces", "Cassandra's: its own keyspaces begin so"),
        ("reaper_db", "the keyspace of K8ssandra's Reaper"),
        ("information_schema", "used by Trino in every catalog"),
        ("kafka_node", "Kafka's own: weir-kafka-node is a super user"),
        ("registry", "used by the registry, whose Kafka user is weir-registry"),
        ("monitor", "used by the monitors, whose consumer group is weir-monitor"),
        ("cassandra", "the name of Cassandra's own resources in Kubernetes"),
        ("flink", "the name of the service account of Flink's jobs"),
        ("flink_kubernetes_operator", "the name of Flink's operator"),
        ("kafka", "the name of Kafka's own resources in Kubernetes"),
        ("superset_valkey", "the beginning of names of Superset's own resources in Kubernetes"),
        ("trino_worker", "the beginning of names of Trino's own resources in Kubernetes"),
    ],
)
def test_a_pipeline_gets_no_name_of_a_service(name: str, owner: str) -> None:
    assert told(name=name) == [f"name: {name!r} is {owner}; choose another"]


@pytest.mark.parametrize("name", ["systems", "kafkanode", "monitors", "registry_eu", "weirs", "flinks"])
def test_a_name_that_only_resembles_one_is_free(name: str) -> None:
    assert told(name=name) == []


@pytest.mark.parametrize(
    ("topic", "owner"),
    [
        ("kafkasql-journal", "the registry's, which keeps schemas there"),
        ("kafkasql-snapshots", "the registry's, which keeps schemas there"),
        ("registry-events", "the registry's, which keeps schemas there"),
        ("weir-flights-seen-changelog", "the beginning of names that weir's own programs give their topics"),
        ("strimzi.cruisecontrol.metrics", "the beginning of names of Strimzi's and Cruise Control's own topics"),
    ],
)
def test_a_topic_gets_no_name_of_a_service(topic: str, owner: str) -> None:
    assert told(topic=topic) == [f"source.topic: {topic!r} is {owner}; choose another"]
    assert told(letters=topic) == [f"dead_letters.topic: {topic!r} is {owner}; choose another"]


@pytest.mark.parametrize("topic", ["__consumer_offsets", "__transaction_state", "_schemas", "__cluster_metadata"])
def test_a_topic_of_kafka_itself_has_no_form_of_ours(topic: str) -> None:
    document = FLIGHTS.spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    document["dead_letters"]["topic"] = topic
    with pytest.raises(ConfigError, match=r"dead_letters\.topic"):
        parse(PipelineSpec, document, "pipeline.yaml")


def test_all_entries_say_whose_a_name_is_and_none_is_shadowed() -> None:
    for reserved in (PIPELINES, TOPICS):
        assert all(owner_of(entry.name, reserved) == entry.owner for entry in reserved)
    assert not Reserved("flights", "").covers("flights_eu")


def test_each_resource_of_the_platform_is_reserved() -> None:
    renderings = [rendered("prod"), rendered_with("dev", PLAIN)]
    names = {
        resource.inputs["metadata"]["name"].replace("-", "_")
        for rendering in renderings
        for resource in rendering.manifests
        if resource.inputs["kind"] in {"Deployment", "StatefulSet", "Service"}
    }
    own = {name for name in names if not name.endswith("_flights")}
    assert {"trino", "superset", "registry", "kafka_brokers", "cassandra"} <= own
    assert [name for name in sorted(own) if not owner_of(name, PIPELINES)] == []


def test_no_prefix_rule_covers_the_resources_of_another() -> None:
    ids = [rule.name for rule in job_principal(FLIGHTS).rules if rule.resource is KafkaResource.TRANSACTIONAL_ID]
    assert ids == ["weir-flights-"]
    assert not "weir-flights_eu-0-1".startswith(ids[0])
    groups = [rule.name for rule in registry_principal().rules if rule.prefix]
    assert groups == ["weir-registry-"]
    assert NODE_PRINCIPAL == "weir-kafka-node"
    assert REGISTRY == "weir-registry"
