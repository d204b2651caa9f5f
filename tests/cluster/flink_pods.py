"""The pods of a job, as Flink's operator and the job manager make them of a FlinkDeployment."""

from __future__ import annotations

from typing import Any


def flink_pod(spec: dict[str, Any], role: str) -> dict[str, Any]:
    """The role's template over the common one, with the image. `role` is `jobManager` or `taskManager`."""
    common, own = spec["podTemplate"]["spec"], spec[role]["podTemplate"]["spec"]
    parts = {container["name"]: container for container in own.get("containers", ())}
    containers = [
        {
            "image": spec["image"],
            **container,
            **(part := parts.get(container["name"], {})),
            "volumeMounts": [*container.get("volumeMounts", ()), *part.get("volumeMounts", ())],
        }
        for container in common["containers"]
    ]
    return {**common, "volumes": [*common.get("volumes", ()), *own.get("volumes", ())], "containers": containers}
