"""Rules of the network: what leaves or enters a pod, and what is reachable from outside the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pods import pods_of

if TYPE_CHECKING:
    from resources import Resource

EVERYWHERE = ("0.0.0.0/0", "::/0")
METADATA_SERVICE = "169.254.169.254/32"
"""Where a cloud hands out the node's credentials to whoever asks."""
WEBHOOK_PORTS = {9443, 10250}
"""Of admission webhooks, which an API server calls from an address that its provider chooses."""
OPEN_SERVICES = ("NodePort", "LoadBalancer")


def not_exposed(resource: Resource) -> Iterator[str]:
    """No service leaves the cluster but by an ingress, or by a load balancer for addresses that are listed."""
    if resource.kind == "Service" and _open_to_all(resource.spec):
        yield (
            f"spec.type: {resource.spec['type']} opens it to every address outside the cluster; use ClusterIP and an "
            "ingress, or a LoadBalancer whose loadBalancerSourceRanges list your own networks"
        )
    if resource.kind == "Kafka":
        for listener in (resource.spec.get("kafka") or {}).get("listeners") or []:
            if listener.get("type") == "nodeport":
                path = f"spec.kafka.listeners.{listener.get('name')}"
                yield f"{path}: nodeport opens a port of every node; use another type"
    if resource.kind == "Superset":
        for name, part in resource.spec.items():
            service = (part.get("service") or {}) if isinstance(part, dict) else {}
            if service.get("type") in OPEN_SERVICES:
                yield f"spec.{name}.service.type: {service['type']} opens it to traffic from outside; use ClusterIP"
    if resource.kind == "K8ssandraCluster":
        cassandra = resource.spec.get("cassandra") or {}
        for part in (cassandra, *(cassandra.get("datacenters") or [])):
            if (part.get("networking") or {}).get("nodePort"):
                yield "spec.cassandra.networking.nodePort: opens a port of every node; remove it"


def _open_to_all(service: Mapping[str, Any]) -> bool:
    if service.get("type", "ClusterIP") in {"ClusterIP", "ExternalName"}:
        return False
    ranges = service.get("loadBalancerSourceRanges") or []
    return service["type"] != "LoadBalancer" or not ranges or any(each.endswith("/0") for each in ranges)


def narrow(resource: Resource) -> Iterator[str]:
    """A network policy lists the peers it allows, and their ports."""
    if resource.kind != "NetworkPolicy":
        return
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for rule in resource.spec.get(direction) or []:
            if not rule.get("ports"):
                yield f"spec.{direction}: a rule without ports opens all ports; list them"
            if not rule.get(peers):
                yield f"spec.{direction}: a rule without `{peers}` opens it to everybody; list them"
            if direction == "ingress" and {port.get("port") for port in rule.get("ports") or [{}]} <= WEBHOOK_PORTS:
                continue
            for peer in rule.get(peers) or []:
                yield from (f"spec.{direction}: {problem}" for problem in _wide(peer, direction))
    if _selects_all(resource.spec) and not _denies(resource.spec) and not _has_rules(resource.spec):
        yield "spec.policyTypes: denies in one direction only; list Ingress and Egress"


def denied_by_default(resources: Iterable[Resource]) -> Iterator[tuple[Resource, str]]:
    """In an environment that protects its data, pods may do nothing on the network that no policy names."""
    listed = list(resources)
    denied = {
        _namespace(one)
        for one in listed
        if one.kind == "NetworkPolicy" and _selects_all(one.spec) and _denies(one.spec)
    }
    told = set()
    for resource in listed:
        place = _namespace(resource)
        if resource.keeps_data and place not in denied | told and any(pods_of(resource.kind, resource.props)):
            told.add(place)
            yield (
                resource,
                f"metadata.namespace: nothing denies traffic in {place} by default, both ways; set "
                "security.network_policies to true",
            )


def _wide(peer: Mapping[str, Any], direction: str) -> Iterator[str]:
    block = peer.get("ipBlock") or {}
    if block.get("cidr") in EVERYWHERE:
        if direction == "ingress":
            yield f"{block['cidr']} is everybody; name the addresses"
        elif METADATA_SERVICE not in (block.get("except") or []):
            yield f"{block['cidr']} is everywhere, the node's credentials too; name the addresses"
    spaces = peer.get("namespaceSelector")
    if spaces is not None and not any(spaces.values()) and not any((peer.get("podSelector") or {}).values()):
        yield "every pod of every namespace; select them by label"


def _selects_all(spec: Mapping[str, Any]) -> bool:
    return not any((spec.get("podSelector") or {}).values())


def _has_rules(spec: Mapping[str, Any]) -> bool:
    return bool(spec.get("ingress") or spec.get("egress"))


def _denies(spec: Mapping[str, Any]) -> bool:
    return not _has_rules(spec) and set(spec.get("policyTypes") or []) == {"Ingress", "Egress"}


def _namespace(resource: Resource) -> str:
    return str((resource.props.get("metadata") or {}).get("namespace", ""))
