"""Each thing that a stack needs of its cluster is taken away, one at a time: it is named, with a remedy and a maker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from tests.doctor.api_server import (
    ZONES,
    items,
    metadata,
    node,
    operator,
    pod,
    service,
    storage_class,
    workload,
)
from tests.doctor.judging import CLASSES, VOLUMES, judged, needs_with, only, problems, without

from weir.config.versions import CHARTS
from weir.doctor.findings import Maker, State

pytestmark = pytest.mark.unit

DEPLOYMENTS = "/apis/apps/v1/deployments"
DAEMONSETS = "/apis/apps/v1/daemonsets"
QUOTAS = "/api/v1/namespaces/weir-prod/resourcequotas"
MONITORING = "/apis/monitoring.coreos.com/v1"
SHARED = {"operators": {"install": False, "namespace": "shared"}}
CLUSTER, YOU = Maker.CLUSTER, Maker.YOU


@dataclass(frozen=True)
class Taken:
    """What of the complete cluster is different, and the finding that must come of it."""

    documents: dict[str, Any]
    about: str
    state: State
    found: str
    remedy: str
    maker: Maker | None = CLUSTER
    settings: dict[str, Any] | None = None


def all_operators(**changes: dict[str, Any]) -> dict[str, Any]:
    """The operators of another team, some of them different."""
    return items(*(operator(chart, "shared", **changes.get(chart.partition("-")[0], {})) for chart in CHARTS))


def watching(namespaces: str) -> dict[str, Any]:
    return {"container": {"env": [{"name": "STRIMZI_NAMESPACE", "value": namespaces}]}}


TAKEN: dict[str, Taken] = {
    "an old Kubernetes": Taken(
        {"/version": {"major": "1", "minor": "29"}},
        "Kubernetes", State.MISSING, "1.29 is older than the operators support", "upgrade it to 1.30 or newer",
    ),
    "an untested Kubernetes": Taken(
        {"/version": {"major": "1", "minor": "33"}},
        "Kubernetes", State.WARNING, "1.33 is older than what weir is tested on", "nothing; weir is tested on", None,
    ),
    "Prometheus' operator": Taken(
        {MONITORING: {"resources": [{"kind": "PodMonitor"}]}},
        "custom resources", State.MISSING, "PrometheusRule of monitoring.coreos.com/v1 is not served",
        "install prometheus-operator v0.93.0, or set observability.alerts to false",
    ),
    "another environment's operators": Taken(
        {DEPLOYMENTS: items(operator("strimzi-kafka-operator", "weir-dev-operators"))},
        "operators", State.MISSING, "strimzi-kafka-operator runs in weir-dev-operators already",
        "set operators: {install: false, namespace: weir-dev-operators}", YOU,
    ),
    "another team's cert-manager": Taken(
        {DEPLOYMENTS: items(operator("cert-manager", "cert-manager"))},
        "operators", State.MISSING, "cert-manager runs in cert-manager already",
        "set operators.install_cert_manager to false", YOU,
    ),
    "an operator of another team": Taken(
        {DEPLOYMENTS: items(*(operator(chart, "shared") for chart in CHARTS if chart != "superset-operator"))},
        "operators", State.MISSING, "no superset-operator runs", "install the chart superset-operator 0.2.0",
        settings=SHARED,
    ),
    "the operators' namespace": Taken(
        {DEPLOYMENTS: items(*(operator(chart, "elsewhere" if "flink" in chart else "shared") for chart in CHARTS))},
        "operators", State.MISSING, "flink-kubernetes-operator runs in elsewhere, and network policies admit shared",
        "set operators.namespace to elsewhere", YOU, SHARED,
    ),
    "an operator's pods": Taken(
        {DEPLOYMENTS: all_operators(k8ssandra={"status": {}})},
        "operators", State.MISSING, "k8ssandra-operator is not available",
        "kubectl -n shared describe deployment k8ssandra-operator", settings=SHARED,
    ),
    "an operator's version": Taken(
        {DEPLOYMENTS: all_operators(flink={"labels": {"app.kubernetes.io/version": "1.14.0"}})},
        "operators", State.WARNING, "flink-kubernetes-operator is 1.14.0; weir is checked against 1.15.0",
        "upgrade it to 1.15.0", settings=SHARED,
    ),
    "an operator's eye": Taken(
        {DEPLOYMENTS: all_operators(strimzi=watching("weir-dev, weir-staging"))},
        "operators", State.MISSING, "strimzi-kafka-operator does not look after the namespace weir-prod",
        "let it watch every namespace", settings=SHARED,
    ),
    "the issuer of certificates": Taken(
        {}, "certificates", State.MISSING, "there is no ClusterIssuer company", "create it, or remove",
        settings={"security": {"certificate_issuer": "company"}},
    ),
    "a storage class": Taken(
        {CLASSES: items(storage_class("gp2"))},
        VOLUMES, State.MISSING, "gp3-encrypted does not exist; there are gp2",
        "create it (docs/how-to/prepare-a-cloud.md)",
    ),
    "growth of volumes": Taken(
        {CLASSES: items(storage_class(allowVolumeExpansion=False))},
        VOLUMES, State.MISSING, "volumes of gp3-encrypted cannot grow",
        "kubectl patch storageclass gp3-encrypted -p '{\"allowVolumeExpansion\": true}'",
    ),
    "volumes in their pods' zone": Taken(
        {CLASSES: items(storage_class(volumeBindingMode="Immediate"))},
        VOLUMES, State.MISSING, "makes volumes before their pods have a zone",
        "create one with volumeBindingMode: WaitForFirstConsumer",
    ),
    "encryption": Taken(
        {CLASSES: items(storage_class(parameters={"encrypted": "false"}))},
        VOLUMES, State.MISSING, "volumes of gp3-encrypted are not encrypted",
        "create an encrypted one",
    ),
    "a word about encryption": Taken(
        {CLASSES: items(storage_class(parameters={"type": "gp3"}))},
        VOLUMES, State.WARNING, "gp3-encrypted does not say whether it encrypts",
        "aws ec2 get-ebs-encryption-by-default",
    ),
    "a word about encryption from somebody else": Taken(
        {CLASSES: items(storage_class(provisioner="csi.example.com", parameters={"type": "fast"}))},
        VOLUMES, State.WARNING, "gp3-encrypted does not say whether it encrypts",
        "ask whoever runs the storage whether it encrypts",
    ),
    "encryption by Portworx": Taken(
        {CLASSES: items(storage_class(provisioner="pxd.portworx.com", parameters={"secure": "false"}))},
        VOLUMES, State.MISSING, "volumes of gp3-encrypted are not encrypted", "create an encrypted one",
    ),
    "a zone": Taken(
        {"/api/v1/nodes": items(*(node(f"{zone}-{number}", zone) for zone in ZONES[:2] for number in range(12)))},
        "zones", State.MISSING, "eu-west-1c has no node that takes pods; zones with nodes: eu-west-1a, eu-west-1b",
        "add nodes there, or correct availability.zones",
    ),
    "every node": Taken(
        {"/api/v1/nodes": items(node("a", ZONES[0], unschedulable=True))},
        "zones", State.MISSING, "no node is ready and takes pods", "kubectl get nodes",
    ),
    "large nodes": Taken(
        {"/api/v1/nodes": items(*(node(f"{zone}-{n}", zone, "1", "2Gi") for zone in ZONES for n in range(40)))},
        "nodes", State.MISSING, "is larger than every node", "add larger nodes, or lower resources.largest_pod",
    ),
    "room": Taken(
        {"/api/v1/nodes": items(*(node(f"{zone}-0", zone, "16", "64Gi") for zone in ZONES))},
        "nodes", State.MISSING, "do not fit beside what runs", "add nodes",
    ),
    "a quota that is large enough": Taken(
        {QUOTAS: items({"metadata": metadata("team", "weir-prod"), "spec": {"hard": {"requests.cpu": "8"}}})},
        "quota team", State.MISSING, "requests.cpu 8, the plan needs",
        "raise it: kubectl -n weir-prod edit resourcequota team",
    ),
    "a policy controller": Taken(
        {DAEMONSETS: items(workload("kube-flannel", "kube-flannel", "flannel:v1"))},
        "network policies", State.WARNING, "nothing known enforces them here", "use a network with a policy controller",
    ),
    "the VPC CNI's controller": Taken(
        {DAEMONSETS: items(workload("aws-node", "kube-system", "amazon-k8s-cni:v1", container={"args": ["--other"]}))},
        "network policies", State.WARNING, "nothing known enforces them here", "use a network with a policy controller",
    ),
    "address blocks that find nodes": Taken(
        {DAEMONSETS: items(workload("cilium", "kube-system", "cilium/cilium:v1"))},
        "network policies", State.WARNING, "Cilium enforces them", "see 'Cilium' in docs/how-to/secure.md",
    ),
    "DNS where policies expect it": Taken(
        {"/api/v1/services": items(service("dns-default", "openshift-dns", 53), service("web", "kube-system", 80))},
        "DNS", State.MISSING, "policies admit DNS in kube-system, where no Service has port 53",
        "set security.network.dns.namespaces to [openshift-dns]", YOU,
    ),
    "pods with the labels of DNS": Taken(
        {}, "DNS", State.MISSING, "no pod there has the labels k8s-app=kube-dns",
        "correct security.network.dns.pod_labels", YOU,
        {"security": {"network": {"dns": {"pod_labels": {"k8s-app": "kube-dns"}}}}},
    ),
    "a way to the node's cache of DNS": Taken(
        {DAEMONSETS: items(
            workload("calico-node", "kube-system", "calico/node:v3"),
            workload("node-local-dns", "kube-system", "registry.k8s.io/dns/k8s-dns-node-cache:1.26"),
        )},
        "DNS", State.MISSING, "NodeLocal DNSCache answers on the node's own address, which no policy admits",
        "set security.network.dns.cidrs to [169.254.20.10/32, 10.0.0.10/32]", YOU,
    ),
    "a way to the identity agent": Taken(
        {DAEMONSETS: items(
            workload("calico-node", "kube-system", "calico/node:v3"),
            workload("eks-pod-identity-agent", "kube-system", "eks-pod-identity-agent:v1"),
        )},
        "identity", State.MISSING, "whose address no policy admits",
        "set security.network.identity_agent to eks-pod-identity", YOU,
    ),
    "an identity": Taken(
        {}, "identity", State.WARNING, "neither an annotation nor an agent says whose identity it is",
        "set storage.object_storage.service_account_annotations", Maker.CLOUD,
    ),
    "a free hand": Taken(
        {"/apis": {"groups": [{"name": "kyverno.io", "versions": [{"groupVersion": "kyverno.io/v1"}]}]}},
        "admission", State.WARNING, "Kyverno may refuse", "weir render --stack <stack> --out rendered", YOU,
    ),
}  # fmt: skip
ROLE = {"eks.amazonaws.com/role-arn": "arn:x"}
IDENTITY = {"storage": {"object_storage": {"service_account_annotations": ROLE}}}


def test_a_complete_cluster_lacks_nothing() -> None:
    found = judged(of=needs_with(IDENTITY))
    assert problems(found) == []
    told = {finding.about for finding in found}
    assert told >= {
        "Kubernetes",
        "custom resources",
        "operators",
        "zones",
        "nodes",
        "network policies",
        "DNS",
        "identity",
    }


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken_away_is_missed(name: str) -> None:
    taken = TAKEN[name]
    identified = {} if taken.about == "identity" else IDENTITY
    found = judged(without(taken.documents), needs_with({**identified, **(taken.settings or {})}))
    finding = only(found, taken.about)
    assert (finding.state, finding.maker) == (taken.state, taken.maker)
    assert taken.found in finding.found
    assert finding.remedy.startswith(taken.remedy)


FINE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "operators of another team": ({DEPLOYMENTS: all_operators()}, SHARED),
    "operators that watch everything": ({DEPLOYMENTS: all_operators(strimzi=watching("*"))}, SHARED),
    "operators that watch this namespace": ({DEPLOYMENTS: all_operators(strimzi=watching("a, weir-prod"))}, SHARED),
    "its own operators": ({DEPLOYMENTS: items(operator("strimzi-kafka-operator", "weir-prod-operators"))}, {}),
    "cert-manager of another team": (
        {DEPLOYMENTS: items(operator("cert-manager", "cert-manager"))},
        {"operators": {"install_cert_manager": False}},
    ),
    "the VPC CNI with its controller": (
        {DAEMONSETS: items(
            workload("aws-node", "kube-system", "cni:v1", container={"args": ["--enable-network-policy=true"]})
        )},
        {},
    ),
    "Cilium, whose API server has addresses": (
        {DAEMONSETS: items(workload("cilium", "kube-system", "cilium/cilium:v1"))},
        {"security": {"network": {"api_server_cidrs": ["10.0.0.1/32"]}}},
    ),
    "a node's cache of DNS with its address": (
        {DAEMONSETS: items(
            workload("calico-node", "kube-system", "calico/node:v3"),
            workload("node-local-dns", "kube-system", "registry.k8s.io/dns/k8s-dns-node-cache:1.26"),
        )},
        {"security": {"network": {"dns": {"cidrs": ["169.254.20.0/24"]}}}},
    ),
    "a large quota, and weir's own": (
        {QUOTAS: items(
            {"metadata": metadata("team", "weir-prod"), "spec": {"hard": {"requests.cpu": "4k", "pods": "5"}}},
            {"metadata": metadata("platform", "weir-prod"), "spec": {"hard": {"requests.cpu": "1"}}},
        )},
        {},
    ),
    "Rook's disks": (
        {CLASSES: items(storage_class(provisioner="rook-ceph.rbd.csi.ceph.com", parameters={"encrypted": "true"}))}, {},
    ),
    "Azure's disks": ({CLASSES: items(storage_class(provisioner="disk.csi.azure.com", parameters={}))}, {}),
    "Google's disks": ({CLASSES: items(storage_class(provisioner="pd.csi.storage.gke.io", parameters={}))}, {}),
    "what runs in the stack's own namespace": (
        {"/api/v1/pods": items(*(pod(f"p{number}", "weir-prod", f"{zone}-{number}", "31", "120Gi")
                                 for zone in ZONES for number in range(8)))},
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_what_is_there_in_another_way_is_not_missed(name: str) -> None:
    documents, settings = FINE[name]
    assert problems(judged(without(documents), needs_with({**IDENTITY, **settings}))) == []
