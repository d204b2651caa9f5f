"""Where an object carries pods: Kubernetes' own workloads, and the templates inside operators' resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_TEMPLATES = {
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_PARTIAL_TEMPLATES = {
    "FlinkDeployment": (
        ("spec", "podTemplate", "spec"),
        ("spec", "jobManager", "podTemplate", "spec"),
        ("spec", "taskManager", "podTemplate", "spec"),
    ),
}
"""Templates that an operator completes: it merges them, and adds images and resources itself."""
FLINK_CONTAINER = "flink-main-container"


def pod_specs_of(kind: str, props: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each pod spec with its path. Of an operator's several templates only the common one."""
    path = _TEMPLATES.get(kind) or next(iter(_PARTIAL_TEMPLATES.get(kind, ())), None)
    if path is None:
        return
    found = _at(props, path)
    yield ".".join(path), found or {}


def containers_of(kind: str, props: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each container, init containers too, with its path, where the object itself must complete it."""
    if kind in _TEMPLATES:
        for path, pod in pod_specs_of(kind, props):
            yield from _containers(path, pod)


def required_containers(kind: str, path: str, pod: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The containers whose security context the template must set, including those that the operator adds."""
    containers = list(_containers(path, pod))
    if kind in _PARTIAL_TEMPLATES and FLINK_CONTAINER not in {container.get("name") for _, container in containers}:
        containers.append((f"{path}.containers.{FLINK_CONTAINER}", {}))
    yield from containers


def _containers(path: str, pod: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for group in ("initContainers", "containers"):
        for container in pod.get(group) or []:
            yield f"{path}.{group}.{container.get('name', '?')}", container


def _at(value: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any] | None:
    for part in path:
        value = value.get(part) or {}
    return value or None
