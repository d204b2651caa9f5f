"""Kafka Streams: threads, instances, memory, state and its standby copies, and the loader, for one pipeline.

Work is divided by partitions: a thread has some of them whole, so there are never more threads than partitions. State
is RocksDB's, in files; Kafka has a copy of it, from which another instance can take over, at once with a standby.
"""

from __future__ import annotations

import math

from weir.config.resources import StreamsOverride
from weir.config.stack import StackConfig
from weir.sizing.explanation import Bound, Explanation, SizingRefused
from weir.sizing.large_events import large_events_mib
from weir.sizing.load import Load
from weir.sizing.plan import NodeSize, PodSize, StreamsJobPlan
from weir.sizing.references import beyond_allowance, require_room, streams_references_mib
from weir.sizing.shares import GIB, fewest, rounded_up, share
from weir.sizing.standing import NO_FLOORS, Floors
from weir.sizing.state import (
    ROCKSDB_BYTES_PER_ID,
    ROCKSDB_DISK_FACTOR,
    id_bytes,
    total_rows,
    total_writes_per_second,
    width,
)

# Core-microseconds of one event: processor time of the threads, over 165,000 flights at 5,000/s on two cores, right
# after the start. The thread of rows took 33 (reading, deduplicating, four joins, writing the row), that of totals 29
# for four tables, the senders of each 10 more. What the JVM compiles at its start is not in it.
DEDUPLICATE_MICROSECONDS = 20.0
ROW_MICROSECONDS = 25.0
TOTAL_MICROSECONDS = 10.0
# Of one row or total in the loader (reading, decoding, binding and sending it): 28 in the same run.
LOAD_MICROSECONDS = 30.0
# The rest is commits, compactions, and uneven keys.
CPU_UTILISATION = 0.7
CPU_QUANTUM = 0.25
# Ids are kept in halves of the horizon, three of them at most.
HORIZONS_KEPT = 1.5
# RocksDB's block cache, write buffers, indexes and filters: for each thread, and in all at least the stack's.
STATE_MEMORY_MIB_PER_THREAD = 128
HEAP_MIB, HEAP_MIB_PER_THREAD = 256, 256
# The JVM besides its heap: code, threads, network buffers, and RocksDB's own objects.
OVERHEAD_MIB = 256
MEMORY_QUANTUM_MIB = 128
DISK_QUANTUM_GIB = 5
LOADER_MEMORY_MIB, LOADER_MEMORY_MIB_PER_TASK = 768, 256


def size_streams(
    load: Load, stack: StackConfig, floors: Floors = NO_FLOORS
) -> tuple[StreamsJobPlan, list[Explanation]]:
    """The application and its loader that keep up with the planned peak and catch up as the objective says.

    Raises:
        SizingRefused: it would need more than the stack allows, or an override is too small.
    """
    override = stack.resources.streams.get(load.pipeline.name, StreamsOverride())
    high = stack.availability.highly_available
    cores, loading = application_cores(load), loader_cores(load)
    threads = max(math.ceil(round(cores / CPU_UTILISATION, 9)), 2 if high else 1)
    tasks = max(math.ceil(round(loading / CPU_UTILISATION, 9)), 2 if high else 1)
    standbys = max(stack.streams.standby_replicas, 1 if high else 0)
    state = streams_state_gib(load)
    disk = state * (1 + standbys) * ROCKSDB_DISK_FACTOR
    least_disk = floors.instance_disk_gib.get(load.pipeline.name, 0)
    instances = _instances(load, threads, disk, override, stack, least_disk=least_disk)
    loaders = _loaders(load, tasks, override, stack)
    of_each = math.ceil(threads / instances)
    disk_of_each = int(share(disk, instances, DISK_QUANTUM_GIB, minimum=max(DISK_QUANTUM_GIB, least_disk)))
    memory = max(stack.streams.state_memory_mib, of_each * STATE_MEMORY_MIB_PER_THREAD)
    plan = StreamsJobPlan(
        pipeline=load.pipeline.name,
        instances=instances,
        instance=_instance(load, threads, instances, memory, disk_gib=disk_of_each, override=override),
        state_gib=round(state, 3),
        loaders=loaders,
        loader=_loader(load, tasks, loaders, override),
        settings=stack.streams.model_copy(
            update={
                "threads": of_each,
                "standby_replicas": min(standbys, instances - 1),
                "state_memory_mib": memory,
                "loader_tasks": tasks,
            }
        ),
    )
    return plan, _explanations(load, plan, stack, cores=cores, loading=loading)


def application_cores(load: Load) -> float:
    """Busy cores of the application at its fastest."""
    totals = len(load.pipeline.spec.aggregates) * TOTAL_MICROSECONDS
    return (
        load.processed_peak * DEDUPLICATE_MICROSECONDS + load.distinct_processed * (ROW_MICROSECONDS + totals)
    ) / 1e6


def loader_cores(load: Load) -> float:
    """Busy cores of the loader at the application's fastest."""
    return (load.distinct_processed + total_writes_per_second(load)) * LOAD_MICROSECONDS / 1e6


def remembered_gib(load: Load) -> float:
    """The ids that are remembered, in RocksDB's files."""
    hours = load.pipeline.spec.deduplication.horizon_hours * HORIZONS_KEPT
    return load.distinct_mean * hours * 3600 * (id_bytes(load) + ROCKSDB_BYTES_PER_ID) / GIB


def totals_gib(load: Load) -> float:
    """The totals, once."""
    tables = load.pipeline.aggregate_tables.values()
    rows = total_rows(load) / max(len(tables), 1)
    return sum(rows * (width(list(table.columns.values())) + ROCKSDB_BYTES_PER_ID) for table in tables) / GIB


def streams_state_gib(load: Load) -> float:
    """All state of the application, once."""
    return remembered_gib(load) + totals_gib(load)


def _heap_mib_per_thread(load: Load) -> int:
    return HEAP_MIB_PER_THREAD + large_events_mib(load.pipeline)


def _instances(
    load: Load, threads: int, disk_gib: float, override: StreamsOverride, stack: StackConfig, *, least_disk: int
) -> int:
    """The fewest whose shares fit into the largest pod."""
    name, largest = load.pipeline.name, stack.resources.largest_pod
    least = 2 if stack.availability.highly_available else 1
    maximum = override.instances or min(stack.resources.max_streams_instances, max(threads, least))
    held = beyond_allowance(streams_references_mib(load.pipeline))
    memory_limit = override.instance.memory_mib or largest.memory_mib
    room = memory_limit - HEAP_MIB - OVERHEAD_MIB - MEMORY_QUANTUM_MIB - held
    if held:
        require_room(load.pipeline, room, memory_limit, f"resources.largest_pod, resources.streams.{name}")
    needs = (
        (Bound.CPU, float(threads), override.instance.cpu_cores or largest.cpu_cores, CPU_QUANTUM),
        (
            Bound.MEMORY,
            float(threads * (_heap_mib_per_thread(load) + STATE_MEMORY_MIB_PER_THREAD)),
            room,
            MEMORY_QUANTUM_MIB,
        ),
        (Bound.DISK, disk_gib, max(override.instance.disk_gib or largest.disk_gib, least_disk), DISK_QUANTUM_GIB),
    )
    counts = [fewest(need, limit, quantum, maximum=maximum, least=least) for _, need, limit, quantum in needs]
    for (bound, need, limit, _), count in zip(needs, counts, strict=True):
        if count is None:
            raise SizingRefused(
                bound,
                f"pipeline {name} on Kafka Streams needs {threads} threads and {disk_gib:,.1f} GiB of state, and "
                f"{maximum} instances with {limit:,.0f} each cannot provide {need:,.0f}",
                f"resources.max_streams_instances, resources.largest_pod, resources.streams.{name}",
            )
    return override.instances or max(count for count in counts if count is not None)


def _instance(
    load: Load, threads: int, instances: int, state_mib: int, *, disk_gib: int, override: StreamsOverride
) -> NodeSize:
    pod = override.instance
    held = math.ceil(beyond_allowance(streams_references_mib(load.pipeline)))
    heap = HEAP_MIB + held + math.ceil(threads / instances) * _heap_mib_per_thread(load)
    memory = pod.memory_mib or int(rounded_up(heap + state_mib + OVERHEAD_MIB, MEMORY_QUANTUM_MIB))
    return NodeSize(
        cpu_cores=pod.cpu_cores or share(threads, instances, CPU_QUANTUM),
        memory_mib=memory,
        heap_mib=max(memory - state_mib - OVERHEAD_MIB, HEAP_MIB),
        disk_gib=pod.disk_gib or disk_gib,
    )


def _loaders(load: Load, tasks: int, override: StreamsOverride, stack: StackConfig) -> int:
    least = 2 if stack.availability.highly_available else 1
    limit = override.loader.cpu_cores or stack.resources.largest_pod.cpu_cores
    maximum = override.loaders or stack.resources.max_streams_instances
    count = fewest(tasks, limit, CPU_QUANTUM, maximum=maximum, least=least)
    if count is None:
        raise SizingRefused(
            Bound.CPU,
            f"the loader of pipeline {load.pipeline.name} needs {tasks} cores, and {maximum} workers with {limit:g} "
            "each cannot provide them",
            f"resources.max_streams_instances, resources.largest_pod, resources.streams.{load.pipeline.name}",
        )
    return override.loaders or count


def _loader(load: Load, tasks: int, loaders: int, override: StreamsOverride) -> PodSize:
    pod = override.loader
    of_task = LOADER_MEMORY_MIB_PER_TASK + large_events_mib(load.pipeline)
    memory = pod.memory_mib or LOADER_MEMORY_MIB + math.ceil(tasks / loaders) * of_task
    return PodSize(
        cpu_cores=pod.cpu_cores or share(tasks, loaders, CPU_QUANTUM), memory_mib=memory, heap_mib=memory // 2
    )


def _explanations(
    load: Load, plan: StreamsJobPlan, stack: StackConfig, *, cores: float, loading: float
) -> list[Explanation]:
    override = stack.resources.streams.get(plan.pipeline, StreamsOverride())
    prefix, recovery = f"streams.{plan.pipeline}", stack.workload.recovery
    why = (
        f"a backlog of {recovery.backlog_minutes:g} minutes caught up in {recovery.catch_up_minutes:g}, at the peak"
        if load.recovery_binds
        else f"the peak with {stack.workload.headroom_percent} % headroom"
    )
    bound = Bound.OBJECTIVE if load.recovery_binds else Bound.CPU
    least = 2 if stack.availability.highly_available else 1
    standbys, pod = plan.settings.standby_replicas, plan.instance
    return [
        Explanation(
            f"{prefix}.threads",
            plan.threads,
            "threads",
            Bound.MINIMUM if plan.threads == least else bound,
            f"{load.processed_peak:,.0f} events/s ({why}) keep {cores:,.1f} cores busy; {CPU_UTILISATION:.0%} of each "
            "is planned",
        ),
        Explanation(
            f"{prefix}.instances",
            plan.instances,
            "",
            Bound.OVERRIDE if override.instances else Bound.MINIMUM if plan.instances == least else bound,
            f"{plan.settings.threads} threads, {pod.memory_mib:,} MiB and {pod.disk_gib:,} GiB each; "
            f"{plan.state_gib:,.1f} GiB of state, and {standbys} standby {'copy' if standbys == 1 else 'copies'} of it",
        ),
        Explanation(
            f"{prefix}.loaders",
            plan.loaders,
            "",
            Bound.OVERRIDE if override.loaders else Bound.MINIMUM if plan.loaders == least else Bound.CPU,
            f"rows and totals of {load.distinct_processed:,.0f} distinct events/s keep {loading:,.1f} cores busy; "
            f"{plan.settings.loader_tasks} tasks",
        ),
    ]
