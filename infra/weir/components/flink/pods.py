"""Resources and working volumes of a Flink job's pods."""

from __future__ import annotations

from typing import Any

import pulumi_kubernetes as k8s

from weir.components.pods import scratch_volume, volume_claim
from weir.sizing.plan import PodSize

WORK_LIMIT_GIB = 8
"""Jars and spilled data of a job whose state is on the heap; RocksDB's files have a volume of the planned size."""


def pod_resource(size: PodSize, cpu_request_share: float) -> dict[str, Any]:
    """The resources that the operator passes to Flink: memory in MiB, and the CPU request."""
    return {"cpu": round(size.cpu_cores * cpu_request_share, 3), "memory": f"{size.memory_mib}m"}


def cpu_limits(cpu_request_share: float) -> dict[str, str]:
    """If pods request less than the plan, sets the limit to twice the plan; Flink's default limit is the request."""
    if cpu_request_share == 1:
        return {}
    factor = f"{2 / cpu_request_share:.3f}"
    return {f"kubernetes.{role}.cpu.limit-factor": factor for role in ("jobmanager", "taskmanager")}


def work_template(disk_gib: int, storage_class: str | None) -> dict[str, Any]:
    """The difference between job managers and task managers; the operator merges it with the common template by name.

    It has no list of containers: the operator drops an empty one when it rewrites the resource, and every refresh would
    show drift.
    """
    return {"spec": {"volumes": [_work_volume(disk_gib, storage_class)]}}


def _work_volume(disk_gib: int, storage_class: str | None) -> k8s.core.v1.VolumeArgs:
    """A volume for RocksDB's files and for spilled data. It lives as long as its pod."""
    if not disk_gib:
        return scratch_volume("work", WORK_LIMIT_GIB)
    claim = volume_claim(disk_gib, storage_class)
    template = k8s.core.v1.PersistentVolumeClaimTemplateArgs(spec=claim)
    return k8s.core.v1.VolumeArgs(
        name="work", ephemeral=k8s.core.v1.EphemeralVolumeSourceArgs(volume_claim_template=template)
    )
