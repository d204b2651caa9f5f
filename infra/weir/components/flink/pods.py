"""What the pods of a Flink job ask for, and the room that they work in."""

from __future__ import annotations

from typing import Any

import pulumi_kubernetes as k8s

from weir.components.pods import scratch_volume, volume_claim
from weir.sizing.plan import PodSize


def pod_resource(size: PodSize, cpu_request_share: float) -> dict[str, Any]:
    """What the operator passes to Flink: memory in MiB, and the CPU that pods ask for."""
    return {"cpu": round(size.cpu_cores * cpu_request_share, 3), "memory": f"{size.memory_mib}m"}


def cpu_limits(cpu_request_share: float) -> dict[str, str]:
    """Where pods ask for less than the plan, twice the plan is the limit; else Flink makes the request the limit."""
    if cpu_request_share == 1:
        return {}
    factor = f"{2 / cpu_request_share:.3f}"
    return {f"kubernetes.{role}.cpu.limit-factor": factor for role in ("jobmanager", "taskmanager")}


def work_template(disk_gib: int, storage_class: str | None) -> dict[str, Any]:
    """What job managers and task managers do not share; the operator joins it with the common template by name.

    Without a list of containers: the operator writes the resource anew and leaves an empty one out, which would be
    drift at every refresh.
    """
    return {"spec": {"volumes": [_work_volume(disk_gib, storage_class)]}}


def _work_volume(disk_gib: int, storage_class: str | None) -> k8s.core.v1.VolumeArgs:
    """Room for RocksDB's files and for what is spilled: a volume that lives as long as its pod."""
    if not disk_gib:
        return scratch_volume("work")
    claim = volume_claim(disk_gib, storage_class)
    template = k8s.core.v1.PersistentVolumeClaimTemplateArgs(spec=claim)
    return k8s.core.v1.VolumeArgs(
        name="work", ephemeral=k8s.core.v1.EphemeralVolumeSourceArgs(volume_claim_template=template)
    )
