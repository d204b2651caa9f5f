"""Room: zones that exist, nodes on which the plan's pods fit, and quotas that others set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weir.components.base import ZONE_KEY
from weir.doctor.cluster_checks import Cluster
from weir.doctor.findings import Check, Finding, Maker, State
from weir.doctor.snapshot import MIB, Document, Snapshot, containers, labels_of, name_of, namespace_of, quantity
from weir.sizing.plan import PodSize

OWN_QUOTA = "platform"
"""The ResourceQuota that weir itself makes."""
POOL_LABELS = ("cloud.google.com/gke-nodepool", "kubernetes.azure.com/agentpool", "karpenter.sh/nodepool")
"""Nodes of pools that may grow by themselves."""
HARD_TAINTS = ("NoSchedule", "NoExecute")


@dataclass(frozen=True)
class Room:
    """A node that takes pods: what it offers, and what of it is free. MiB and cores."""

    name: str
    zone: str
    cpu_cores: float
    memory_mib: float
    free_cpu_cores: float
    free_memory_mib: float

    def could_hold(self, pod: PodSize) -> bool:
        """If nothing else ran on it."""
        return pod.cpu_cores <= self.cpu_cores and pod.memory_mib <= self.memory_mib

    def holds(self, pod: PodSize) -> bool:
        """As it is now."""
        return pod.cpu_cores <= self.free_cpu_cores and pod.memory_mib <= self.free_memory_mib


def rooms(snapshot: Snapshot, own_namespace: str) -> list[Room]:
    """The nodes that take pods; what already runs in the stack's own namespace is not counted against it."""
    asked: dict[str, tuple[float, float]] = {}
    for pod in snapshot.items("pods"):
        node = pod["spec"].get("nodeName")
        if node and namespace_of(pod) != own_namespace and pod.get("status", {}).get("phase") in ("Pending", "Running"):
            cpu, memory = asked.get(node, (0.0, 0.0))
            more_cpu, more_memory = _requests(pod)
            asked[node] = (cpu + more_cpu, memory + more_memory)
    return [_room(node, *asked.get(name_of(node), (0.0, 0.0))) for node in snapshot.items("nodes") if _takes_pods(node)]


def _requests(pod: Document) -> tuple[float, float]:
    found = [
        (container.get("resources") or {}).get("requests") or {} for container in pod["spec"].get("containers", ())
    ]
    cpu = sum(quantity(entry.get("cpu", 0)) for entry in found)
    return cpu, sum(quantity(entry.get("memory", 0)) for entry in found) / MIB


def _room(node: Document, cpu_cores: float, memory_mib: float) -> Room:
    offered = node["status"]["allocatable"]
    cores, memory = quantity(offered["cpu"]), quantity(offered["memory"]) / MIB
    return Room(name_of(node), labels_of(node).get(ZONE_KEY, ""), cores, memory, cores - cpu_cores, memory - memory_mib)


def _takes_pods(node: Document) -> bool:
    spec = node.get("spec") or {}
    tainted = any(taint.get("effect") in HARD_TAINTS for taint in spec.get("taints") or ())
    conditions = node["status"].get("conditions") or ()
    ready = any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)
    return ready and not tainted and not spec.get("unschedulable")


def _zones(cluster: Cluster) -> Iterator[Finding]:
    needs = cluster.needs
    found = rooms(cluster.snapshot, needs.namespace)
    if not found:
        command = "kubectl get nodes"
        yield Finding("zones", State.MISSING, "no node is ready and takes pods", command, Maker.CLUSTER)
    elif not needs.several_zones:
        yield Finding("zones", State.OK, f"one zone is enough; {len(found)} node(s) take pods")
    else:
        yield from _each_zone(needs.stack.availability.zones, {room.zone for room in found})


def _each_zone(wanted: list[str], there: set[str]) -> Iterator[Finding]:
    known = ", ".join(sorted(zone for zone in there if zone)) or f"none (no node has the label {ZONE_KEY})"
    for zone in wanted:
        if zone in there:
            yield Finding("zones", State.OK, f"{zone} has nodes that take pods")
        else:
            remedy = "add nodes there, or correct availability.zones"
            told = f"{zone} has no node that takes pods; zones with nodes: {known}"
            yield Finding("zones", State.MISSING, told, remedy, Maker.CLUSTER)


def _capacity(cluster: Cluster) -> Iterator[Finding]:
    needs = cluster.needs
    there = rooms(cluster.snapshot, needs.namespace)
    if needs.several_zones:
        there = [room for room in there if room.zone in needs.stack.availability.zones]
    too_large = _too_large(list(needs.pods()), there)
    if too_large is not None:
        component, pod = too_large
        remedy = "add larger nodes, or lower resources.largest_pod and plan again"
        told = f"a pod of {component} ({pod.cpu_cores:g} cores, {pod.memory_mib:,} MiB) is larger than every node"
        # A pool that may grow grows by nodes of the size that it has.
        yield Finding("nodes", State.MISSING, told, remedy, Maker.CLUSTER)
        return
    waiting = _waiting(list(needs.pods()), there)
    if not waiting:
        yield Finding("nodes", State.OK, f"all pods of the plan fit on the {len(there)} node(s)")
        return
    cpu, memory = sum(pod.cpu_cores for _, pod in waiting), sum(pod.memory_mib for _, pod in waiting)
    names = ", ".join(sorted({component for component, _ in waiting}))
    grows = _grows(cluster.snapshot)
    yield Finding(
        "nodes",
        State.WARNING if grows else State.MISSING,
        f"{len(waiting)} pods ({names}) do not fit beside what runs; {cpu:,.1f} cores and {memory:,} MiB are lacking",
        "see that the node pool may grow by as much" if grows else "add nodes",
        Maker.CLUSTER,
    )


def _too_large(pods: list[tuple[str, PodSize]], there: list[Room]) -> tuple[str, PodSize] | None:
    for component, pod in sorted(pods, key=lambda entry: (-entry[1].memory_mib, -entry[1].cpu_cores)):
        if not any(room.could_hold(pod) for room in there):
            return component, pod
    return None


def _waiting(pods: list[tuple[str, PodSize]], there: list[Room]) -> list[tuple[str, PodSize]]:
    """What is left when each pod, the largest first, goes to the node with most free memory that holds it."""
    free = list(there)
    left: list[tuple[str, PodSize]] = []
    for component, pod in sorted(pods, key=lambda entry: -entry[1].memory_mib):
        holding = [room for room in free if room.holds(pod)]
        if not holding:
            left.append((component, pod))
            continue
        chosen = max(holding, key=lambda room: room.free_memory_mib)
        free.remove(chosen)
        free.append(_with(chosen, pod))
    return left


def _with(room: Room, pod: PodSize) -> Room:
    return Room(
        room.name,
        room.zone,
        room.cpu_cores,
        room.memory_mib,
        room.free_cpu_cores - pod.cpu_cores,
        room.free_memory_mib - pod.memory_mib,
    )


def _grows(snapshot: Snapshot) -> bool:
    """Whether nodes come by themselves: pools of GKE and AKS, Karpenter, the cluster autoscaler."""
    if snapshot.has_group("karpenter.sh"):
        return True
    if any(label in labels_of(node) for node in snapshot.items("nodes") for label in POOL_LABELS):
        return True
    images = (str(entry.get("image", "")) for each in snapshot.items("deployments") for entry in containers(each))
    return any("cluster-autoscaler" in image for image in images)


def _quota(cluster: Cluster) -> Iterator[Finding]:
    """Quotas of others in the stack's namespace; weir's own follows from the plan."""
    needed = cluster.needs.plan.quota
    wanted = {
        "requests.cpu": needed.cpu_cores,
        "requests.memory": needed.memory_mib * MIB,
        "requests.storage": needed.disk_gib * 1024 * MIB,
    }
    for quota in cluster.snapshot.items("quotas"):
        if name_of(quota) == OWN_QUOTA:
            continue
        hard = (quota.get("spec") or {}).get("hard") or {}
        short = [name for name, amount in wanted.items() if name in hard and quantity(hard[name]) < amount]
        about = f"quota {name_of(quota)}"
        if short:
            told = ", ".join(f"{name} {hard[name]}, the plan needs {_shown(name, wanted[name])}" for name in short)
            remedy = f"raise it: kubectl -n {cluster.needs.namespace} edit resourcequota {name_of(quota)}"
            yield Finding(about, State.MISSING, told, remedy, Maker.CLUSTER)
        else:
            yield Finding(about, State.OK, "the plan fits")


def _shown(name: str, amount: float) -> str:
    return f"{amount:g}" if name == "requests.cpu" else f"{amount / MIB / 1024:,.0f}Gi"


CHECKS: tuple[Check[Cluster], ...] = (Check("zones", _zones), Check("nodes", _capacity), Check("quota", _quota))
