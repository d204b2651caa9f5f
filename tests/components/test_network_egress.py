"""Where pods may go beyond the platform: each setting of the cluster's network, as rules of the rendered policies."""

from __future__ import annotations

from typing import Any

import pytest
from tests.components.serving import PROD, made_by, schema_problems
from tests.renderings import settings_of

from weir.components.network_endpoints import Endpoint, namespace_of
from weir.components.network_flows import Flow, flows
from weir.components.network_policies import NetworkPolicies
from weir.config.security import SecretName
from weir.config.stack import StackConfig

pytestmark = pytest.mark.unit

STORE = "weir:storage.object_storage"
NETWORK = "weir:security.network"
ANYWHERE = [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}]
NAMED_KEYS = {"bucket": "weir-dev", "workload_identity": True}


def namespace(name: str, **labels: str) -> dict[str, Any]:
    peer: dict[str, Any] = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
    return peer | ({"podSelector": {"matchLabels": labels}} if labels else {})


def block(cidr: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr}}


def tcp(*ports: int) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"} for port in ports]


def policies(stack: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The policies of a stack with other settings, by their names."""
    settings = settings_of(stack)
    for path, value in changes.items():
        key, *rest = path.split(".")
        group = settings
        for part in rest:
            group, key = group.setdefault(key, {}), part
        group[key] = value
    secrets = [name for name in settings if name.removeprefix("weir:") in set(SecretName)]
    known = {name.removeprefix("weir:"): value for name, value in settings.items() if name not in secrets}
    given = [name.removeprefix("weir:") for name in secrets]
    found = flows(StackConfig.model_validate({**known, "given_secrets": given}))
    made = made_by(lambda: NetworkPolicies(PROD, found) and None)
    assert schema_problems(made) == []
    return {entry.inputs["metadata"]["name"]: entry.inputs["spec"] for entry in made.values() if entry.custom}


def egress(changes: dict[str, Any], flow: str) -> dict[str, Any]:
    """The one rule of the flow's policy at its source."""
    (rule,) = policies("dev", changes)[f"{flow}-out"]["egress"]
    return rule


def flows_out(stack: str, changes: dict[str, Any]) -> set[str]:
    return {name.removesuffix("-out") for name in policies(stack, changes) if name.endswith("-out")}


def bucket_at(url: str) -> dict[str, Any]:
    return {STORE: {**NAMED_KEYS, "endpoint_url": url}}


def sign_in_at(url: str) -> dict[str, Any]:
    sign_in = {"issuer_url": url, "client_id": "weir", "groups": {"administrators": ["platform"]}}
    return {
        "weir:superset": {"host": "weir.example.org", "sign_in": sign_in},
        "weir:superset_sign_in_client_secret": {"secure": "x"},
    }


RULES: dict[str, tuple[dict[str, Any], str, list[dict[str, Any]], list[dict[str, Any]]]] = {
    "the cloud's object storage": ({STORE: NAMED_KEYS}, "flink-to-bucket", ANYWHERE, tcp(443)),
    "MinIO on a host": (bucket_at("https://minio.example.org:9000"), "flink-to-bucket", ANYWHERE, tcp(9000)),
    "plain HTTP on its usual port": (bucket_at("http://minio.example.org"), "flink-to-bucket", ANYWHERE, tcp(80)),
    "HTTPS on its usual port": (bucket_at("https://minio.example.org"), "flink-to-bucket", ANYWHERE, tcp(443)),
    "MinIO in the cluster": (
        bucket_at("http://minio.storage.svc:9000"),
        "flink-to-bucket",
        [namespace("storage")],
        tcp(9000),
    ),
    "a Service that maps its port": (
        {
            **bucket_at("http://minio.storage.svc.cluster.local"),
            f"{NETWORK}.object_storage": {"ports": [9000], "namespaces": ["minio-tenant"]},
        },
        "flink-to-bucket",
        [namespace("minio-tenant")],
        tcp(9000),
    ),
    "object storage in a subnet": (
        {**bucket_at("https://s3.internal:8443"), f"{NETWORK}.object_storage": {"cidrs": ["10.1.0.0/16"]}},
        "flink-to-bucket",
        [block("10.1.0.0/16")],
        tcp(8443),
    ),
    "the token service beside a narrow bucket": (
        {STORE: NAMED_KEYS, f"{NETWORK}.object_storage": {"cidrs": ["10.1.0.0/16"]}},
        "flink-to-identity",
        ANYWHERE,
        tcp(443),
    ),
    "EKS Pod Identity": (
        {STORE: NAMED_KEYS, f"{NETWORK}.identity_agent": "eks-pod-identity"},
        "flink-to-identity",
        [block("169.254.170.23/32")],
        tcp(80),
    ),
    "GKE's metadata server": (
        {STORE: NAMED_KEYS, f"{NETWORK}.identity_agent": "gke-metadata"},
        "flink-to-identity",
        [block("169.254.169.252/32")],
        tcp(988),
    ),
    "GKE's metadata server with Dataplane V2": (
        {STORE: NAMED_KEYS, f"{NETWORK}.identity_agent": "gke-metadata"},
        "flink-to-identity-2",
        [block("169.254.169.254/32")],
        tcp(80),
    ),
    "the API server, anywhere": ({}, "flink-to-kubernetes", ANYWHERE, tcp(443, 6443)),
    "the API server, at its addresses": (
        {f"{NETWORK}.api_server_cidrs": ["10.0.0.1/32", "172.16.0.2/32"]},
        "kafka-to-kubernetes",
        [block("10.0.0.1/32"), block("172.16.0.2/32")],
        tcp(443, 6443),
    ),
    "Superset's database in the cluster": (
        {"weir:superset.cache": {"host": "valkey.shared.svc", "port": 6380}, "weir:cache_password": {"secure": "x"}},
        "superset-to-cache",
        [namespace("shared")],
        tcp(6380),
    ),
    "the identity provider": (sign_in_at("https://login.example.org"), "superset-to-sign-in", ANYWHERE, tcp(443)),
    "the identity provider on a port of its own": (
        sign_in_at("https://login.example.org:8443/realms/company"),
        "superset-to-sign-in",
        ANYWHERE,
        tcp(8443),
    ),
    "the identity provider in the cluster": (
        sign_in_at("https://keycloak.identity.svc:8443/realms/company"),
        "superset-to-sign-in",
        [namespace("identity")],
        tcp(8443),
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_egress_follows_the_setting(name: str) -> None:
    changes, flow, peers, ports = RULES[name]
    assert egress(changes, flow) == {"to": peers, "ports": ports}


DNS: dict[str, tuple[dict[str, Any], list[dict[str, Any]], list[int]]] = {
    "the default": ({}, [namespace("kube-system")], [53, 53]),
    "NodeLocal DNSCache": (
        {"cidrs": ["169.254.20.10/32"]},
        [namespace("kube-system"), block("169.254.20.10/32")],
        [53, 53],
    ),
    "certain pods": (
        {"pod_labels": {"k8s-app": "kube-dns"}},
        [namespace("kube-system", **{"k8s-app": "kube-dns"})],
        [53, 53],
    ),
    "OpenShift": (
        {"namespaces": ["openshift-dns"], "ports": [5353]},
        [namespace("openshift-dns")],
        [5353, 5353],
    ),
    "an address alone": ({"namespaces": [], "cidrs": ["10.0.0.10/32"]}, [block("10.0.0.10/32")], [53, 53]),
}


@pytest.mark.parametrize("name", DNS)
def test_names_are_asked_for_where_the_cluster_answers(name: str) -> None:
    settings, peers, ports = DNS[name]
    rule = egress({f"{NETWORK}.dns": settings}, "dns")
    assert rule["to"] == peers
    assert [entry["port"] for entry in rule["ports"]] == ports
    assert [entry["protocol"] for entry in rule["ports"]] == ["UDP", "TCP"]


def test_every_pod_that_uses_the_bucket_reaches_the_agent() -> None:
    changes = {
        f"{NETWORK}.identity_agent": "eks-pod-identity",
        "weir:retention.tiered_storage": {"enabled": True, "local_retention_hours": 24},
    }
    found = flows_out("prod", changes)
    users = ("cassandra", "flink", "kafka")
    assert {f"{user}-to-{target}" for user in users for target in ("bucket", "identity")} <= found


def test_public_token_services_need_no_flow_beside_a_public_bucket() -> None:
    assert not {name for name in flows_out("prod", {}) if "identity" in name}


def test_a_key_instead_of_an_identity_needs_no_agent() -> None:
    keys = {f"weir:object_storage_{part}_key": {"secure": "x"} for part in ("access", "secret")}
    found = flows_out("dev", {STORE: {"bucket": "weir-dev", "endpoint_url": "http://minio.example.org:9000"}, **keys})
    assert "flink-to-bucket" in found
    assert not {name for name in found if "identity" in name}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("minio.storage.svc", "storage"),
        ("minio.storage.svc.cluster.local", "storage"),
        ("minio-0.minio.storage.svc.cluster.local.", "storage"),
        ("minio.storage", None),
        ("storage.svc", None),
        ("s3.eu.svc.example.org", None),
        ("s3.amazonaws.com", None),
        ("", None),
    ],
)
def test_a_name_inside_the_cluster_tells_its_namespace(host: str, expected: str | None) -> None:
    assert namespace_of(host) == expected


def test_a_rule_without_peers_which_admits_everybody_is_never_made() -> None:
    nobody = Flow("left-to-nobody", Endpoint("left", pods=((("app", "left"),),)), Endpoint("nobody"), (443,), "nothing")
    with pytest.raises(ValueError, match="nobody: no pods, namespaces or addresses"):
        made_by(lambda: NetworkPolicies(PROD, [nobody]) and None)
