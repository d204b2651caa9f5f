"""When an object is ready: what the provider waits for, kind by kind. Each function says what is missing, or None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cluster.api import Api

Live = Mapping[str, Any]
SKIP = "pulumi.com/skipAwait"


class HopelessError(Exception):
    """It will never be ready."""


def missing(api: Api, live: Live) -> str | None:
    """What `live` still lacks to be ready; None when it is.

    Raises:
        HopelessError: it never will be.
    """
    if (live["metadata"].get("annotations") or {}).get(SKIP) == "true":
        return None
    if live["kind"] == "Service":
        return _service(api, live)
    check = CHECKS.get(live["kind"])
    return check(live) if check else None


def _rollout(live: Live) -> str | None:
    """All replicas of a Deployment are of the newest template, and available."""
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < live["metadata"]["generation"]:
        return "its controller has not seen it"
    for name in ("updatedReplicas", "availableReplicas"):
        if status.get(name, 0) < wanted:
            return f"{status.get(name, 0)} of {wanted} {name}; {_conditions(live)}"
    return "old replicas are still there" if status.get("replicas", 0) > wanted else None


def _stateful_set(live: Live) -> str | None:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < live["metadata"]["generation"]:
        return "its controller has not seen it"
    if status.get("updateRevision") != status.get("currentRevision") and status.get("updatedReplicas", 0) < wanted:
        return f"{status.get('updatedReplicas', 0)} of {wanted} updatedReplicas"
    ready = status.get("readyReplicas", 0)
    return f"{ready} of {wanted} readyReplicas" if ready < wanted else None


def _job(live: Live) -> str | None:
    if failed := _condition(live, "Failed"):
        raise HopelessError(f"the job failed: {failed.get('message')}")
    return None if _condition(live, "Complete") else "it has not completed"


def _pod(live: Live) -> str | None:
    return None if _condition(live, "Ready") else f"the pod is not ready; {_conditions(live)}"


def _definition(live: Live) -> str | None:
    return None if _condition(live, "Established") else "the kind is not served yet"


def _service(api: Api, live: Live) -> str | None:
    """A Service targets pods that are ready, unless it is headless or a mere name."""
    spec = live["spec"]
    if spec.get("clusterIP") == "None" or spec.get("type") == "ExternalName" or not spec.get("selector"):
        return None
    metadata = live["metadata"]
    path = f"/apis/discovery.k8s.io/v1/namespaces/{metadata['namespace']}/endpointslices"
    slices = api.get(path, labelSelector=f"kubernetes.io/service-name={metadata['name']}")["items"]
    endpoints = [endpoint for entry in slices for endpoint in entry.get("endpoints") or ()]
    ready = any((endpoint.get("conditions") or {}).get("ready") for endpoint in endpoints)
    return None if ready else "it does not target any ready pod"


def _condition(live: Live, kind: str) -> Mapping[str, Any] | None:
    """The condition, where it holds."""
    conditions = live.get("status", {}).get("conditions") or ()
    return next((entry for entry in conditions if entry["type"] == kind and entry["status"] == "True"), None)


def _conditions(live: Live) -> str:
    conditions = live.get("status", {}).get("conditions") or ()
    return "; ".join(str(entry["message"]) for entry in conditions if entry.get("message"))


CHECKS: dict[str, Callable[[Live], str | None]] = {
    "CustomResourceDefinition": _definition,
    "Deployment": _rollout,
    "Job": _job,
    "Pod": _pod,
    "StatefulSet": _stateful_set,
}
