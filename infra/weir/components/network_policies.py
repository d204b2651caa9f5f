"""Network policies: nothing may talk to anything, but for the flows that are named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site
from weir.components.network_endpoints import Endpoint, Labels
from weir.components.network_flows import Flow

COMPONENT = "network"
DENY = "deny-by-default"
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
ANYWHERE = "0.0.0.0/0"
# Cloud metadata services hand out the node's credentials to whoever asks.
METADATA_SERVICE = "169.254.169.254/32"


class NetworkPolicies(Component):
    """A policy that denies everything, and for each flow one on its target and one on its source."""

    def __init__(
        self, site: Site, flows: Sequence[Flow], opts: pulumi.ResourceOptions | None = None, name: str = COMPONENT
    ) -> None:
        super().__init__("network:NetworkPolicies", name, site, opts)
        self.name = name
        self._policy(DENY, (), ["Ingress", "Egress"])
        for flow in flows:
            for suffix, labels in _subjects(flow.target):
                rule = k8s.networking.v1.NetworkPolicyIngressRuleArgs(from_=_peers(flow.source), ports=_ports(flow))
                self._policy(f"{flow.name}-in{suffix}", labels, ["Ingress"], ingress=[rule])
            for suffix, labels in _subjects(flow.source):
                rule = k8s.networking.v1.NetworkPolicyEgressRuleArgs(to=_peers(flow.target), ports=_ports(flow))
                self._policy(f"{flow.name}-out{suffix}", labels, ["Egress"], egress=[rule])
        self.register_outputs({})

    def _policy(
        self,
        name: str,
        labels: Labels,
        types: list[str],
        *,
        ingress: list[k8s.networking.v1.NetworkPolicyIngressRuleArgs] | None = None,
        egress: list[k8s.networking.v1.NetworkPolicyEgressRuleArgs] | None = None,
    ) -> None:
        k8s.networking.v1.NetworkPolicy(
            f"{self.name}-{name}",
            metadata=self.site.metadata(name, COMPONENT),
            spec=k8s.networking.v1.NetworkPolicySpecArgs(
                pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels=dict(labels)),
                policy_types=types,
                ingress=ingress,
                egress=egress,
            ),
            opts=self.child(),
        )


def _subjects(endpoint: Endpoint) -> Iterator[tuple[str, Labels]]:
    """The pods of `endpoint` that policies are put on; a suffix tells several apart."""
    if endpoint.everyone:
        yield "", ()
    for index, labels in enumerate(endpoint.pods):
        yield f"-{index + 1}" if index else "", labels


def _peers(endpoint: Endpoint) -> list[k8s.networking.v1.NetworkPolicyPeerArgs]:
    peers = [
        k8s.networking.v1.NetworkPolicyPeerArgs(pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels=dict(labels)))
        for _, labels in _subjects(endpoint)
    ]
    others = [(namespace, endpoint.namespaces_pods) for namespace in endpoint.namespaces]
    peers += [
        k8s.networking.v1.NetworkPolicyPeerArgs(
            namespace_selector=k8s.meta.v1.LabelSelectorArgs(match_labels={NAMESPACE_LABEL: namespace}),
            pod_selector=k8s.meta.v1.LabelSelectorArgs(match_labels=dict(labels)) if labels else None,
        )
        for namespace, labels in (*others, *endpoint.elsewhere)
    ]
    peers += [
        k8s.networking.v1.NetworkPolicyPeerArgs(ip_block=k8s.networking.v1.IPBlockArgs(cidr=cidr))
        for cidr in endpoint.cidrs
    ]
    if endpoint.every_namespace:
        peers.append(k8s.networking.v1.NetworkPolicyPeerArgs(namespace_selector=k8s.meta.v1.LabelSelectorArgs()))
    if endpoint.outside:
        block = k8s.networking.v1.IPBlockArgs(cidr=ANYWHERE, except_=[METADATA_SERVICE])
        peers.append(k8s.networking.v1.NetworkPolicyPeerArgs(ip_block=block))
    if not peers:
        raise ValueError(
            f"{endpoint.name}: no pods, namespaces or addresses, and a rule without peers admits everybody"
        )
    return peers


def _ports(flow: Flow) -> list[k8s.networking.v1.NetworkPolicyPortArgs]:
    protocols = ["UDP", "TCP"] if flow.udp else ["TCP"]
    return [
        k8s.networking.v1.NetworkPolicyPortArgs(port=port, protocol=protocol)
        for port in flow.ports
        for protocol in protocols
    ]
