"""How many task managers a job has: the fewest whose shares fit into a pod."""

from __future__ import annotations

import math

from weir.config.flink import StateBackend
from weir.config.resources import FlinkOverride
from weir.config.stack import StackConfig
from weir.sizing.explanation import Bound, SizingRefused
from weir.sizing.load import Load
from weir.sizing.references import beyond_allowance, flink_references_mib, require_room
from weir.sizing.shares import fewest

# Flink's memory model: metaspace 256, framework 256, network at least 64, overhead at least 192, and the connectors'.
BASE_MEMORY_MIB = 1024
# Memory that is not the heap's own: overhead and network are a fifth of the process.
PROCESS_FACTOR = 1.25
CPU_QUANTUM, MEMORY_QUANTUM_MIB = 0.25, 256


def base_memory_mib(load: Load) -> float:
    """Memory of a task manager besides state and slots."""
    return BASE_MEMORY_MIB + beyond_allowance(flink_references_mib(load.pipeline)) * PROCESS_FACTOR


def task_managers_of(
    load: Load, parallelism: int, memory_mib: float, override: FlinkOverride, stack: StackConfig
) -> int:
    """The fewest that have enough slots and whose shares fit into the largest pod; `memory_mib` is that of all.

    Raises:
        SizingRefused: there may not be as many, or no number would do.
    """
    largest, name = stack.resources.largest_pod, load.pipeline.name
    memory_limit = override.task_manager.memory_mib or largest.memory_mib
    cpu_limit = override.task_manager.cpu_cores or largest.cpu_cores
    slots = min(stack.flink.task_slots, max(1, int(cpu_limit)))
    least = max(math.ceil(parallelism / slots), 2 if stack.availability.highly_available else 1)
    maximum = min(stack.resources.max_flink_task_managers, parallelism)
    room = memory_limit - base_memory_mib(load)
    require_room(load.pipeline, room, memory_limit, f"resources.largest_pod, resources.flink.{name}")
    by_memory = fewest(memory_mib, room, MEMORY_QUANTUM_MIB, maximum=maximum, least=least)
    by_cores = fewest(parallelism, cpu_limit, CPU_QUANTUM, maximum=maximum, least=least)
    if by_memory is None or by_cores is None:
        bound = Bound.CPU if by_cores is None else Bound.MEMORY
        raise SizingRefused(
            bound,
            f"pipeline {name} needs {parallelism} slots and {memory_mib / 1024:,.1f} GiB for its state, and "
            f"{maximum} task managers of {slots} slots and {memory_limit / 1024:,.1f} GiB do not have them",
            ", ".join(_remedies(bound, maximum, override, stack, name)),
        )
    return max(by_memory, by_cores)


def _remedies(bound: Bound, maximum: int, override: FlinkOverride, stack: StackConfig, name: str) -> list[str]:
    """The settings that let more fit: no other would change anything."""
    job, pod = f"resources.flink.{name}", override.task_manager
    found: list[str] = []
    if bound is Bound.MEMORY and override.state_backend is StateBackend.HASHMAP:
        found.append(f"{job}.state_backend: rocksdb keeps state on disk")
    # A task manager without a task would have no work, so there are never more of them than tasks.
    most = stack.resources.max_flink_task_managers
    found.append("resources.max_flink_task_managers" if maximum == most else f"{job}.parallelism")
    field, given = ("memory_mib", pod.memory_mib) if bound is Bound.MEMORY else ("cpu_cores", pod.cpu_cores)
    found.append(f"{job}.task_manager.{field}" if given else f"resources.largest_pod.{field}")
    return found
