"""Network policies: what is denied, what each flow allows, and the table that people read."""

from __future__ import annotations

from typing import Any

import pytest
from tests.components import serving
from tests.components.serving import PROD, made_by, one
from tests.renderings import PLAIN, manifest, rendered, rendered_with

from weir.components.network_endpoints import Endpoint
from weir.components.network_flows import Flow, flows, table
from weir.components.network_policies import NetworkPolicies
from weir.config.kafka import KafkaProvider
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.config.trino import TrinoConfig
from weir.programs.rendering import Rendering

pytestmark = pytest.mark.unit

PRODUCTION = load_stack(REPOSITORY / "stacks" / "Pulumi.prod.yaml")
DOCUMENT = REPOSITORY / "docs" / "how-to" / "secure.md"
LEFT = Endpoint("left", pods=((("app", "left"),),))
RIGHT = Endpoint("right", pods=((("app", "right"),), (("role", "right"),)))


def policies(*found: Flow) -> dict[str, Any]:
    made = made_by(lambda: NetworkPolicies(PROD, found) and None)
    assert serving.schema_problems(made) == []
    return {
        key.removeprefix("NetworkPolicy/network-"): one(made, key)["spec"]
        for key in made
        if key.startswith("NetworkPolicy/")
    }


def test_without_a_flow_nothing_talks() -> None:
    spec = policies()["deny-by-default"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in spec
    assert "egress" not in spec


def test_a_flow_is_let_in_at_its_target_and_out_at_its_source() -> None:
    made = policies(Flow("left-to-right", LEFT, RIGHT, (9042,), "rows"))
    assert set(made) == {"deny-by-default", "left-to-right-in", "left-to-right-in-2", "left-to-right-out"}
    assert made["left-to-right-in"]["podSelector"] == {"matchLabels": {"app": "right"}}
    (rule,) = made["left-to-right-in"]["ingress"]
    assert rule == {
        "from": [{"podSelector": {"matchLabels": {"app": "left"}}}],
        "ports": [{"port": 9042, "protocol": "TCP"}],
    }
    (rule,) = made["left-to-right-out"]["egress"]
    assert len(rule["to"]) == 2


def test_every_port_that_flink_asks_another_pod_at_is_fixed_and_let_in() -> None:
    """A port of 0 is any free one, which no policy can name."""
    configuration = manifest(rendered("prod"), "FlinkDeployment", "flights")["spec"]["flinkConfiguration"]
    between_pods = {
        **{"jobmanager.rpc.port": "6123", "blob.server.port": "6124", "taskmanager.rpc.port": "6122"},
        **{"taskmanager.data.port": "6121", "metrics.internal.query-service.port": "6125", "rest.port": "8081"},
    }
    assert {name: configuration[name] for name in between_pods} == between_pods
    (flow,) = [flow for flow in flows(PRODUCTION) if flow.name == "flink-internal"]
    assert flow.ports == (6121, 6122, 6123, 6124, 6125, 8081)


def test_the_way_outside_leaves_out_the_clouds_credentials() -> None:
    made = policies(Flow("left-to-bucket", LEFT, Endpoint("outside", outside=True), (443,), "checkpoints"))
    (rule,) = made["left-to-bucket-out"]["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}]


def labels_of_pods(rendering: Rendering) -> list[dict[str, str]]:
    """The labels of every pod that weir itself makes."""
    found = []
    for entry in rendering.manifests:
        spec = entry.inputs.get("spec", {})
        if entry.inputs["kind"] in {"Deployment", "StatefulSet", "Job"}:
            found.append(spec["template"]["metadata"]["labels"])
        if entry.inputs["kind"] == "FlinkDeployment":
            found.append(spec["podTemplate"]["metadata"]["labels"])
    return found


@pytest.mark.parametrize("provider", ["operators", "plain"])
def test_every_pod_has_some_flow_and_every_selector_finds_some_pod(provider: str) -> None:
    rendering = rendered("dev") if provider == "operators" else rendered_with("dev", PLAIN)
    pods = labels_of_pods(rendering)
    selectors = [
        entry.inputs["spec"]["podSelector"].get("matchLabels", {})
        for entry in rendering.manifests
        if entry.inputs["kind"] == "NetworkPolicy" and entry.inputs["metadata"]["namespace"] == "weir-dev"
    ]
    named = [selector for selector in selectors if selector]
    for labels in pods:
        assert any(selector.items() <= labels.items() for selector in named), labels
    if provider == "plain":
        for selector in named:
            assert any(selector.items() <= labels.items() for labels in pods), selector


@pytest.mark.parametrize(
    ("port", "operators"),
    [(8080, {"cass-operator", "k8ssandra-operator"}), (50051, {"k8ssandra-operator"})],
)
def test_cassandras_open_interfaces_answer_their_operators_alone(port: int, operators: set[str]) -> None:
    found = [
        peer
        for entry in rendered("prod").manifests
        if entry.inputs["kind"] == "NetworkPolicy"
        and "cassandra" in (entry.inputs["spec"]["podSelector"].get("matchLabels") or {}).values()
        for rule in entry.inputs["spec"].get("ingress", ())
        if port in {allowed["port"] for allowed in rule["ports"]}
        for peer in rule["from"]
    ]
    reaper = {"podSelector": {"matchLabels": {"weir.io/component": "cassandra"}}}
    admitted = [peer for peer in found if peer != reaper]
    assert (reaper in found) == (port == 8080), "Reaper and the nodes, and not the schema-and-roles job"
    assert all(
        peer["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "weir-prod-operators"}}
        for peer in admitted
    )
    assert {peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for peer in admitted} == operators


def test_only_superset_reaches_trino_and_only_an_ingress_reaches_superset() -> None:
    sources = {flow.source.name for flow in flows(PRODUCTION) if flow.target.name == "trino"}
    assert sources == {"superset", "trino"}
    open_port = [flow for flow in flows(PRODUCTION) if flow.target.name == "superset" and 8088 in flow.ports]
    assert {flow.source.name for flow in open_port} <= {"superset", "ingress controllers"}


def test_the_plain_kafka_setup_reaches_the_brokers_and_nobody_reaches_it() -> None:
    plain = PRODUCTION.kafka.model_copy(update={"provider": KafkaProvider.PLAIN})
    stack = PRODUCTION.model_copy(update={"kafka": plain})
    found = flows(stack)
    (opened,) = [flow for flow in found if flow.source.name == "kafka-setup"]
    assert (opened.target.name, opened.ports) == ("kafka", (9094,))
    assert not [flow for flow in found if flow.target.name == "kafka-setup"]


def test_flows_have_names_of_their_own() -> None:
    names = [flow.name for flow in flows(PRODUCTION)]
    assert len(names) == len(set(names))


def test_the_documented_table_of_flows_is_the_one_policies_are_made_from() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    begun, ended = text.index("| flow |"), text.index("\n\n", text.index("| flow |"))
    assert text[begun:ended].splitlines() == table(PRODUCTION)


def test_trino_is_reached_by_people_whom_the_stack_lets_in() -> None:
    people = {
        "groups": {"readers": {"members": ["ana"], "pipelines": ["flights"]}},
        "host": "trino.example.org",
        "allowed_cidrs": ["192.0.2.0/24"],
        "client_namespaces": ["notebooks"],
    }
    stack = PRODUCTION.model_copy(update={"trino": TrinoConfig.model_validate(people)})
    to_trino = {flow.name: flow for flow in flows(stack) if flow.target.name == "trino"}
    assert sorted(to_trino) == ["people-to-trino", "superset-to-trino", "tools-to-trino", "trino-internal"]
    assert to_trino["people-to-trino"].source.cidrs == ("192.0.2.0/24",)
    assert to_trino["tools-to-trino"].source.namespaces == ("notebooks",)
    assert {flow.ports for flow in to_trino.values()} == {(8443,)}
    assert [flow.name for flow in flows(PRODUCTION) if flow.target.name == "trino"] == [
        "superset-to-trino",
        "trino-internal",
    ]
