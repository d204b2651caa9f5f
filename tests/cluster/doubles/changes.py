"""What differs between a resource's old and new inputs, what that means, and what was changed by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# A change of these makes a new object, for the API refuses it in place (or, for the data of a ConfigMap and a Secret,
# as the real provider does by default, so that pods are restarted).
IDENTITY = ("apiVersion", "kind", "metadata.name", "metadata.namespace")
REPLACED = {
    ("apps/v1", "Deployment"): ("spec.selector",),
    ("apps/v1", "DaemonSet"): ("spec.selector",),
    ("apps/v1", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch/v1", "Job"): ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io/v1", "StorageClass"): ("parameters", "provisioner"),
    ("v1", "ConfigMap"): ("binaryData", "data"),
    ("v1", "PersistentVolumeClaim"): ("spec",),
    ("v1", "Secret"): ("data", "stringData", "type"),
    ("v1", "Service"): ("spec.clusterIP",),
}
MISSING = object()


def changed_paths(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """`spec.replicas`, `spec.template.spec.containers[0].image`: the deepest fields that differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            inner = f"{path}.{key}" if path else key
            yield from changed_paths(old.get(key, MISSING), new.get(key, MISSING), inner)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from changed_paths(before, after, f"{path}[{index}]")
    elif old != new:
        yield path


def replacing(manifest: Mapping[str, Any], paths: list[str]) -> list[str]:
    """Those of `paths` that a new object must be made for."""
    fields = (*IDENTITY, *REPLACED.get((manifest["apiVersion"], manifest["kind"]), ()))
    return [path for path in paths if any(_is_within(path, field) for field in fields)]


def _is_within(path: str, field: str) -> bool:
    return path == field or path.startswith((f"{field}.", f"{field}["))


def as_found(inputs: Any, before: Any, now: Any) -> Any:
    """The inputs as the object in the cluster shows them: a value that differs from `before` was changed by hand.

    `before` is the object as it was after it was last applied. Comparing with that, and not with the inputs, leaves
    aside what the server merely writes in another way: `1000m` as `1`.
    """
    if now == before:
        return inputs
    if isinstance(inputs, dict) and isinstance(before, dict) and isinstance(now, dict):
        found = {key: as_found(value, before.get(key, MISSING), now.get(key, MISSING)) for key, value in inputs.items()}
        return {key: value for key, value in found.items() if value is not MISSING}
    if _same_length(inputs, before, now):
        return [as_found(*items) for items in zip(inputs, before, now, strict=True)]
    return now


def _same_length(*values: Any) -> bool:
    return all(isinstance(value, list) for value in values) and len({len(value) for value in values}) == 1
