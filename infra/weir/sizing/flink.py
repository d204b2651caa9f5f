"""Flink: parallelism, task managers, memory, state and its backend, one cluster for each pipeline.

What an event costs is measured (`weir bench pipeline`); the state backend is chosen by how much state there is, not by
habit: on the heap while it fits, else in RocksDB, which costs more time for each event and much less memory.
"""

from __future__ import annotations

import math

from weir.config.flink import StateBackend
from weir.config.resources import FlinkOverride
from weir.config.stack import StackConfig
from weir.sizing.explanation import Bound, Explanation, SizingRefused
from weir.sizing.flink_pods import (
    CPU_QUANTUM,
    MEMORY_QUANTUM_MIB,
    PROCESS_FACTOR,
    base_memory_mib,
    task_managers_of,
)
from weir.sizing.large_events import large_events_mib
from weir.sizing.load import Load
from weir.sizing.plan import FlinkJobPlan, NodeSize, PodSize
from weir.sizing.shares import GIB, rounded_up, share
from weir.sizing.state import (
    HEAP_BYTES_PER_ID,
    ROCKSDB_BYTES_PER_ID,
    ROCKSDB_DISK_FACTOR,
    ROCKSDB_SPACE_AMPLIFICATION,
    id_bytes,
    remembered_ids,
    total_rows,
    total_writes_per_second,
    width,
)

# Core-microseconds of one event, from `weir bench pipeline` on two cores with 3 million events of 200 bytes; the broker
# and whatever else ran on the machine are inside, so a core of its own does more.
# Reading and decoding: 757,000 events a second.
READ_MICROSECONDS = 2.6
# Reading and deduplicating: 173,000 a second; 140,000 to 190,000 in other runs, of which the worst counts.
DEDUPLICATE_MICROSECONDS = 11.7
# Published runs of ROW_NUMBER deduplication: RocksDB takes about 2.7 times as long as the heap.
ROCKSDB_FACTOR = 2.7
# Looking up in a full copy of the table was within the noise of that measurement.
JOIN_MICROSECONDS = 1.0
# A total is an exchange by key and one state access, like deduplication.
TOTAL_MICROSECONDS = 11.7
# With one row and one total in Cassandra: 19,100 events a second, which is 94 microseconds more for two writes, on both
# sides. Of the 47 for each, 20 are counted here (binding, encoding, acknowledging) and 27 in Cassandra's sizing.
WRITE_MICROSECONDS = 20.0
# The rest is checkpoints, garbage collection, and uneven keys.
CPU_UTILISATION = 0.7

# Above it full checkpoints (the heap has no others) take minutes, and collections stop the job for seconds.
LARGEST_HEAP_STATE_GIB = 8.0
# RocksDB's block cache, write buffers, indexes and filters: Flink's managed memory, for each slot and in all at least.
ROCKSDB_MEMORY_MIB_PER_SLOT = 512
MEMORY_MIB_PER_SLOT = 512
DISK_QUANTUM_GIB = 5
RETAINED_CHECKPOINTS = 3
# Flink's own default of jobmanager.memory.process.size is 1600 MiB. The rest is an assumption, to be measured on your
# job: heartbeats, metrics and slots of each task manager; executions and handles of the retained checkpoints' files of
# each parallel task.
JOB_MANAGER_BASE_MIB = 1600
JOB_MANAGER_MIB_PER_TASK_MANAGER, JOB_MANAGER_MIB_PER_TASK = 8, 1
JOB_MANAGER_LEAST_MIB = 2048


def size_flink(load: Load, stack: StackConfig) -> tuple[FlinkJobPlan, list[Explanation]]:
    """The job that keeps up with the planned peak and catches up as fast as the recovery objective says.

    Raises:
        SizingRefused: it would need more than the stack allows, or an override is too small.
    """
    override = stack.resources.flink.get(load.pipeline.name, FlinkOverride())
    heap_gib = heap_state_gib(load)
    backend = override.state_backend or (
        StateBackend.HASHMAP if heap_gib <= LARGEST_HEAP_STATE_GIB else StateBackend.ROCKSDB
    )
    state_gib = heap_gib if backend is StateBackend.HASHMAP else rocksdb_state_gib(load)
    cores = load_cores(load, backend)
    parallelism = _parallelism(load, cores, override, stack)
    memory_mib = _memory_mib(load, parallelism, backend, state_gib)
    task_managers = task_managers_of(load, parallelism, memory_mib, override, stack)
    high = stack.availability.highly_available
    slots = math.ceil(parallelism / task_managers)
    plan = FlinkJobPlan(
        pipeline=load.pipeline.name,
        parallelism=parallelism,
        task_slots=slots,
        task_managers=task_managers,
        max_parallelism=stack.flink.max_parallelism,
        task_manager=_task_manager(load, parallelism, task_managers, memory_mib, override, backend=backend),
        job_managers=2 if high else 1,
        job_manager=PodSize(
            cpu_cores=override.job_manager.cpu_cores or (1.0 if high else 0.5),
            memory_mib=override.job_manager.memory_mib or job_manager_memory_mib(task_managers, parallelism),
        ),
        state_backend=backend,
        state_gib=round(state_gib, 3),
        checkpoint_interval_seconds=stack.flink.checkpoint_interval_seconds,
        checkpoint_storage_gib=round(state_gib * (RETAINED_CHECKPOINTS + stack.retention.savepoints_keep), 3),
        autoscaler_min_parallelism=max(1, math.ceil(parallelism / 4)),
        autoscaler_max_parallelism=parallelism,
        settings=stack.flink.model_copy(
            update={
                "parallelism": parallelism,
                "task_slots": slots,
                "task_managers": task_managers,
                "state_backend": backend,
            }
        ),
    )
    return plan, _explanations(load, plan, stack, cores=cores, heap_gib=heap_gib)


def job_manager_memory_mib(task_managers: int, parallelism: int) -> int:
    """Memory of a job manager's process that leads so many task managers and parallel tasks."""
    workers = task_managers * JOB_MANAGER_MIB_PER_TASK_MANAGER + parallelism * JOB_MANAGER_MIB_PER_TASK
    return max(JOB_MANAGER_LEAST_MIB, int(rounded_up(JOB_MANAGER_BASE_MIB + workers, MEMORY_QUANTUM_MIB)))


def load_cores(load: Load, backend: StateBackend) -> float:
    """Busy cores of the job at its fastest."""
    spec = load.pipeline.spec
    factor = ROCKSDB_FACTOR if backend is StateBackend.ROCKSDB else 1.0
    each = READ_MICROSECONDS + DEDUPLICATE_MICROSECONDS * factor
    totals = len(spec.aggregates)
    distinct = len(spec.joins) * JOIN_MICROSECONDS + totals * TOTAL_MICROSECONDS * factor
    writes = (load.distinct_processed + total_writes_per_second(load)) * WRITE_MICROSECONDS
    return (load.processed_peak * each + load.distinct_processed * distinct + writes) / 1e6


def heap_state_gib(load: Load) -> float:
    """Keyed state as objects on the heap."""
    return _state_bytes(load, HEAP_BYTES_PER_ID) / GIB


def rocksdb_state_gib(load: Load) -> float:
    """Keyed state in RocksDB's files."""
    return _state_bytes(load, ROCKSDB_BYTES_PER_ID) * ROCKSDB_SPACE_AMPLIFICATION / GIB


def _state_bytes(load: Load, overhead: int) -> float:
    pipeline = load.pipeline
    totals = sum(
        total_rows(load) / len(pipeline.aggregate_tables) * (width(list(table.columns.values())) + overhead)
        for table in pipeline.aggregate_tables.values()
    )
    return remembered_ids(load) * (id_bytes(load) + overhead) + totals


def _parallelism(load: Load, cores: float, override: FlinkOverride, stack: StackConfig) -> int:
    needed = max(math.ceil(round(cores / CPU_UTILISATION, 9)), 2 if stack.availability.highly_available else 1)
    name = load.pipeline.name
    if override.parallelism is not None:
        if override.parallelism < needed:
            raise SizingRefused(
                Bound.CPU,
                f"pipeline {name} keeps {cores:,.1f} cores busy and needs a parallelism of {needed}, and it is set to "
                f"{override.parallelism}",
                f"resources.flink.{name}.parallelism",
            )
        return override.parallelism
    if needed > stack.flink.max_parallelism:
        raise SizingRefused(
            Bound.CPU,
            f"pipeline {name} needs a parallelism of {needed:,}, and its state has {stack.flink.max_parallelism} parts",
            "flink.max_parallelism; to raise it throws existing savepoints away",
        )
    return needed


def _memory_mib(load: Load, parallelism: int, backend: StateBackend, state_gib: float) -> float:
    """Memory of all task managers besides what each needs for itself."""
    if backend is StateBackend.HASHMAP:
        state = state_gib * 1024 * PROCESS_FACTOR
    else:
        # Never less than what the heap would have had: so more state never gets less memory.
        least = LARGEST_HEAP_STATE_GIB * 1024 * PROCESS_FACTOR
        state = max(parallelism * ROCKSDB_MEMORY_MIB_PER_SLOT, least)
    slot = MEMORY_MIB_PER_SLOT + large_events_mib(load.pipeline)
    return parallelism * slot * PROCESS_FACTOR + state


def _task_manager(
    load: Load,
    parallelism: int,
    task_managers: int,
    memory_mib: float,
    override: FlinkOverride,
    *,
    backend: StateBackend,
) -> NodeSize:
    pod = override.task_manager
    memory = base_memory_mib(load) + share(memory_mib, task_managers, MEMORY_QUANTUM_MIB)
    disk = 0
    if backend is StateBackend.ROCKSDB:
        disk = int(share(rocksdb_state_gib(load) * ROCKSDB_DISK_FACTOR, task_managers, DISK_QUANTUM_GIB))
    return NodeSize(
        cpu_cores=pod.cpu_cores or share(parallelism, task_managers, CPU_QUANTUM),
        memory_mib=pod.memory_mib or int(rounded_up(memory, MEMORY_QUANTUM_MIB)),
        disk_gib=pod.disk_gib or disk if backend is StateBackend.ROCKSDB else 0,
    )


def _explanations(
    load: Load, plan: FlinkJobPlan, stack: StackConfig, *, cores: float, heap_gib: float
) -> list[Explanation]:
    override = stack.resources.flink.get(plan.pipeline, FlinkOverride())
    prefix, recovery = f"flink.{plan.pipeline}", stack.workload.recovery
    rate = f"{load.processed_peak:,.0f} events/s"
    why = (
        f"a backlog of {recovery.backlog_minutes:g} minutes caught up in {recovery.catch_up_minutes:g}, at the peak"
        if load.recovery_binds
        else f"the peak with {stack.workload.headroom_percent} % headroom"
    )
    bound = Bound.OBJECTIVE if load.recovery_binds else Bound.CPU
    if plan.parallelism == (2 if stack.availability.highly_available else 1):
        bound = Bound.MINIMUM
    ids = remembered_ids(load)
    return [
        Explanation(
            f"{prefix}.parallelism",
            plan.parallelism,
            "tasks",
            Bound.OVERRIDE if override.parallelism else bound,
            f"{rate} ({why}) keep {cores:,.1f} cores busy; {CPU_UTILISATION:.0%} of each is planned",
        ),
        Explanation(
            f"{prefix}.state_backend",
            plan.state_backend.value,
            "",
            Bound.OVERRIDE if override.state_backend else Bound.MEMORY,
            f"{ids / 1e6:,.1f} million ids within {load.pipeline.spec.deduplication.horizon_hours} hours and the "
            f"totals are {heap_gib:,.1f} GiB on the heap, where {LARGEST_HEAP_STATE_GIB:g} GiB is the most",
        ),
        Explanation(
            f"{prefix}.task_managers",
            plan.task_managers,
            "",
            Bound.CPU if plan.task_slots * (plan.task_managers - 1) < plan.parallelism else Bound.MEMORY,
            f"{plan.parallelism} tasks, {plan.task_slots} slots each, {plan.task_manager.memory_mib:,} MiB each"
            + _lost_zone(plan, len(stack.availability.zones)),
        ),
    ]


def _lost_zone(plan: FlinkJobPlan, zones: int) -> str:
    """A job needs all of its slots: those of a lost zone start again elsewhere, where nodes need room for them."""
    if zones == 1:
        return ""
    moved, pod = math.ceil(plan.task_managers / zones), plan.task_manager
    return (
        f"; if a zone is lost, {moved} of them start again in the others, whose nodes need room for "
        f"{moved * pod.cpu_cores:g} cores and {moved * pod.memory_mib / 1024:,.1f} GiB"
    )
