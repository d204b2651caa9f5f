"""Cassandra: nodes, disks, memory. Every zone is a rack with as many nodes as the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from weir.catalog.environment import Environment
from weir.catalog.retention import SECONDS_PER_DAY
from weir.catalog.sizes import REQUESTS_PER_HEAP, request_heap_mib
from weir.config.stack import StackConfig
from weir.sizing.counts import Counting, Need, count_of
from weir.sizing.explanation import Bound, Explanation, SizingRefused, disk_bound
from weir.sizing.load import PLANNED_DAYS, Load
from weir.sizing.plan import CassandraPlan, NodeSize
from weir.sizing.row_bytes import row_bytes, total_bytes
from weir.sizing.shares import GIB, MIB, share
from weir.sizing.spare import spare_of
from weir.sizing.standing import NO_FLOORS, Floors, longer, racks_of
from weir.sizing.state import total_rows, total_writes_per_second

# `weir bench pipeline`: a write of our sink, batched by partition, costs one node of one copy 27 core-microseconds,
# which is 37,000 a second. A cluster's coordinators pass copies on (half of it); compaction runs beside (half again).
# Statements one by one do less: 2,900 copies a second on each vCPU of 2014 (Netflix, "Revisiting 1 Million Writes").
WRITTEN_COPIES_PER_CORE = 9000
# Of those core-seconds: what is done half again is a third of the whole.
COORDINATION_SHARE = 1 / 3
CPU_UTILISATION = 0.5
# An assumption: a chart reads a few partitions, through Trino; the coordinator's and the replicas' work for one.
READ_CORE_SECONDS = 0.02
CHARTS_PER_DASHBOARD = 12
# DataStax's capacity planning: 32 GB of memory and a heap of 8 GB for 8 vCPU; at most 2 TB of data on a node; disks 50
# to 80 % full at most, by the compaction strategy. Time windows never rewrite what is old.
MEMORY_MIB_PER_CORE = 4096
LEAST_MEMORY_MIB_PER_CORE = 1024
LARGEST_HEAP_MIB = 16_384
DATA_GIB_PER_NODE = 2000
DISK_UTILISATION = 0.6
COMMIT_LOG_GIB = 8
# Each written byte is written to the commit log, flushed, and rewritten about twice within its time window.
WRITE_AMPLIFICATION = 4
NETWORK_UTILISATION = 0.7
DISK_THROUGHPUT_UTILISATION = 0.7
# LZ4 on chunks of 16 KiB halves rows of short text and numbers.
COMPRESSION = 0.6
CPU_QUANTUM, DISK_QUANTUM_GIB = 0.5, 10
# Cassandra's documentation: a production node has at least 2 cores and 8 GB.
MINIMUM_CORES, MINIMUM_CORES_FOR_TRIALS = 2.0, 1.0
MINIMUM_DISK_GIB = 20


@dataclass(frozen=True)
class _Needs:
    """What all nodes together must have; CPU and network include what a lost rack leaves to the others."""

    cores: float
    data_gib: float
    disk_gib: float
    network_mib_per_second: float
    disk_mib_per_second: float
    writes_per_second: float


def size_cassandra(
    loads: Sequence[Load], environment: Environment, floors: Floors = NO_FLOORS
) -> tuple[CassandraPlan, list[Explanation]]:
    """The datacenter that takes every write of the jobs at their fastest, and keeps rows for their lifetime.

    Raises:
        SizingRefused: it would need more or larger nodes than the stack allows.
    """
    stack = environment.stack
    availability = stack.availability
    step = max(len(availability.zones), availability.cassandra_replication_factor)
    needs = _needs(loads, stack)
    nodes, bound = _nodes(needs, step, stack, floors)
    racks = racks_of(stack, floors)
    node = _node(needs, nodes, stack, floors)
    largest = max((load.pipeline.written_bytes for load in loads), default=0)
    _require_heap(node, largest)
    plan = CassandraPlan(
        datacenter=stack.cassandra.datacenter,
        racks=racks,
        nodes_per_rack=nodes // len(racks),
        node=node,
        replication_factor=availability.cassandra_replication_factor,
        tokens_per_node=stack.cassandra.tokens_per_node,
        tables=environment.tables,
        stored_gib_per_node=round(needs.data_gib / nodes, 1),
        largest_row_bytes=largest,
        data_gib=int(needs.data_gib),
        held_gib=max(int(needs.data_gib), floors.nodes.held_gib),
        held_ttl_days=_held_ttl_days(needs, environment, floors),
    )
    return plan, _explanations(needs, plan, bound, stack)


def _needs(loads: Sequence[Load], stack: StackConfig) -> _Needs:
    """A lost rack moves no copies: a remaining node is written to as before (`spare`), and coordinates more.

    For each event the coordinator (a replica itself, as the driver routes by token) receives it once, and the other
    `factor - 1` replicas once each. What the lost nodes miss, the coordinators append as hints, uncompacted.
    """
    factor, zones = stack.availability.cassandra_replication_factor, len(stack.availability.zones)
    spare = spare_of(zones, factor)
    writes = written_bytes = data = 0.0
    for load in loads:
        totals = total_writes_per_second(load)
        writes += load.distinct_processed + totals
        widest = max((total_bytes(table) for table in load.pipeline.aggregate_tables.values()), default=0.0)
        written_bytes += load.distinct_processed * row_bytes(load) + totals * widest
        data += _data_bytes(load)
    users = stack.workload
    reads = users.dashboard_users * CHARTS_PER_DASHBOARD / users.dashboard_refresh_seconds
    copying = writes * factor / WRITTEN_COPIES_PER_CORE
    cores = copying * (1 - COORDINATION_SHARE) * spare.copies
    cores += (copying * COORDINATION_SHARE + reads * READ_CORE_SECONDS) * spare.requests
    hints = written_bytes * factor / max(zones, factor) * spare.requests if factor > 1 else 0.0
    appended = written_bytes * factor * spare.copies * WRITE_AMPLIFICATION + hints
    received = written_bytes * (spare.requests + (factor - 1) * spare.copies)
    data_gib = data * factor * COMPRESSION / GIB
    return _Needs(
        cores=cores / CPU_UTILISATION,
        data_gib=data_gib,
        disk_gib=data_gib / DISK_UTILISATION,
        network_mib_per_second=received / NETWORK_UTILISATION / MIB,
        disk_mib_per_second=appended / DISK_THROUGHPUT_UTILISATION / MIB,
        writes_per_second=writes,
    )


def _data_bytes(load: Load) -> float:
    """What one copy holds: rows for their TTL and for as long as an expired row still lies on disk after it."""
    grace_days = load.pipeline.gc_grace_seconds / SECONDS_PER_DAY
    kept = load.pipeline.row_table.ttl_days or PLANNED_DAYS
    rows = load.distinct_mean * (kept + grace_days) * SECONDS_PER_DAY * row_bytes(load)
    tables = load.pipeline.aggregate_tables.values()
    totals = sum(total_rows(load) / len(tables) * total_bytes(table) for table in tables)
    return rows + totals


def _held_ttl_days(needs: _Needs, environment: Environment, floors: Floors) -> dict[str, int]:
    own = {
        f"{pipeline.name}.{table.name}": table.ttl_days
        for pipeline in environment.pipelines
        for table in (pipeline.row_table, *pipeline.aggregate_tables.values())
    }
    if floors.nodes.held_gib <= needs.data_gib:
        return own
    earlier = floors.held_ttl_days
    return {name: longer(own.get(name), earlier.get(name)) for name in [*own, *sorted(set(earlier) - set(own))]}


def _nodes(needs: _Needs, step: int, stack: StackConfig, floors: Floors) -> tuple[int, Bound]:
    largest, override = stack.resources.largest_pod, stack.resources.cassandra
    pod = override.node
    by_memory = (pod.memory_mib or 0) / LEAST_MEMORY_MIB_PER_CORE or largest.memory_mib / MEMORY_MIB_PER_CORE
    cores = min(pod.cpu_cores or largest.cpu_cores, by_memory)
    disk = max(min(pod.disk_gib or largest.disk_gib, largest.disk_gib), floors.nodes.disk_gib) - COMMIT_LOG_GIB
    standing_room = min((floors.nodes.disk_gib - COMMIT_LOG_GIB) * DISK_UTILISATION, DATA_GIB_PER_NODE)
    traffic, written = needs.network_mib_per_second, needs.disk_mib_per_second
    at = "resources.largest_pod"
    return count_of(
        [
            Need(Bound.CPU, needs.cores, "cores", cores, f"{at}.cpu_cores, {at}.memory_mib", CPU_QUANTUM),
            Need(Bound.DISK, needs.disk_gib, "GiB of disk", disk, f"{at}.disk_gib", DISK_QUANTUM_GIB),
            Need(Bound.DENSITY, needs.data_gib, "GiB of data", DATA_GIB_PER_NODE, "2 TB of data on a node"),
            Need(Bound.NETWORK, traffic, "MiB/s", largest.network_mib_per_second, f"{at}.network_mib_per_second"),
            Need(Bound.DISK_THROUGHPUT, written, "MiB/s", largest.disk_mib_per_second, f"{at}.disk_mib_per_second"),
        ],
        Counting(
            "Cassandra nodes",
            step,
            stack.resources.max_cassandra_nodes,
            "resources.max_cassandra_nodes",
            override.nodes_per_rack and override.nodes_per_rack * len(stack.availability.zones),
            "resources.cassandra.nodes_per_rack, resources.cassandra.node",
            floors.nodes.least(standing_room),
            "decisions.fewer_nodes.cassandra",
        ),
    )


def _node(needs: _Needs, nodes: int, stack: StackConfig, floors: Floors) -> NodeSize:
    override, high = stack.resources.cassandra.node, stack.availability.highly_available
    minimum = MINIMUM_CORES if high else MINIMUM_CORES_FOR_TRIALS
    cores = override.cpu_cores or share(needs.cores, nodes, CPU_QUANTUM, minimum=minimum)
    memory = override.memory_mib or math.ceil(cores * MEMORY_MIB_PER_CORE)
    return NodeSize(
        cpu_cores=cores,
        memory_mib=memory,
        heap_mib=min(memory // 2 if memory <= 8192 and not high else memory // 4, LARGEST_HEAP_MIB),
        disk_gib=override.disk_gib or max(_disk_gib(needs, nodes), floors.nodes.disk_gib),
    )


def _disk_gib(needs: _Needs, nodes: int) -> int:
    return int(max(COMMIT_LOG_GIB + share(needs.disk_gib, nodes, DISK_QUANTUM_GIB), MINIMUM_DISK_GIB))


def _require_heap(node: NodeSize, largest_row_bytes: int) -> None:
    needed = request_heap_mib(largest_row_bytes)
    if (node.heap_mib or 0) < needed:
        raise SizingRefused(
            Bound.MEMORY,
            f"a row may have {largest_row_bytes:,} bytes; Cassandra accepts requests of up to 1/{REQUESTS_PER_HEAP} "
            f"of its heap, so it needs a heap of {needed:,} MiB, but has {node.heap_mib}",
            "source.max_event_bytes of the pipeline file, resources.cassandra.node.memory_mib",
        )


def _explanations(needs: _Needs, plan: CassandraPlan, bound: Bound, stack: StackConfig) -> list[Explanation]:
    return [
        Explanation(
            "cassandra.nodes",
            plan.nodes,
            "",
            bound,
            f"{needs.writes_per_second:,.0f} writes/s, {plan.replication_factor} copies, {needs.data_gib:,.0f} GiB of "
            f"data; in total {needs.cores:,.1f} cores and {needs.disk_gib:,.0f} GiB",
        ),
        Explanation(
            "cassandra.node.cpu_cores",
            plan.node.cpu_cores,
            "cores",
            Bound.OVERRIDE if stack.resources.cassandra.node.cpu_cores else Bound.CPU,
            f"{WRITTEN_COPIES_PER_CORE:,} copies/s per core, {CPU_UTILISATION:.0%} busy, at the jobs' fastest rate",
        ),
        Explanation(
            "cassandra.node.memory_mib",
            plan.node.memory_mib,
            "MiB",
            Bound.MEMORY,
            f"4 GiB per core; heap {plan.node.heap_mib:,} MiB, the rest is memtables and page cache",
        ),
        Explanation(
            "cassandra.node.disk_gib",
            plan.node.disk_gib,
            "GiB",
            disk_bound(stack.resources.cassandra.node.disk_gib, plan.node.disk_gib, _disk_gib(needs, plan.nodes)),
            f"{plan.stored_gib_per_node:,.0f} GiB of data, {DISK_UTILISATION:.0%} full to leave room for compaction "
            f"and repair, plus {COMMIT_LOG_GIB} GiB of commit log",
        ),
    ]
