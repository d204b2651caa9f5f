"""A controller that enforces network policies on the node: a table of nftables, made anew when policies or pods change.

It stands in for that of a network plugin: kube-network-policies, which needs no other, queues packets from nftables,
and kernels may lack that. What it takes from the API is what `networking.k8s.io/v1` says; traffic of the node itself
(the kubelet's probes, pods in its network) is never policed, as the API's documentation has it.

`python -m tests.cluster.doubles.network_policies <kubeconfig>` runs on the node until it is ended.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.cluster.api import Api, RefusedError

TABLE = "inet weir_policies"
POLICIES, PODS, NAMESPACES = "/apis/networking.k8s.io/v1/networkpolicies", "/api/v1/pods", "/api/v1/namespaces"
PAUSE_SECONDS = 0.5
ENDED = {"Succeeded", "Failed"}
HEAD = """\
table {table}
delete table {table}
table {table} {{
  chain forward {{
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    jump egress
    jump ingress
  }}
  chain input {{
    type filter hook input priority filter; policy accept;
    ct state established,related accept
    jump egress
  }}
"""
"""A pod's way to what runs on the node (the API server, the name service) is no forwarding; only egress is asked there.
The first two lines take an older table away in the same transaction, whether or not there is one."""

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Direction:
    """What tells ingress from egress in a policy and in a packet."""

    kind: str
    rules: str
    peers: str
    own: str
    other: str


INGRESS = Direction("Ingress", "ingress", "from", own="daddr", other="saddr")
EGRESS = Direction("Egress", "egress", "to", own="saddr", other="daddr")


@dataclass(frozen=True)
class Pod:
    """A pod with an address of its own."""

    namespace: str
    labels: Mapping[str, str]
    address: str
    ports: Mapping[str, int]
    """The named ones."""

    @classmethod
    def of(cls, pod: Manifest) -> Pod | None:
        """None where it has no address, has ended, or is in the node's network."""
        status, spec = pod.get("status", {}), pod["spec"]
        if not status.get("podIP") or status.get("phase") in ENDED or spec.get("hostNetwork"):
            return None
        ports = {
            port["name"]: port["containerPort"]
            for container in spec["containers"]
            for port in container.get("ports", ())
            if "name" in port
        }
        metadata = pod["metadata"]
        return cls(metadata["namespace"], metadata.get("labels", {}), status["podIP"], ports)


@dataclass(frozen=True)
class Other:
    """The other end of what a rule allows; `match` is empty where anybody may be it."""

    match: str
    pod: Pod | None = None


def selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    """A label selector; the empty one takes everything."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_holds(expression, labels) for expression in selector.get("matchExpressions", ()))


def _holds(expression: Manifest, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values", ())
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case other:
            raise ValueError(f"no operator of label selectors: {other}")


class Ruleset:
    """The table for the policies, pods and namespaces that there are."""

    def __init__(self, policies: Iterable[Manifest], pods: Iterable[Manifest], namespaces: Iterable[Manifest]) -> None:
        self._policies = list(policies)
        self._pods = sorted(filter(None, map(Pod.of, pods)), key=lambda pod: pod.address)
        self._namespaces = {entry["metadata"]["name"]: entry["metadata"].get("labels", {}) for entry in namespaces}

    def text(self) -> str:
        """What `nft -f` takes: it replaces the table that is there, all at once."""
        lines = [line for direction in (EGRESS, INGRESS) for line in self._chains(direction)]
        return "\n".join([HEAD.format(table=TABLE).rstrip("\n"), *(f"  {line}" for line in lines), "}", ""])

    def _chains(self, direction: Direction) -> Iterator[str]:
        """A chain for each pod that a policy isolates, and the one that sends packets there."""
        isolated: list[str] = []
        for number, pod in enumerate(self._pods):
            policies = [policy["spec"] for policy in self._policies if _isolates(policy, pod, direction)]
            if not policies:
                continue
            name = f"{direction.rules}_{number}"
            isolated.append(f"{pod.address} : jump {name}")
            yield f"chain {name} {{"
            # A pod reaches itself, by a Service too.
            yield f"  ip {direction.other} {pod.address} return"
            for match in sorted(set(self._allowed(policies, pod, direction))):
                yield f"  {match} return"
            yield "  drop"
            yield "}"
        yield f"chain {direction.rules} {{"
        if isolated:
            yield f"  ip {direction.own} vmap {{ {', '.join(isolated)} }}"
        yield "}"

    def _allowed(self, policies: Sequence[Manifest], pod: Pod, direction: Direction) -> Iterator[str]:
        """What a packet to `pod` (or from it) must match, one line for each way in (or out)."""
        for rule in (rule for spec in policies for rule in spec.get(direction.rules) or ()):
            ports = rule.get("ports")
            for other in self._others(rule.get(direction.peers), pod.namespace, direction):
                named = pod if direction is INGRESS else other.pod
                for port in [_port(entry, named) for entry in ports] if ports else ["meta l4proto { tcp, udp, sctp }"]:
                    if port:
                        yield f"{other.match} {port}".lstrip()

    def _others(self, peers: Sequence[Manifest] | None, namespace: str, direction: Direction) -> Iterator[Other]:
        if not peers:
            yield Other("")
        for peer in peers or ():
            if "ipBlock" in peer:
                block = peer["ipBlock"]
                refused = f" ip {direction.other} != {{ {', '.join(block['except'])} }}" if block.get("except") else ""
                yield Other(f"ip {direction.other} {block['cidr']}{refused}")
                continue
            for pod in self._pods:
                if self._is_meant(peer, pod, namespace):
                    yield Other(f"ip {direction.other} {pod.address}", pod)

    def _is_meant(self, peer: Manifest, pod: Pod, namespace: str) -> bool:
        """Without a selector of namespaces, that of the policy is meant."""
        if "namespaceSelector" in peer:
            is_there = selects(peer["namespaceSelector"], self._namespaces.get(pod.namespace, {}))
        else:
            is_there = pod.namespace == namespace
        return is_there and selects(peer.get("podSelector", {}), pod.labels)


def _isolates(policy: Manifest, pod: Pod, direction: Direction) -> bool:
    spec = policy["spec"]
    kinds = spec.get("policyTypes") or [INGRESS.kind, *([EGRESS.kind] if "egress" in spec else ())]
    is_here = policy["metadata"]["namespace"] == pod.namespace
    return is_here and direction.kind in kinds and selects(spec.get("podSelector", {}), pod.labels)


def _port(entry: Manifest, pod: Pod | None) -> str:
    """Empty where the pod has no port of that name."""
    protocol, port = entry.get("protocol", "TCP").lower(), entry.get("port")
    if port is None:
        return f"meta l4proto {protocol}"
    if isinstance(port, str):
        port = pod.ports.get(port) if pod else None
        if port is None:
            return ""
    return f"{protocol} dport {port}-{entry['endPort']}" if "endPort" in entry else f"{protocol} dport {port}"


def enforce(api: Api) -> None:
    """Keeps the node's table as the API says; never returns.

    Raises:
        subprocess.CalledProcessError: the kernel refuses the table.
    """
    current = ""
    while True:
        try:
            # Version 0: the server's cache is good enough, and cheap to read.
            found = [api.get(path, resourceVersion="0")["items"] for path in (POLICIES, PODS, NAMESPACES)]
        except (httpx.TransportError, RefusedError):
            found = None  # the API server begins, or is busy
        if found is not None and (text := Ruleset(*found).text()) != current:
            subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)
            current = text
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    enforce(Api.from_kubeconfig(Path(sys.argv[1]).read_text(encoding="utf-8")))
