"""Rules of pods and their containers: sizes, images, privileges, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pods import containers_of, pod_specs_of, required_containers

if TYPE_CHECKING:
    from resources import Resource

IMAGES_LABEL = "weir.io/images"
BY_DIGEST = "by-digest"
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_SECRET_NAME = re.compile(r"(password|secret|token|private_?key|credential)s?$", re.IGNORECASE)


def sized(resource: Resource) -> Iterator[str]:
    """Every container has requests and limits."""
    for path, container in containers_of(resource.kind, resource.props):
        given = container.get("resources") or {}
        for bound, names in (("requests", ("cpu", "memory")), ("limits", ("cpu", "memory"))):
            for name in names:
                if not (given.get(bound) or {}).get(name):
                    yield f"{path}: no resources.{bound}.{name}"


def pinned(resource: Resource) -> Iterator[str]:
    """Every image is one certain image."""
    for path, image in _images(resource):
        yield from (f"{path}.image: {image!r} {problem}" for problem in _unpinned(image))


def by_digest(resource: Resource) -> Iterator[str]:
    """Where an environment takes its images by digest, every image has one: a tag can become another image."""
    if resource.labels.get(IMAGES_LABEL) != BY_DIGEST:
        return
    for path, image in _images(resource):
        if not _DIGEST.search(image):
            yield f"{path}.image: {image!r} has no digest; promote it, or write images.digests"


def restricted(resource: Resource) -> Iterator[str]:
    """Every pod meets the `restricted` Pod Security Standard, init and side containers too."""
    for path, pod in pod_specs_of(resource.kind, resource.props):
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.get(name):
                yield f"{path}.{name}: the pod could see its node; set it to false"
        for volume in pod.get("volumes") or []:
            if "hostPath" in volume:
                yield f"{path}.volumes.{volume.get('name')}: hostPath gives access to the node; use another volume"
        for where, container in required_containers(resource.kind, path, pod):
            yield from (f"{where}.{problem}" for problem in _unrestricted(container, pod.get("securityContext") or {}))


def no_idle_tokens(resource: Resource) -> Iterator[str]:
    """A pod that does not speak to Kubernetes has no token for it."""
    for path, pod in pod_specs_of(resource.kind, resource.props):
        if not pod.get("serviceAccountName") and pod.get("automountServiceAccountToken") is not False:
            yield f"{path}: mounts the default service account's token; set automountServiceAccountToken to false"


def no_clear_secrets(resource: Resource) -> Iterator[str]:
    """Secrets are kept in Secrets: not in environment variables, arguments or ConfigMaps."""
    for path, container in containers_of(resource.kind, resource.props):
        for variable in container.get("env") or []:
            if _SECRET_NAME.search(str(variable.get("name", ""))) and variable.get("value"):
                yield f"{path}.env.{variable['name']}: a plaintext secret; take it from a Secret"
    if resource.kind == "ConfigMap":
        for key in resource.props.get("data") or {}:
            if _SECRET_NAME.search(key):
                yield f"data.{key}: a plaintext secret; put it into a Secret"


def _images(resource: Resource) -> Iterator[tuple[str, str]]:
    """The images that it names, each with the path of what runs it."""
    for path, container in containers_of(resource.kind, resource.props):
        if image := container.get("image"):
            yield path, str(image)
    if resource.kind == "FlinkDeployment":
        yield "spec", str(resource.spec.get("image", ""))


def _unpinned(image: str) -> Iterator[str]:
    if _DIGEST.search(image):
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if not tag:
        yield "has no tag; pin a version"
    elif tag == "latest":
        yield "is a floating tag; pin a version"


def _unrestricted(container: Mapping[str, Any], pod: Mapping[str, Any]) -> Iterator[str]:
    own = container.get("securityContext") or {}
    if own.get("privileged"):
        yield "securityContext.privileged: is true"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "securityContext.allowPrivilegeEscalation: is not false"
    if "ALL" not in ((own.get("capabilities") or {}).get("drop") or []):
        yield "securityContext.capabilities.drop: does not have ALL"
    if (own.get("capabilities") or {}).get("add"):
        yield "securityContext.capabilities.add: adds some"
    if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "securityContext.runAsNonRoot: is not true"
    if own.get("runAsUser", pod.get("runAsUser")) == 0:
        yield "securityContext.runAsUser: is root"
    profile = own.get("seccompProfile") or pod.get("seccompProfile") or {}
    if profile.get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "securityContext.seccompProfile.type: is not RuntimeDefault"
