"""Rules of pods and their containers, whichever object describes them: sizes, images, privileges, tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pods import Container, Fields, images_of, pods_of

if TYPE_CHECKING:
    from resources import Resource

IMAGES_LABEL = "weir.io/images"
BY_DIGEST = "by-digest"
CHART = "kubernetes:helm.sh/"
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
WRITABLE_ROOTS = (
    "flink-main-container",
    "server-config-init-base",
    "server-config-init",
    "server-system-logger",
    "spec.medusa",
    "spec.medusa.initContainer",
    "spec.reaper",
    "spec.reaper.initContainer",
    "connectContainer",
)
"""Containers whose programs write beside their volumes: Flink's entry point and Strimzi's Kafka Connect write their
configuration, as do K8ssandra's helpers. All others have a read-only root."""


def sized(resource: Resource) -> Iterator[str]:
    """Every container has requests and limits."""
    for pods in pods_of(resource.kind, resource.props):
        for container in pods.containers:
            given = container.fields.get("resources") or {}
            for bound in () if container.sized_by_operator else ("requests", "limits"):
                for name in ("cpu", "memory"):
                    if not (given.get(bound) or {}).get(name):
                        yield f"{container.path}: no resources.{bound}.{name}"
    if resource.kind == "FlinkDeployment":
        for role in ("jobManager", "taskManager"):
            size = (resource.spec.get(role) or {}).get("resource") or {}
            yield from (f"spec.{role}.resource.{name}: missing" for name in ("cpu", "memory") if not size.get(name))


def pinned(resource: Resource) -> Iterator[str]:
    """Every image is one certain image."""
    for path, image in images_of(resource.kind, resource.props):
        yield from (f"{path}: {image!r} {problem}" for problem in _unpinned(image))
    if resource.type.startswith(CHART) and not resource.props.get("version"):
        yield "version: missing, so the newest chart would be installed; pin one"


def by_digest(resource: Resource) -> Iterator[str]:
    """Where an environment takes its images by digest, every image has one: a tag can become another image."""
    if resource.labels.get(IMAGES_LABEL) != BY_DIGEST:
        return
    for path, image in images_of(resource.kind, resource.props):
        if not _DIGEST.search(image):
            yield f"{path}: {image!r} has no digest; promote it, or write images.digests"


def restricted(resource: Resource) -> Iterator[str]:
    """Every pod meets the `restricted` Pod Security Standard, init and side containers too."""
    for pods in pods_of(resource.kind, resource.props):
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            if pods.fields.get(name):
                yield f"{pods.path}.{name}: the pod could see its node; set it to false"
        for volume in pods.fields.get("volumes") or []:
            if "hostPath" in volume:
                yield f"{pods.path}.volumes.{volume.get('name')}: hostPath gives access to the node; use another volume"
        security = pods.fields.get("securityContext") or {}
        if security and all(container.restricted_by_operator for container in pods.containers):
            yield from (f"{pods.path}.{problem}" for problem in _runs_as_root(security, {}))
        for container in pods.containers:
            yield from (f"{container.path}.{problem}" for problem in _unrestricted(container, security))


def read_only(resource: Resource) -> Iterator[str]:
    """A container cannot change its own programs."""
    for pods in pods_of(resource.kind, resource.props):
        for container in pods.containers:
            own = container.fields.get("securityContext") or {}
            writes = {container.path, container.path.rpartition(".")[2]} & set(WRITABLE_ROOTS)
            by_operator = container.restricted_by_operator and not own
            if not writes and not by_operator and own.get("readOnlyRootFilesystem") is not True:
                yield f"{container.path}.securityContext.readOnlyRootFilesystem: is not true"


def no_idle_tokens(resource: Resource) -> Iterator[str]:
    """A pod that does not speak to Kubernetes has no token for it."""
    for pods in pods_of(resource.kind, resource.props):
        known = pods.token_by_operator or pods.fields.get("serviceAccountName")
        if not known and pods.fields.get("automountServiceAccountToken") is not False:
            yield f"{pods.path}: mounts the default service account's token; set automountServiceAccountToken to false"


def _unpinned(image: str) -> Iterator[str]:
    if _DIGEST.search(image):
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if not tag:
        yield "has no tag; pin a version"
    elif tag == "latest":
        yield "is a floating tag; pin a version"


def _unrestricted(container: Container, pod: Fields) -> Iterator[str]:
    own: dict[str, Any] = container.fields.get("securityContext") or {}
    if container.restricted_by_operator and not own:
        return
    if own.get("privileged"):
        yield "securityContext.privileged: is true"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "securityContext.allowPrivilegeEscalation: is not false"
    if "ALL" not in ((own.get("capabilities") or {}).get("drop") or []):
        yield "securityContext.capabilities.drop: does not have ALL"
    if (own.get("capabilities") or {}).get("add"):
        yield "securityContext.capabilities.add: adds some"
    yield from _runs_as_root(own, pod)


def _runs_as_root(own: Fields, pod: Fields) -> Iterator[str]:
    if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "securityContext.runAsNonRoot: is not true"
    if own.get("runAsUser", pod.get("runAsUser")) == 0:
        yield "securityContext.runAsUser: is root"
    profile = own.get("seccompProfile") or pod.get("seccompProfile") or {}
    if profile.get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "securityContext.seccompProfile.type: is not RuntimeDefault"
