"""What the pods of a rendering ask for, added up from its manifests alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weir.programs.rendering import Rendering

UNITS = {"Mi": 1, "Gi": 1024, "m": 1}


@dataclass(frozen=True)
class Requests:
    """Cores, MiB of memory and GiB of volumes."""

    cpu_cores: float = 0.0
    memory_mib: int = 0
    disk_gib: int = 0

    def __add__(self, other: Requests) -> Requests:
        return Requests(
            round(self.cpu_cores + other.cpu_cores, 6),
            self.memory_mib + other.memory_mib,
            self.disk_gib + other.disk_gib,
        )

    def times(self, count: int) -> Requests:
        """As many of them."""
        return Requests(round(self.cpu_cores * count, 6), self.memory_mib * count, self.disk_gib * count)


@dataclass(frozen=True)
class Pods:
    """Pods that are always there, and those that are there for a while: surges and Jobs."""

    always: Requests
    passing: Requests = Requests()


def requests_of(rendering: Rendering, namespace: str) -> Pods:
    """The sum over every object of the namespace."""
    always, passing = Requests(), Requests()
    for resource in rendering.manifests:
        found = resource.inputs
        if found["metadata"].get("namespace") != namespace:
            continue
        for pods in _pods(found):
            always, passing = always + pods.always, passing + pods.passing
    return Pods(always, passing)


def quota_of(rendering: Rendering, namespace: str) -> Requests:
    """What the namespace's ResourceQuota allows."""
    (hard,) = (
        resource.inputs["spec"]["hard"]
        for resource in rendering.manifests
        if resource.inputs["kind"] == "ResourceQuota" and resource.inputs["metadata"]["namespace"] == namespace
    )
    return Requests(_cores(hard["requests.cpu"]), _mib(hard["requests.memory"]), _gib(hard["requests.storage"]))


def _pods(found: Mapping[str, Any]) -> Iterator[Pods]:
    read = READERS.get(found["kind"])
    if read is not None:
        yield from read(found["spec"])


def _deployment(spec: Mapping[str, Any]) -> Iterator[Pods]:
    pod, replicas = _template(spec["template"]["spec"]), spec["replicas"]
    recreated = (spec.get("strategy") or {}).get("type") == "Recreate"
    yield _rolling(pod, replicas, surge=not recreated)


def _rolling(pod: Requests, replicas: int, *, surge: bool = True) -> Pods:
    """Kubernetes' default: a quarter more, rounded up."""
    return Pods(pod.times(replicas), pod.times(math.ceil(replicas / 4)) if surge else Requests())


def _stateful_set(spec: Mapping[str, Any]) -> Iterator[Pods]:
    pod = _template(spec["template"]["spec"])
    for claim in spec.get("volumeClaimTemplates") or ():
        pod += _claim(claim["spec"])
    yield Pods(pod.times(spec["replicas"]))


def _job(spec: Mapping[str, Any]) -> Iterator[Pods]:
    yield Pods(Requests(), _template(spec["template"]["spec"]))


def _volume_claim(spec: Mapping[str, Any]) -> Iterator[Pods]:
    yield Pods(_claim(spec))


def _kafka(spec: Mapping[str, Any]) -> Iterator[Pods]:
    operator = spec["entityOperator"]
    yield _rolling(_container(operator["topicOperator"]) + _container(operator["userOperator"]), 1)
    for name in ("cruiseControl", "kafkaExporter"):
        if name in spec:
            yield _rolling(_container(spec[name]), 1)


def _node_pool(spec: Mapping[str, Any]) -> Iterator[Pods]:
    disk = sum(_gib(volume["size"]) for volume in spec["storage"]["volumes"])
    yield Pods((_container(spec) + Requests(disk_gib=disk)).times(spec["replicas"]))


def _connect(spec: Mapping[str, Any]) -> Iterator[Pods]:
    yield Pods(_container(spec).times(spec["replicas"]))


def _k8ssandra(spec: Mapping[str, Any]) -> Iterator[Pods]:
    cassandra = spec["cassandra"]
    node = _container(cassandra) + _claim(cassandra["storageConfig"]["cassandraDataVolumeClaimSpec"])
    for container in cassandra["containers"]:
        if "resources" in container:
            node += _container(container)
    if "medusa" in spec:
        node += _container({"resources": spec["medusa"]["containerResources"]})
    (datacenter,) = cassandra["datacenters"]
    yield Pods(node.times(datacenter["size"]))
    if "reaper" in spec:
        yield _rolling(_container(spec["reaper"]), 1)


def _flink(spec: Mapping[str, Any]) -> Iterator[Pods]:
    slots = int(spec["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    workers = spec["taskManager"].get("replicas") or math.ceil(spec["job"]["parallelism"] / slots)
    yield Pods(_flink_pod(spec["jobManager"]).times(spec["jobManager"]["replicas"]))
    yield Pods(_flink_pod(spec["taskManager"]).times(workers))


def _flink_pod(manager: Mapping[str, Any]) -> Requests:
    claims = [
        _claim(volume["ephemeral"]["volumeClaimTemplate"]["spec"])
        for volume in manager["podTemplate"]["spec"]["volumes"]
        if "ephemeral" in volume
    ]
    resource = manager["resource"]
    return sum(claims, Requests(_cores(resource["cpu"]), _mib(resource["memory"])))


def _superset(spec: Mapping[str, Any]) -> Iterator[Pods]:
    for name in ("webServer", "celeryWorker"):
        if name in spec:
            yield _rolling(_container(spec[name]["podTemplate"]["container"]), spec[name]["replicas"])
    yield Pods(Requests(), _container(spec["lifecycle"]["podTemplate"]["container"]))


READERS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Pods]]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "Job": _job,
    "PersistentVolumeClaim": _volume_claim,
    "Kafka": _kafka,
    "KafkaNodePool": _node_pool,
    "KafkaConnect": _connect,
    "K8ssandraCluster": _k8ssandra,
    "FlinkDeployment": _flink,
    "Superset": _superset,
}


def _template(pod: Mapping[str, Any]) -> Requests:
    containers: Sequence[Mapping[str, Any]] = pod["containers"]
    return sum(map(_container, containers), Requests())


def _container(container: Mapping[str, Any]) -> Requests:
    asked = container["resources"]["requests"]
    return Requests(_cores(asked["cpu"]), _mib(asked["memory"]))


def _claim(spec: Mapping[str, Any]) -> Requests:
    return Requests(disk_gib=_gib(spec["resources"]["requests"]["storage"]))


def _cores(text: str | float) -> float:
    return float(text[:-1]) / 1000 if isinstance(text, str) and text.endswith("m") else float(text)


def _mib(text: str) -> int:
    unit = next(unit for unit in UNITS if text.endswith(unit))
    return int(text.removesuffix(unit)) * UNITS[unit]


def _gib(text: str) -> int:
    return int(text.removesuffix("Gi"))
