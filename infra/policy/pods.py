"""Where an object carries pods: Kubernetes' own workloads, and whatever operators make pods from.

Operators describe pods in shapes of their own. Here they all become the same: the fields of a pod spec, and containers
in the form of Kubernetes. Sources: the custom resource definitions of Strimzi 1.2, k8ssandra-operator 1.32, the Flink
Kubernetes Operator 1.15 and the Superset operator 0.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]
FLINK_CONTAINER = "flink-main-container"
SUPERSET_COMPONENTS = (
    "webServer",
    "celeryWorker",
    "celeryBeat",
    "celeryFlower",
    "websocketServer",
    "mcpServer",
    "lifecycle",
)


@dataclass(frozen=True)
class Container:
    """A container, with the path of what describes it."""

    path: str
    fields: Fields
    restricted_by_operator: bool = False
    """Its operator makes it `restricted` where the object says nothing: Strimzi's pod security provider."""
    sized_by_operator: bool = False
    """Its resources are not a field of the object, or stand elsewhere in it."""


@dataclass(frozen=True)
class Pods:
    """Pods of one sort: the fields of their spec, and their containers."""

    path: str
    fields: Fields
    containers: tuple[Container, ...]
    token_by_operator: bool = False
    """The object has no field for the account's token."""


def pods_of(kind: str, props: Fields) -> Iterator[Pods]:
    """The pods that an object of `kind` makes."""
    if kind in PODS:
        yield from PODS[kind](props)


def images_of(kind: str, props: Fields) -> Iterator[tuple[str, str]]:
    """The images that an object names, each with its path."""
    for pods in pods_of(kind, props):
        for container in pods.containers:
            if image := container.fields.get("image"):
                yield f"{container.path}.image", image if isinstance(image, str) else _joined(image)
    for path in IMAGES.get(kind, ()):
        if image := _at(props, path):
            yield path, image if isinstance(image, str) else _joined(image)


def _native(*path: str) -> Callable[[Fields], Iterator[Pods]]:
    def pods(props: Fields) -> Iterator[Pods]:
        yield _pods(".".join(path), _at(props, ".".join(path)))

    return pods


def _pods(path: str, fields: Fields) -> Pods:
    return Pods(path, fields, tuple(_containers(path, fields)))


def _containers(path: str, fields: Fields) -> Iterator[Container]:
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for container in fields.get(group) or []:
            yield Container(f"{path}.{group}.{container.get('name', '?')}", container)


def _flink(props: Fields) -> Iterator[Pods]:
    """The common template, and each role's on top of it. The operator merges lists by name, as weir's setting says."""
    common = _at(props, "spec.podTemplate.spec")
    yield _flink_pods("spec.podTemplate.spec", common)
    for role in ("jobManager", "taskManager"):
        path = f"spec.{role}.podTemplate.spec"
        if own := _at(props, path):
            lists = ("containers", "initContainers", "volumes")
            merged = {name: _merged(common.get(name), own.get(name)) for name in lists}
            yield _flink_pods(path, {**common, **own, **merged})


def _flink_pods(path: str, fields: Fields) -> Pods:
    containers = fields.get("containers") or []
    if FLINK_CONTAINER not in {container.get("name") for container in containers}:
        containers = [*containers, {"name": FLINK_CONTAINER}]
    return Pods(
        path,
        fields,
        tuple(
            # The role's own `resource` sizes it.
            Container(
                container.path, container.fields, sized_by_operator=container.path.endswith(f".{FLINK_CONTAINER}")
            )
            for container in _containers(path, {**fields, "containers": containers})
        ),
    )


def _strimzi(*parts: tuple[str, str, str]) -> Callable[[Fields], Iterator[Pods]]:
    """Of each part: its path, its container's name in `template`, and where its resources are (empty: elsewhere)."""

    def pods(props: Fields) -> Iterator[Pods]:
        for path, name, sizes in parts:
            if not (part := _at(props, path)):
                continue
            template = part.get("template") or {}
            sized = _at(part, sizes) if sizes else None
            containers = [
                Container(
                    f"{path}.template.{name}",
                    {**(template.get(name) or {}), "image": _at(part, "image"), "resources": sized},
                    restricted_by_operator=True,
                    sized_by_operator=not sizes,
                ),
                *(
                    Container(f"{path}.template.{other}", template[other], True, True)
                    for other in ("initContainer", "buildContainer")
                    if template.get(other)
                ),
            ]
            yield Pods(f"{path}.template.pod", template.get("pod") or {}, tuple(containers), token_by_operator=True)

    return pods


def _k8ssandra(props: Fields) -> Iterator[Pods]:
    """Cassandra's own pods, where a datacenter's fields replace the cluster's, and those of Reaper and Medusa."""
    cassandra = _at(props, "spec.cassandra")
    common = {name: value for name, value in cassandra.items() if name != "datacenters"}
    medusa = _at(props, "spec.medusa")
    for index, datacenter in enumerate(cassandra.get("datacenters") or [{}]):
        own = {name: datacenter[name] for name in datacenter if name in _CASSANDRA_FIELDS}
        yield _cassandra(f"spec.cassandra.datacenters.{index}" if own else "spec.cassandra", {**common, **own}, medusa)
    if reaper := _at(props, "spec.reaper"):
        init = {
            "securityContext": reaper.get("initContainerSecurityContext"),
            "resources": reaper.get("initContainerResources"),
        }
        containers = (
            Container(
                "spec.reaper", {**reaper, "image": reaper.get("containerImage"), "env": reaper.get("additionalEnvVars")}
            ),
            Container("spec.reaper.initContainer", {**init, "image": reaper.get("initContainerImage")}),
        )
        yield Pods(
            "spec.reaper", {"securityContext": reaper.get("podSecurityContext")}, containers, token_by_operator=True
        )


_CASSANDRA_FIELDS = (
    "containers",
    "extraVolumes",
    "initContainers",
    "networking",
    "podSecurityContext",
    "readOnlyRootFilesystem",
    "resources",
    "serverImage",
)
_CASSANDRA_CONTAINERS = ("cassandra", "server-system-logger")
_CASSANDRA_INIT_CONTAINERS = ("server-config-init",)


def _cassandra(path: str, fields: Fields, medusa: Fields) -> Pods:
    own = {"image": fields.get("serverImage"), "resources": fields.get("resources")}
    containers = [
        Container(
            container.path, {**own, **container.fields} if container.path.endswith(".cassandra") else container.fields
        )
        for container in _containers(path, fields)
    ]
    named = {container.path.rpartition(".")[2] for container in containers}
    # What the operator adds without being told how is not restricted.
    for group, names in (("containers", _CASSANDRA_CONTAINERS), ("initContainers", _CASSANDRA_INIT_CONTAINERS)):
        containers += [Container(f"{path}.{group}.{name}", {}) for name in names if name not in named]
    if medusa:
        security = medusa.get("securityContext")
        containers += [
            Container(
                "spec.medusa",
                {
                    "securityContext": security,
                    "resources": medusa.get("containerResources"),
                    "image": medusa.get("containerImage"),
                },
            ),
            Container(
                "spec.medusa.initContainer",
                {"securityContext": security, "resources": medusa.get("initContainerResources")},
            ),
        ]
    volumes = (fields.get("extraVolumes") or {}).get("volumes")
    pod = {
        "securityContext": fields.get("podSecurityContext"),
        "hostNetwork": (fields.get("networking") or {}).get("hostNetwork"),
        "volumes": volumes,
    }
    return Pods(path, pod, tuple(containers), token_by_operator=True)


def _superset(props: Fields) -> Iterator[Pods]:
    """Each component's template on top of the common one."""
    spec = _at(props, "spec")
    common = spec.get("podTemplate") or {}
    for component in SUPERSET_COMPONENTS:
        if component not in spec:
            continue
        own = (spec[component] or {}).get("podTemplate") or {}
        path = f"spec.{component}.podTemplate"
        pod = {**common, **own, "securityContext": own.get("podSecurityContext") or common.get("podSecurityContext")}
        container = {**(common.get("container") or {}), **(own.get("container") or {})}
        containers = [Container(f"{path}.container", container)]
        for group in ("initContainers", "sidecars"):
            containers += [Container(f"{path}.{group}.{one.get('name', '?')}", one) for one in pod.get(group) or []]
        yield Pods(path, pod, tuple(containers), token_by_operator=True)


PODS: Mapping[str, Callable[[Fields], Iterable[Pods]]] = {
    "Pod": _native("spec"),
    "ReplicaSet": _native("spec", "template", "spec"),
    "Deployment": _native("spec", "template", "spec"),
    "StatefulSet": _native("spec", "template", "spec"),
    "DaemonSet": _native("spec", "template", "spec"),
    "Job": _native("spec", "template", "spec"),
    "CronJob": _native("spec", "jobTemplate", "spec", "template", "spec"),
    "FlinkDeployment": _flink,
    "Kafka": _strimzi(
        ("spec.kafka", "kafkaContainer", ""),
        ("spec.cruiseControl", "cruiseControlContainer", "resources"),
        ("spec.kafkaExporter", "container", "resources"),
        ("spec.entityOperator", "topicOperatorContainer", "topicOperator.resources"),
        ("spec.entityOperator", "userOperatorContainer", "userOperator.resources"),
    ),
    "KafkaNodePool": _strimzi(("spec", "kafkaContainer", "resources")),
    "KafkaConnect": _strimzi(("spec", "connectContainer", "resources")),
    "KafkaBridge": _strimzi(("spec", "bridgeContainer", "resources")),
    "KafkaMirrorMaker2": _strimzi(("spec", "connectContainer", "resources")),
    "K8ssandraCluster": _k8ssandra,
    "Superset": _superset,
}
"""How each kind describes pods. A kind that makes pods and is missing here is one that no rule of pods sees."""

IMAGES = {
    "FlinkDeployment": ("spec.image",),
    "Superset": ("spec.image", *(f"spec.{component}.image" for component in SUPERSET_COMPONENTS)),
    "Kafka": (
        "spec.kafka.brokerRackInitImage",
        "spec.entityOperator.topicOperator.image",
        "spec.entityOperator.userOperator.image",
    ),
    "K8ssandraCluster": ("spec.cassandra.jmxInitContainerImage", "spec.cassandra.perNodeConfigInitContainerImage"),
}
"""Images that stand beside the pods."""


def _joined(image: Fields) -> str:
    """An image in fields: `repository` and `tag`, or `registry`, `repository`, `name` and `tag` as K8ssandra has it."""
    name = "/".join(str(image[part]) for part in ("registry", "repository", "name") if image.get(part))
    return f"{name}:{image['tag']}" if image.get("tag") else name


def _merged(common: Iterable[Fields] | None, own: Iterable[Fields] | None) -> list[Fields]:
    by_name: dict[Any, Fields] = {item.get("name"): item for item in common or []}
    for item in own or []:
        by_name[item.get("name")] = {**by_name.get(item.get("name"), {}), **item}
    return list(by_name.values())


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = (value or {}).get(part)
    return value or {}
