"""The operators' namespace: nothing is allowed there but what each operator needs."""

from __future__ import annotations

from typing import Any

import pytest
from tests.renderings import rendered, rendered_with

from weir.programs.rendering import Rendering

pytestmark = pytest.mark.unit

NAMESPACE = "weir-prod-operators"
OUTSIDE = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}
KUBE_SYSTEM = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}


def policies(rendering: Rendering) -> dict[str, Any]:
    return {
        entry.inputs["metadata"]["name"]: entry.inputs["spec"]
        for entry in rendering.manifests
        if entry.inputs["kind"] == "NetworkPolicy" and entry.inputs["metadata"]["namespace"] == NAMESPACE
    }


def ports(rule: dict[str, Any]) -> list[int]:
    return sorted({entry["port"] for entry in rule["ports"]})


def test_the_operators_namespace_denies_by_default() -> None:
    spec = policies(rendered("prod"))["deny-by-default"]
    assert not spec["podSelector"].get("matchLabels")
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & spec.keys()


def test_what_comes_in_is_the_api_server_and_prometheus() -> None:
    found = policies(rendered("prod"))
    incoming = {name: spec["ingress"] for name, spec in found.items() if "ingress" in spec}
    assert set(incoming) == {"operators-webhooks-in", "operators-metrics-in"}
    (rule,) = incoming["operators-webhooks-in"]
    assert (rule["from"], ports(rule)) == ([KUBE_SYSTEM, OUTSIDE], [9443, 10250])
    (rule,) = incoming["operators-metrics-in"]
    assert ports(rule) == [8080, 8443, 9249, 9402]


def test_what_goes_out_is_named_by_target_and_port() -> None:
    found = policies(rendered("prod"))
    outgoing = {name: spec["egress"][0] for name, spec in found.items() if "egress" in spec}
    assert {name: ports(rule) for name, rule in outgoing.items()} == {
        "operators-dns-out": [53],
        "operators-issuers-out": [443],
        "operators-kubernetes-out": [443, 6443],
        "operators-pods-out": [8080, 8081, 8083, 8088, 8443, 9090, 9091, 9093, 50051],
    }
    platform = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "weir-prod"}}}
    assert outgoing["operators-pods-out"]["to"] == [platform]
    assert found["operators-issuers-out"]["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "cert-manager"}}


def test_operators_of_the_whole_cluster_reach_every_namespace() -> None:
    found = policies(rendered_with("prod", {"weir:operators.watch_all_namespaces": True}))
    assert found["operators-pods-out"]["egress"][0]["to"] == [{"namespaceSelector": {}}]


def test_without_network_policies_the_operators_have_none() -> None:
    assert policies(rendered_with("prod", {"weir:security.network_policies": False})) == {}
