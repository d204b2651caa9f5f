"""Clients in a cluster: users, rights, limits and flows of the whole platform, and what a new client changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests import schemas
from tests.catalog.with_clients import ANALYTICS, CLIENTS, FEED, PARTNER, flights_with
from tests.contract import connect_guide
from tests.policy.rules_under_test import Resource, rules
from tests.renderings import AIVEN, AIVEN_PRICES, by_digest

from weir.catalog.environment import resolve
from weir.config.errors import ConfigError
from weir.config.stack import StackConfig, load_stack
from weir.config.yaml_text import parsed
from weir.programs.change_rules import compare
from weir.programs.changes import Risk
from weir.programs.load import planned
from weir.programs.platform import platform
from weir.programs.recording import Recorded, record
from weir.programs.rendering import STACKS
from weir.programs.workloads import workloads
from weir.sizing import plan_for

pytestmark = pytest.mark.unit

BALANCED: dict[str, Any] = {
    "type": "loadbalancer",
    "bootstrap_host": "kafka.example.com",
    "broker_host": "broker-{nodeId}.kafka.example.com",
    "allowed_cidrs": ["203.0.113.0/24"],
    "annotations": {"cloud.example.com/internal": "true"},
}
INGRESS: dict[str, Any] = {
    **{name: BALANCED[name] for name in ("bootstrap_host", "broker_host")},
    "type": "ingress",
    "ingress_class": "nginx",
}


def stack(kafka: dict[str, Any] | None = None, **changes: Any) -> StackConfig:
    document = load_stack(STACKS / "Pulumi.prod.yaml").model_dump(by_alias=True, exclude_unset=True)
    return StackConfig.model_validate({**document, **changes, "kafka": kafka or {}})


def made(folder: Path, clients: dict[str, Any], settings: StackConfig | None = None) -> list[Recorded]:
    """The whole platform of flights with `clients`."""
    environment = resolve(settings or stack(), [flights_with(folder, clients)])
    whole = planned(environment, plan_for(environment), {})
    return record(lambda: workloads(whole, platform(whole)), "prod")


def inputs(resources: list[Recorded], kind: str, name: str) -> dict[str, Any]:
    (found,) = [
        each.inputs for each in resources if each.inputs.get("kind") == kind and each.inputs["metadata"]["name"] == name
    ]
    assert schemas.problems(found) == []
    return found["spec"]


def names(resources: list[Recorded], kind: str) -> set[str]:
    return {each.inputs["metadata"]["name"] for each in resources if each.inputs.get("kind") == kind}


def test_a_client_has_a_user_with_its_rights_and_its_limit(tmp_path: Path) -> None:
    found = made(tmp_path, {**CLIENTS, "feed": {**FEED, "quota_bytes_per_second": 5_000_000}})
    feed, analytics = (inputs(found, "KafkaUser", f"weir-flights-{name}") for name in CLIENTS)
    assert feed["authentication"] == {"type": "scram-sha-512"}
    assert feed["authorization"]["acls"] == [
        {
            "type": "allow",
            "resource": {"type": "topic", "name": "flights.events", "patternType": "literal"},
            "operations": ["Write", "Describe"],
            "host": "*",
        }
    ]
    assert (feed["quotas"]["producerByteRate"], feed["quotas"]["consumerByteRate"]) == (5_000_000, 5_000_000)
    assert [rule["resource"]["name"] for rule in analytics["authorization"]["acls"]] == ["flights.events", "analytics"]
    assert analytics["quotas"] == inputs(found, "KafkaUser", "weir-flights")["quotas"]


def test_kafka_and_registry_admit_the_namespaces_of_clients_alone(tmp_path: Path) -> None:
    labelled = {**ANALYTICS, "pod_labels": {"app": "reports"}}
    again = {**ANALYTICS, "groups": ["b"], "pod_labels": {"app": "reports"}}
    found = made(tmp_path, {"feed": FEED, "analytics": labelled, "again": again})
    for name, labels, port in (
        ("clients-to-kafka-in", {"app.kubernetes.io/component": "kafka"}, 9093),
        ("clients-to-kafka-in-2", {"strimzi.io/cluster": "kafka"}, 9093),
        ("clients-to-registry-in", {"app.kubernetes.io/component": "registry"}, 8080),
    ):
        policy = inputs(found, "NetworkPolicy", name)
        assert policy["podSelector"] == {"matchLabels": labels}
        assert policy["policyTypes"] == ["Ingress"]
        assert policy["ingress"] == [
            {
                "from": [
                    {
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "analysts"}},
                        "podSelector": {"matchLabels": {"app": "reports"}},
                    },
                    {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "operations"}}},
                ],
                "ports": [{"port": port, "protocol": "TCP"}],
            }
        ]


def test_without_clients_nobody_else_is_admitted(tmp_path: Path) -> None:
    assert not [name for name in names(made(tmp_path, {}), "NetworkPolicy") if "client" in name or "outside" in name]


def test_a_new_producer_restarts_nothing_and_moves_no_data(tmp_path: Path) -> None:
    changes = compare(made(tmp_path / "before", {}), made(tmp_path / "after", {"feed": FEED}))
    assert {change.risk for change in changes} == {Risk.SAFE}
    assert {change.resource for change in changes} == {
        "KafkaUser weir-flights-feed",
        *("NetworkPolicy clients-to-kafka-in", "NetworkPolicy clients-to-kafka-in-2"),
        "NetworkPolicy clients-to-registry-in",
    }


def test_a_new_consumer_restarts_brokers_at_most_for_their_size(tmp_path: Path) -> None:
    changes = compare(made(tmp_path / "before", {}), made(tmp_path / "after", {"analytics": ANALYTICS}))
    rolling = {change.subject for change in changes if change.risk is not Risk.SAFE}
    assert all(subject.startswith("KafkaNodePool brokers spec.") for subject in rolling), rolling


def test_the_external_listener_is_off_by_default(tmp_path: Path) -> None:
    (listener,) = inputs(made(tmp_path, {}), "Kafka", "kafka")["kafka"]["listeners"]
    assert listener["type"] == "internal"


@pytest.mark.parametrize("authentication", ["scram-sha-512", "tls"])
def test_load_balancers_let_in_the_networks_of_clients_alone(tmp_path: Path, authentication: str) -> None:
    kafka = {"external_listener": BALANCED, "authentication": authentication}
    found = made(tmp_path, {"partner": PARTNER}, stack(kafka))
    _, listener = inputs(found, "Kafka", "kafka")["kafka"]["listeners"]
    dns = "external-dns.alpha.kubernetes.io/hostname"
    internal = {"cloud.example.com/internal": "true"}
    assert listener == {
        "name": "external",
        "port": 9096,
        "type": "loadbalancer",
        "tls": True,
        "authentication": {"type": authentication},
        "configuration": {
            "externalTrafficPolicy": "Local",
            "loadBalancerSourceRanges": ["203.0.113.0/24"],
            "bootstrap": {
                "alternativeNames": ["kafka.example.com"],
                "annotations": {**internal, dns: "kafka.example.com"},
            },
            "advertisedHostTemplate": "broker-{nodeId}.kafka.example.com",
            "perBrokerAnnotationsTemplate": {**internal, dns: "broker-{nodeId}.kafka.example.com"},
        },
    }
    (rule,) = inputs(found, "NetworkPolicy", "outside-to-kafka-in-2")["ingress"]
    assert rule == {
        "from": [{"ipBlock": {"cidr": "203.0.113.0/24"}}],
        "ports": [{"port": 9096, "protocol": "TCP"}],
    }
    assert "clients-to-kafka-in" not in names(found, "NetworkPolicy")


def test_an_ingress_passes_on_what_its_controllers_send(tmp_path: Path) -> None:
    open_to = load_stack(STACKS / "Pulumi.prod.yaml").security.model_dump() | {"allowed_ingress_namespaces": ["edge"]}
    found = made(tmp_path, {"partner": PARTNER}, stack({"external_listener": INGRESS}, security=open_to))
    _, listener = inputs(found, "Kafka", "kafka")["kafka"]["listeners"]
    assert (listener["type"], listener["tls"]) == ("ingress", True)
    assert listener["configuration"] == {
        "class": "nginx",
        "bootstrap": {"host": "kafka.example.com", "annotations": {}},
        "hostTemplate": "broker-{nodeId}.kafka.example.com",
        "perBrokerAnnotationsTemplate": {},
    }
    (rule,) = inputs(found, "NetworkPolicy", "outside-to-kafka-in-2")["ingress"]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "edge"}}}]
    assert rule["ports"] == [{"port": 9096, "protocol": "TCP"}]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"external_listener": {**BALANCED, "allowed_cidrs": []}}, "kafka.external_listener: allowed_cidrs: missing"),
    (
        {"external_listener": {**BALANCED, "allowed_cidrs": ["0.0.0.0/0"]}},
        "kafka.external_listener: allowed_cidrs: a network of /0 lets everybody in",
    ),
    (
        {"external_listener": {**INGRESS, "allowed_cidrs": ["10.0.0.0/8"]}},
        "kafka.external_listener: allowed_cidrs: behind an ingress Kafka sees the controller's address alone",
    ),
    (
        {"external_listener": {**BALANCED, "ingress_class": "nginx"}},
        "kafka.external_listener: ingress_class: only for type ingress",
    ),
    (
        {"external_listener": {**BALANCED, "broker_host": "broker.example.com"}},
        "kafka.external_listener.broker_host: does not match",
    ),
    ({"external_listener": {**BALANCED, "type": "nodeport"}}, "kafka.external_listener.type: not one of"),
    ({"external_listener": BALANCED, "provider": "plain"}, "kafka: external_listener: only for provider strimzi"),
    ({"external_listener": BALANCED, **AIVEN}, "kafka: external_listener: only for provider strimzi; Aiven's service"),
    ({"external_listener": INGRESS}, "kafka.external_listener.type: ingress needs a controller that may reach Kafka"),
]


@pytest.mark.parametrize(("kafka", "told"), REFUSED, ids=[told[:60] for _, told in REFUSED])
def test_a_listener_that_cannot_be_is_refused(tmp_path: Path, kafka: dict[str, Any], told: str) -> None:
    document = load_stack(STACKS / "Pulumi.prod.yaml").model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert told in refusal(tmp_path, {**document, "kafka": kafka})


def test_one_machine_has_no_address_outside(tmp_path: Path) -> None:
    local = {"environment": "local", "target": "embedded", "pipelines": ["flights"]}
    told = refusal(tmp_path, {**local, "kafka": {"external_listener": BALANCED}})
    assert "kafka.external_listener: the embedded target's Kafka listens to this machine alone; remove it" in told


def refusal(folder: Path, document: dict[str, Any]) -> str:
    path = folder / "Pulumi.test.yaml"
    path.write_text(json.dumps({"config": {f"weir:{name}": value for name, value in document.items()}}))
    with pytest.raises(ConfigError) as refused:
        load_stack(path)
    return str(refused.value)


def test_aivens_clients_have_users_rights_and_schemas_there(tmp_path: Path) -> None:
    found = {each.name: each for each in made(tmp_path, {"partner": PARTNER}, stack(AIVEN, prices=AIVEN_PRICES))}
    user = "kafka-weir-flights-partner"
    assert found[user].inputs["username"] == "weir-flights-partner"
    rights = {
        (each.inputs["resourceType"], each.inputs["resourceName"], each.inputs["operation"])
        for each in found.values()
        if each.type.endswith("KafkaNativeAcl") and each.inputs["principal"] == "User:weir-flights-partner"
    }
    groups = {("Group", group, right) for group in PARTNER["groups"] for right in ("Read", "Describe")}
    assert rights == {("Topic", "flights.events", "Read"), ("Topic", "flights.events", "Describe"), *groups}
    reading = found[f"{user}-flights.events-value"].inputs
    assert (reading["permission"], reading["resource"]) == ("schema_registry_read", "Subject:flights.events-value")
    job = found["kafka-weir-flights-quota"].inputs["consumerByteRate"]
    assert found[f"{user}-quota"].inputs["consumerByteRate"] == 2 * job
    assert found[f"{user}-secret"].inputs["metadata"]["name"] == "weir-flights-partner"


def test_the_plain_kafkas_setup_makes_the_users_of_clients(tmp_path: Path) -> None:
    found = made(tmp_path, CLIENTS, stack({"provider": "plain"}))
    (files,) = [each.inputs["data"] for each in found if each.name == "kafka-setup-files"]
    assert '"weir-flights-analytics"' in files["kafka.json"]
    assert {"weir-flights-feed", "weir-flights-analytics"} <= names(found, "Secret")


def test_the_guide_names_what_is_there(tmp_path: Path) -> None:
    outside = parsed(connect_guide.blocks("yaml")[1])["weir:kafka"]
    found = made(tmp_path, {**connect_guide.clients(), "partner": PARTNER}, stack(outside))
    assert {"weir-flights-feed", "weir-flights-analytics"} <= names(found, "KafkaUser")
    text = connect_guide.GUIDE.read_text(encoding="utf-8")
    flows = {name.removesuffix("-in") for name in names(found, "NetworkPolicy") if name.endswith("-in")}
    assert {flow for flow in flows if f"`{flow}`" in text} == {
        *("clients-to-kafka", "clients-to-registry", "outside-to-kafka"),
    }
    (wired,) = [each for each in found if each.name == "registry-config"]
    assert "kafka-kafka-bootstrap.weir-prod.svc:9093" in wired.inputs["data"]["application.properties"]
    assert connect_guide.ADDRESS == "kafka-kafka-bootstrap.weir-dev.svc:9093"


def test_the_policy_pack_finds_nothing_about_clients(tmp_path: Path) -> None:
    found = made(tmp_path, {**CLIENTS, "partner": PARTNER}, by_digest(stack({"external_listener": BALANCED})))
    resources = [Resource(each.type, each.name, each.inputs, each.protect) for each in found if each.custom]
    assert [str(violation) for violation in rules.violations(resources)] == []
