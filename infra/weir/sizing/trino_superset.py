"""Trino, Superset, the registry: what people's dashboards ask for."""

from __future__ import annotations

import math

from weir.config.resources import NodeOverride, PodOverride
from weir.config.stack import StackConfig
from weir.sizing.cassandra import CHARTS_PER_DASHBOARD
from weir.sizing.explanation import Bound, Explanation
from weir.sizing.plan import NodeSize, PodSize, RegistryPlan, SupersetPlan, TrinoPlan
from weir.sizing.shares import rounded_up
from weir.sizing.spare import spare_of
from weir.sizing.standing import NO_FLOORS, Floors

# An assumption, to be measured on your dashboards: planning, splitting and scanning a few partitions of Cassandra keeps
# a core busy for about this long. Half of it or twice as much halves or doubles the workers.
QUERY_CORE_SECONDS = 0.3
UTILISATION = 0.6
COORDINATOR_CORES, COORDINATOR_MEMORY_MIB = 2.0, 4096
# Where one zone may fail the coordinator only plans, and workers scan.
WORKER_CORES, WORKER_MEMORY_MIB = 4.0, 16_384
# Trino's documentation leaves 30 % of the heap to what it does not track; the JVM needs a fifth of the pod besides.
HEAP_OF_POD = 0.8
QUERY_MEMORY_OF_HEAP = 0.3

# An assumption, too: checking rights, building SQL and encoding the result as JSON for one chart.
REQUEST_CORE_SECONDS = 0.05
# Gunicorn's documentation: two processes and one more for each core; threads wait for Trino meanwhile.
PROCESSES_PER_CORE, THREADS = 2, 8
# Superset's processes take about 400 MiB each.
PROCESS_MIB = 400
WEB_CORES = 1.0


def queries_per_second(stack: StackConfig) -> float:
    """Charts that reload; filters differ from user to user, so no result is counted as shared."""
    load = stack.workload
    return load.dashboard_users * CHARTS_PER_DASHBOARD / load.dashboard_refresh_seconds


def size_trino(stack: StackConfig) -> tuple[TrinoPlan, list[Explanation]]:
    """A coordinator that works alone while it can, else with workers."""
    override, high = stack.resources.trino, stack.availability.highly_available
    rate = queries_per_second(stack)
    cores = rate * QUERY_CORE_SECONDS / UTILISATION
    alone = cores <= COORDINATOR_CORES and not high
    # Queries of a lost zone's workers fail, and the next ones run on the others, which have room for all of them.
    spare = spare_of(len(stack.availability.zones), 2).requests if high and len(stack.availability.zones) > 1 else 1.0
    needed = 0 if alone else max(math.ceil(round(cores * spare / WORKER_CORES, 9)), 2 if high else 1)
    workers = needed if override.workers is None else override.workers
    coordinator = _pod(override.coordinator, COORDINATOR_CORES if high or workers else 1.0, COORDINATOR_MEMORY_MIB)
    worker = _pod(override.worker, WORKER_CORES if high or workers else 1.0, WORKER_MEMORY_MIB if high else 8192)
    heap = (worker if workers else coordinator).heap_mib or 0
    plan = TrinoPlan(coordinator, workers, worker, int(heap * QUERY_MEMORY_OF_HEAP))
    bound = Bound.CPU if workers > 2 else Bound.AVAILABILITY if high else Bound.MINIMUM
    because = f"{rate:,.2f} queries/s of {QUERY_CORE_SECONDS:g} core-seconds, {UTILISATION:.0%} busy"
    if spare > 1:
        because += ", with one zone down"
    return plan, [
        Explanation("trino.workers", workers, "", Bound.OVERRIDE if override.workers is not None else bound, because)
    ]


def size_superset(stack: StackConfig, floors: Floors = NO_FLOORS) -> tuple[SupersetPlan, list[Explanation]]:
    """Web pods for the charts that reload, and what Superset keeps its own data in."""
    override, high = stack.resources.superset, stack.availability.highly_available
    rate = queries_per_second(stack)
    cores = rate * REQUEST_CORE_SECONDS / UTILISATION
    replicas = override.web_replicas or max(math.ceil(cores / WEB_CORES), 2 if high else 1)
    processes = int(PROCESSES_PER_CORE * WEB_CORES) + 1
    memory = int(rounded_up(processes * PROCESS_MIB, 256))
    given = stack.superset
    plan = SupersetPlan(
        web_replicas=replicas,
        web=PodSize(override.web.cpu_cores or WEB_CORES, override.web.memory_mib or memory),
        web_workers=processes,
        web_threads=THREADS,
        worker_replicas=1 if override.worker_replicas is None else override.worker_replicas,
        worker=PodSize(0.5, 1024),
        postgresql=None if given.metadata_database else _postgresql(override.postgresql, floors),
        valkey=(None if given.cache else PodSize(override.valkey.cpu_cores or 0.25, override.valkey.memory_mib or 512)),
    )
    bound = Bound.CPU if replicas > 2 else Bound.AVAILABILITY if high else Bound.MINIMUM
    return plan, [
        Explanation(
            "superset.web_replicas",
            replicas,
            "",
            Bound.OVERRIDE if override.web_replicas else bound,
            f"{stack.workload.dashboard_users} users with {CHARTS_PER_DASHBOARD} charts each, {rate:,.2f} requests/s",
        )
    ]


def size_registry(stack: StackConfig) -> RegistryPlan:
    """Clients keep the schemas they know: the registry answers at their start and hardly ever else."""
    high = stack.availability.highly_available
    return RegistryPlan(2 if high else 1, _pod(stack.resources.registry, 0.5, 1024))


def _postgresql(override: NodeOverride, floors: Floors) -> NodeSize:
    disk = override.disk_gib or max(10, floors.postgresql_disk_gib)
    return NodeSize(override.cpu_cores or 0.5, override.memory_mib or 1024, disk_gib=disk)


def _pod(override: PodOverride, cores: float, memory_mib: int) -> PodSize:
    memory = override.memory_mib or memory_mib
    return PodSize(override.cpu_cores or cores, memory, int(memory * HEAP_OF_POD))
