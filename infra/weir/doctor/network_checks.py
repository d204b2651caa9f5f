"""The network: whether policies are enforced, and whether what they let through is where they say."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from weir.config.network import IdentityAgent
from weir.doctor.cluster_checks import Cluster
from weir.doctor.findings import Check, Finding, Maker, State
from weir.doctor.snapshot import Document, Snapshot, containers, labels_of, name_of, namespace_of

NODE_LOCAL_ADDRESS = "169.254.20.10"
NODE_LOCAL_IMAGE = "k8s-dns-node-cache"
EKS_ROLE = "eks.amazonaws.com/role-arn"
ENFORCERS = {
    "cilium": "Cilium",
    "calico-node": "Calico",
    "canal": "Canal",
    "antrea-agent": "Antrea",
    "kube-router": "kube-router",
    "weave-net": "Weave Net",
    "azure-npm": "Azure's policy manager",
    "kindnet": "kindnet",
    "kube-network-policies": "kube-network-policies",
    "anetd": "GKE Dataplane V2",
    "ovnkube-node": "OVN-Kubernetes",
}
"""DaemonSets that enforce NetworkPolicies."""
AWS_NODE = "aws-node"
AWS_ENFORCER = "--enable-network-policy=true"
"""An argument of the VPC CNI's second container, without which it enforces nothing."""
ADMISSION = {"kyverno.io": "Kyverno", "templates.gatekeeper.sh": "Gatekeeper"}


def _enforced(cluster: Cluster) -> Iterator[Finding]:
    if not cluster.needs.stack.security.network_policies:
        yield Finding("network policies", State.WARNING, "switched off (security.network_policies)")
        return
    found = _enforcers(cluster.snapshot)
    if not found:
        yield Finding(
            "network policies",
            State.WARNING,
            "nothing known enforces them here: they would be accepted, and stop nothing",
            "use a network with a policy controller (docs/how-to/prepare-a-cloud.md)",
            Maker.CLUSTER,
        )
    elif "Cilium" in found and not cluster.needs.stack.security.network.api_server_cidrs:
        yield Finding(
            "network policies",
            State.WARNING,
            "Cilium enforces them, and its address blocks match neither pods nor nodes, so perhaps not the API server",
            "see 'Cilium' in docs/how-to/secure.md",
            Maker.CLUSTER,
        )
    else:
        yield Finding("network policies", State.OK, f"enforced by {', '.join(sorted(found))}")


def _enforcers(snapshot: Snapshot) -> set[str]:
    found = {ENFORCERS[name_of(entry)] for entry in snapshot.items("daemonsets") if name_of(entry) in ENFORCERS}
    for entry in snapshot.items("daemonsets"):
        if name_of(entry) == AWS_NODE:
            arguments = [argument for container in containers(entry) for argument in container.get("args") or ()]
            found |= {"the VPC CNI"} if AWS_ENFORCER in arguments else set()
    return found


def _dns(cluster: Cluster) -> Iterator[Finding]:
    dns = cluster.needs.stack.security.network.dns
    services = [entry for entry in cluster.snapshot.items("services") if _answers_names(entry)]
    there = sorted({namespace_of(entry) for entry in services})
    admitted = [name for name in dns.namespaces if name in there]
    if dns.namespaces and not admitted:
        told = f"policies admit DNS in {', '.join(dns.namespaces)}, where no Service has port 53"
        where = f"[{', '.join(there)}]" if there else "the namespace of the DNS pods"
        yield Finding("DNS", State.MISSING, told, f"set security.network.dns.namespaces to {where}", Maker.YOU)
        return
    if dns.pod_labels and not _has_pods(cluster.snapshot, dns.namespaces, dns.pod_labels):
        labels = ", ".join(f"{key}={value}" for key, value in dns.pod_labels.items())
        remedy = "correct security.network.dns.pod_labels, or remove it"
        yield Finding("DNS", State.MISSING, f"no pod there has the labels {labels}", remedy, Maker.YOU)
        return
    if _has_node_cache(cluster.snapshot) and not _admits(dns.cidrs, NODE_LOCAL_ADDRESS):
        addresses = [entry["spec"].get("clusterIP") for entry in services]
        wanted = [f"{address}/32" for address in (NODE_LOCAL_ADDRESS, *addresses) if address not in (None, "None")]
        told = "NodeLocal DNSCache answers on the node's own address, which no policy admits"
        yield Finding("DNS", State.MISSING, told, f"set security.network.dns.cidrs to [{', '.join(wanted)}]", Maker.YOU)
        return
    yield Finding("DNS", State.OK, f"answers in {', '.join(admitted) or 'the given addresses'}")


def _answers_names(service: Document) -> bool:
    return any(port.get("port") == 53 for port in service["spec"].get("ports") or ())


def _has_pods(snapshot: Snapshot, namespaces: list[str], labels: dict[str, str]) -> bool:
    pods = (pod for pod in snapshot.items("pods") if namespace_of(pod) in namespaces)
    return any(labels.items() <= labels_of(pod).items() for pod in pods)


def _has_node_cache(snapshot: Snapshot) -> bool:
    images = (str(each.get("image", "")) for entry in snapshot.items("daemonsets") for each in containers(entry))
    return any(NODE_LOCAL_IMAGE in image for image in images)


def _admits(cidrs: list[str], address: str) -> bool:
    return any(ip_address(address) in ip_network(cidr) for cidr in cidrs)


def _identity(cluster: Cluster) -> Iterator[Finding]:
    """How pods get at the bucket without a key: by their account's annotation, or by an agent on the node."""
    stack = cluster.needs.stack
    store, agent = stack.storage.object_storage, stack.security.network.identity_agent
    if store is None or not store.workload_identity:
        return
    has_agent = any("eks-pod-identity-agent" in name_of(entry) for entry in cluster.snapshot.items("daemonsets"))
    if store.service_account_annotations:
        told = ", ".join(f"{key}: {value}" for key, value in store.service_account_annotations.items())
        yield Finding("identity", State.OK, f"service accounts have {told}")
    elif has_agent and agent is not IdentityAgent.EKS_POD_IDENTITY:
        told = "pods get credentials from EKS Pod Identity's agent, whose address no policy admits"
        remedy = "set security.network.identity_agent to eks-pod-identity, or annotate the accounts"
        yield Finding("identity", State.MISSING, f"{told} (no {EKS_ROLE} is given)", remedy, Maker.YOU)
    elif agent is IdentityAgent.NONE:
        told = "workload_identity is set, and neither an annotation nor an agent says whose identity it is"
        remedy = "set storage.object_storage.service_account_annotations (docs/how-to/prepare-a-cloud.md)"
        yield Finding("identity", State.WARNING, told, remedy, Maker.CLOUD)
    else:
        yield Finding("identity", State.OK, f"by {agent.value}; see that the service accounts are bound to a role")


def _admission(cluster: Cluster) -> Iterator[Finding]:
    for group, name in ADMISSION.items():
        if cluster.snapshot.has_group(group):
            told = f"{name} may refuse what Kubernetes itself accepts"
            command = "weir render --stack <stack> --out rendered && kubectl apply --dry-run=server -R -f rendered"
            yield Finding("admission", State.WARNING, told, command, Maker.YOU)


CHECKS: tuple[Check[Cluster], ...] = (
    Check("network policies", _enforced),
    Check("DNS", _dns),
    Check("identity", _identity),
    Check("admission", _admission),
)
