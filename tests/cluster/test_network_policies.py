"""The stand-in that enforces network policies: what it makes of each part of a policy, as the kernel takes it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cluster.doubles.network_policies import Ruleset, selects

pytestmark = pytest.mark.unit
WEIR, TEAM = "weir", "team"
KAFKA, FLINK, FEED = "10.0.0.1", "10.0.0.2", "10.0.0.3"
EVERYONE: dict[str, Any] = {}


def pod(address: str, name: str, namespace: str = WEIR, **status: str) -> dict[str, Any]:
    ports = [{"name": "clients", "containerPort": 9093}] if name == "kafka" else []
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {"containers": [{"name": name, "ports": ports}]},
        "status": {"podIP": address, "phase": "Running", **status},
    }


def app(name: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": {"app": name}}}


def policy(namespace: str = WEIR, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a-policy", "namespace": namespace}, "spec": {"podSelector": EVERYONE, **spec}}


PODS = [pod(KAFKA, "kafka"), pod(FLINK, "flink"), pod(FEED, "feed", TEAM)]
NAMESPACES = [{"metadata": {"name": name, "labels": {"name": name}}} for name in (WEIR, TEAM)]


def rules(address: str, *policies: dict[str, Any], direction: str = "ingress", pods: Any = PODS) -> list[str] | None:
    """What lets packets of a pod through, before all others are dropped; None where nothing is asked."""
    text = Ruleset(policies, pods, NAMESPACES).text()
    number = sorted(entry["status"].get("podIP", "") for entry in pods).index(address)
    head = f"  chain {direction}_{number} {{\n"
    if head not in text:
        return None
    body = text.split(head)[1].split("  }")[0].splitlines()
    other = "saddr" if direction == "ingress" else "daddr"
    assert body[0].strip() == f"ip {other} {address} return"
    assert body[-1].strip() == "drop"
    return [line.strip() for line in body[1:-1]]


def test_a_pod_that_no_policy_is_about_is_asked_nothing() -> None:
    assert rules(FEED, policy()) is None
    assert rules(KAFKA, policy(), direction="egress") is None


@pytest.mark.parametrize(
    ("spec", "kinds"),
    [
        ({}, (True, False)),
        ({"egress": []}, (True, True)),
        ({"policyTypes": ["Egress"]}, (False, True)),
        ({"policyTypes": ["Ingress", "Egress"]}, (True, True)),
    ],
)
def test_a_policy_denies_in_the_directions_of_its_types(spec: dict[str, Any], kinds: tuple[bool, bool]) -> None:
    found = [rules(KAFKA, policy(**spec), direction=direction) for direction in ("ingress", "egress")]
    assert found == [[] if kind else None for kind in kinds]


def test_a_peer_is_a_pod_of_the_policys_own_namespace() -> None:
    allowed = policy(**app("kafka"), ingress=[{"from": [app("flink"), app("feed")], "ports": [{"port": 9093}]}])
    assert rules(KAFKA, allowed) == [f"ip saddr {FLINK} tcp dport 9093 return"]
    assert rules(FLINK, allowed) is None


def test_a_peer_in_another_namespace_is_found_by_both_selectors() -> None:
    there = {"namespaceSelector": {"matchLabels": {"name": TEAM}}}
    all_of_it = policy(ingress=[{"from": [there]}])
    assert rules(KAFKA, all_of_it) == [f"ip saddr {FEED} meta l4proto {{ tcp, udp, sctp }} return"]
    assert rules(KAFKA, policy(ingress=[{"from": [{**there, **app("flink")}]}])) == []


def test_a_rule_without_peers_admits_everybody() -> None:
    assert rules(KAFKA, policy(ingress=[{"ports": [{"port": 53, "protocol": "UDP"}]}])) == ["udp dport 53 return"]


def test_addresses_are_admitted_but_for_the_exceptions() -> None:
    block = {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}
    outside = policy(policyTypes=["Egress"], egress=[{"to": [{"ipBlock": block}], "ports": [{"port": 443}]}])
    expected = "ip daddr 0.0.0.0/0 ip daddr != { 169.254.169.254/32 } tcp dport 443 return"
    assert rules(FLINK, outside, direction="egress") == [expected]


def test_a_named_port_is_that_of_the_target() -> None:
    ports = [{"port": "clients"}]
    assert rules(KAFKA, policy(ingress=[{"ports": ports}])) == ["tcp dport 9093 return"]
    out = policy(policyTypes=["Egress"], egress=[{"to": [app("kafka"), app("flink")], "ports": ports}])
    assert rules(FLINK, out, direction="egress") == [f"ip daddr {KAFKA} tcp dport 9093 return"]


def test_a_range_of_ports_ends_with_its_last() -> None:
    ports = [{"port": 12691, "endPort": 12701}]
    assert rules(KAFKA, policy(ingress=[{"ports": ports}])) == ["tcp dport 12691-12701 return"]


def test_several_policies_add_up() -> None:
    allowed = [policy(ingress=[{"ports": [{"port": port}]}]) for port in (1, 2)]
    assert rules(KAFKA, policy(), *allowed) == ["tcp dport 1 return", "tcp dport 2 return"]


@pytest.mark.parametrize("change", [{"podIP": ""}, {"phase": "Succeeded"}, {"phase": "Failed"}])
def test_pods_without_an_address_of_their_own_are_left_out(change: dict[str, str]) -> None:
    gone = {**pod(FLINK, "flink"), "status": {"podIP": FLINK, "phase": "Running", **change}}
    assert FLINK not in Ruleset([policy()], [gone], NAMESPACES).text()


def test_pods_in_the_nodes_network_are_left_out() -> None:
    there = pod(FLINK, "flink")
    there["spec"]["hostNetwork"] = True
    assert FLINK not in Ruleset([policy()], [there], NAMESPACES).text()


@pytest.mark.parametrize(
    ("expression", "taken"),
    [
        ({"operator": "In", "values": ["a", "b"]}, {"a"}),
        ({"operator": "NotIn", "values": ["a"]}, {"c", None}),
        ({"operator": "Exists"}, {"a", "c"}),
        ({"operator": "DoesNotExist"}, {None}),
    ],
)
def test_expressions_of_selectors(expression: dict[str, Any], taken: set[str | None]) -> None:
    selector = {"matchExpressions": [{"key": "k", **expression}]}
    assert {value for value in ("a", "c", None) if selects(selector, {"k": value} if value else {})} == taken
