"""Who reaches whom: tried from the network of every pod, and as the table of flows has it."""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from weir.components.network_endpoints import COMPONENT_LABEL, Endpoint
from weir.components.network_flows import Flow

NODE = "the node"
PAUSE = "pause"
LISTENING = "0A"
LOOPBACK_ENDS = ("0100007F", "00000000000000000000000001000000")
"""How the kernel writes the loopback addresses of both families, in the bytes' order of these machines."""
AT_ONCE = 8
UNANSWERED_SECONDS = 4
CONNECT = f"""
import json, selectors, socket, sys, time
waiting, reached = selectors.DefaultSelector(), []
for address, port in json.load(sys.stdin):
    opened = socket.socket()
    opened.setblocking(False)
    opened.connect_ex((address, port))
    waiting.register(opened, selectors.EVENT_WRITE, (address, port))
deadline = time.monotonic() + {UNANSWERED_SECONDS}
while waiting.get_map() and (left := deadline - time.monotonic()) > 0:
    for key, _ in waiting.select(left):
        waiting.unregister(key.fileobj)
        if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            reached.append(key.data)
print(json.dumps(reached))
"""
"""All connections at once: what a policy refuses is not answered."""


@dataclass(frozen=True)
class Side:
    """A running pod, or the node."""

    name: str
    """Its component, or its own name."""
    namespace: str
    labels: Mapping[str, str]
    address: str
    process: int
    """Which is in its network."""
    ports: tuple[int, ...]
    """Where it listens for others."""


@dataclass(frozen=True, order=True)
class Way:
    """A connection."""

    source: str
    target: str
    port: int


def sides(pods: Collection[Mapping[str, Any]]) -> list[Side]:
    """Those of `pods` that run in a network of their own."""
    running = [pod for pod in pods if pod["status"].get("phase") == "Running" and not pod["spec"].get("hostNetwork")]
    processes = _processes([pod["metadata"]["uid"] for pod in running])
    return [_side(pod, processes[pod["metadata"]["uid"]]) for pod in running if pod["metadata"]["uid"] in processes]


def node(address: str, ports: Sequence[int]) -> Side:
    """The node, as pods reach it."""
    return Side(NODE, "", {}, address, 0, tuple(ports))


def tried(platform: str, sources: Sequence[Side], targets: Sequence[Side]) -> set[Way]:
    """The ways on which a connection was made: to every port of every target, from or to the namespace `platform`."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda source: list(_tried(source, _others(platform, source, targets))), sources)
        return {way for ways in found for way in ways}


def documented(flows: Sequence[Flow], platform: str, sources: Sequence[Side], targets: Sequence[Side]) -> set[Way]:
    """Those of the same ways that `flows` name."""
    return {
        Way(source.name, target.name, port)
        for source in sources
        for target in _others(platform, source, targets)
        for port in target.ports
        if any(_names(flow, platform, source, target, port) for flow in flows)
    }


def _others(platform: str, source: Side, targets: Sequence[Side]) -> list[Side]:
    """Where a pod of another namespace goes otherwise is not the platform's to say."""
    return [target for target in targets if target != source and platform in (source.namespace, target.namespace)]


def _side(pod: Mapping[str, Any], process: int) -> Side:
    metadata = pod["metadata"]
    labels = metadata.get("labels", {})
    name = labels.get(COMPONENT_LABEL) or metadata["name"]
    return Side(name, metadata["namespace"], labels, pod["status"]["podIP"], process, _ports(process))


def _processes(uids: Sequence[str]) -> dict[str, int]:
    """The first process of each pod, which holds its network: it is in the cgroup that the kubelet gives to a pod."""
    found: dict[str, int] = {}
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == PAUSE:
            with suppress(OSError):
                cgroups = Path(f"/proc/{process.pid}/cgroup").read_text(encoding="utf-8")
                found |= {uid: process.pid for uid in uids if f"/pod{uid}/" in cgroups}
    return found


def _ports(process: int) -> tuple[int, ...]:
    lines = [
        line.split()
        for family in ("tcp", "tcp6")
        for line in Path(f"/proc/{process}/net/{family}").read_text(encoding="utf-8").splitlines()[1:]
    ]
    ends = [fields[1].split(":") for fields in lines if fields[3] == LISTENING]
    return tuple(sorted({int(port, 16) for address, port in ends if not address.endswith(LOOPBACK_ENDS)}))


def _tried(source: Side, targets: Sequence[Side]) -> Iterator[Way]:
    others = {(target.address, port): target for target in targets for port in target.ports}
    enter = ["nsenter", f"--target={source.process}", "--net", "--", sys.executable, "-c", CONNECT]
    made = subprocess.run(enter, input=json.dumps(list(others)), capture_output=True, text=True, check=True)
    for address, port in json.loads(made.stdout):
        yield Way(source.name, others[address, port].name, port)


def _names(flow: Flow, platform: str, source: Side, target: Side, port: int) -> bool:
    return port in flow.ports and _is_in(flow.source, platform, source) and _is_in(flow.target, platform, target)


def _is_in(endpoint: Endpoint, platform: str, side: Side) -> bool:
    """Addresses are asked of the node alone: a pod's is nobody's to know."""
    here = side.namespace == platform
    if side.name == NODE:
        address = ipaddress.ip_address(side.address)
        return endpoint.outside or any(address in ipaddress.ip_network(cidr) for cidr in endpoint.cidrs)
    if here and (endpoint.everyone or any(_has(side, labels) for labels in endpoint.pods)):
        return True
    there = [(namespace, endpoint.namespaces_pods) for namespace in endpoint.namespaces]
    return any(
        side.namespace == namespace and _has(side, labels) for namespace, labels in (*there, *endpoint.elsewhere)
    )


def _has(side: Side, labels: Collection[tuple[str, str]]) -> bool:
    return set(labels) <= set(side.labels.items())
