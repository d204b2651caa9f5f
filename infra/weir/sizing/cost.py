"""What a plan costs in a month, component by component, at the stack's prices; and what its namespaces may ask for."""

from __future__ import annotations

from collections.abc import Sequence

from weir.catalog.retention import hours_to_seconds
from weir.config.prices import PricesConfig
from weir.config.stack import StackConfig
from weir.sizing.kafka_topics import planned_inflow
from weir.sizing.load import Load
from weir.sizing.plan import ComponentCost, NodeSize, PlatformPlan, PodSize, Totals
from weir.sizing.shares import GIB

HOURS_PER_MONTH = 730
# A rolling restart starts the new pod before the old one has stopped, and Jobs run alongside.
QUOTA_ROOM = 1.2

Pods = Sequence[tuple[int, PodSize]]


def pods_of(plan: PlatformPlan) -> dict[str, Pods]:
    """Every kind of pod of each component, and how many of it there are."""
    kafka, cassandra, superset, trino = plan.kafka, plan.cassandra, plan.superset, plan.trino
    own: Pods = [] if kafka.aiven_plan else [(kafka.controllers, kafka.controller), (kafka.brokers, kafka.broker)]
    services: list[tuple[int, PodSize]] = [
        (superset.web_replicas, superset.web),
        (superset.worker_replicas, superset.worker),
    ]
    services += [(1, pod) for pod in (superset.postgresql, superset.valkey) if pod is not None]
    flink: list[tuple[int, PodSize]] = []
    for job in plan.flink.values():
        flink += [(job.job_managers, job.job_manager), (job.task_managers, job.task_manager)]
    streams: list[tuple[int, PodSize]] = []
    for application in plan.streams.values():
        streams += [(application.instances, application.instance), (application.loaders, application.loader)]
    return {
        "kafka": own,
        "cassandra": [(cassandra.nodes, cassandra.node)],
        "flink": flink,
        **({"kafka-streams": streams} if streams else {}),
        "registry": [(plan.registry.replicas, plan.registry.pod)],
        "trino": [(1, trino.coordinator), (trino.workers, trino.worker)],
        "superset": services,
    }


def costs_of(plan: PlatformPlan, loads: Sequence[Load], stack: StackConfig) -> tuple[ComponentCost, ...]:
    """The monthly cost of each component."""
    prices, traffic = stack.prices, _cross_zone_gib(loads, stack)
    objects = {
        "flink": sum(job.checkpoint_storage_gib for job in plan.flink.values()),
        "cassandra": _backup_gib(plan, stack),
        "kafka": _tiered_gib(loads, stack),
    }
    managed = {"kafka": prices.aiven_plan_month.get(plan.kafka.aiven_plan or "", 0.0)}
    return tuple(
        ComponentCost(
            component=name,
            compute=round(_compute(pods, prices), 2),
            storage=round(_volumes(pods, prices) + objects.get(name, 0.0) * prices.object_storage_gib_month, 2),
            network=round(traffic.get(name, 0.0) * prices.cross_zone_gib, 2),
            managed=managed.get(name, 0.0),
        )
        for name, pods in pods_of(plan).items()
    )


def quota_of(plan: PlatformPlan, stack: StackConfig) -> Totals:
    """The stack's quota, or the plan's sum with room for a rolling restart."""
    given = stack.resources.quota
    if given is not None:
        return Totals(given.cpu_cores, given.memory_mib, given.disk_gib)
    asked = totals_of(plan)
    return Totals(
        round(asked.cpu_cores * QUOTA_ROOM, 2), int(asked.memory_mib * QUOTA_ROOM), int(asked.disk_gib * QUOTA_ROOM)
    )


def totals_of(plan: PlatformPlan) -> Totals:
    """What all pods ask for together."""
    pods = [entry for kinds in pods_of(plan).values() for entry in kinds]
    return Totals(
        round(sum(count * pod.cpu_cores for count, pod in pods), 3),
        sum(count * pod.memory_mib for count, pod in pods),
        sum(count * pod.disk_gib for count, pod in pods if isinstance(pod, NodeSize)),
    )


def _compute(pods: Pods, prices: PricesConfig) -> float:
    return sum(
        count * (pod.cpu_cores * prices.cpu_core_month + pod.memory_mib / 1024 * prices.memory_gib_month)
        for count, pod in pods
    )


def _volumes(pods: Pods, prices: PricesConfig) -> float:
    return sum(count * pod.disk_gib * prices.disk_gib_month for count, pod in pods if isinstance(pod, NodeSize))


def _cross_zone_gib(loads: Sequence[Load], stack: StackConfig) -> dict[str, float]:
    """GiB between zones in a month at the mean rate: copies to the other zones, and readers in another zone."""
    zones = len(stack.availability.zones)
    if zones == 1:
        return {}
    month = HOURS_PER_MONTH * 3600 / GIB
    elsewhere = (zones - 1) / zones
    produced = sum(load.planned_mean * load.record_bytes for load in loads) * month
    readers = sum(load.planned_mean * load.record_bytes * (2 + load.extra_consumer_groups) for load in loads) * month
    written = sum(load.distinct_mean * load.event_bytes for load in loads) * month
    copies = stack.availability
    return {
        "kafka": produced * (copies.kafka_replication_factor - 1) + readers * elsewhere,
        "cassandra": written * (copies.cassandra_replication_factor - 1 + elsewhere),
    }


def _backup_gib(plan: PlatformPlan, stack: StackConfig) -> float:
    """Differential backups: each file is kept once for as long as any backup names it."""
    if not stack.retention.backups.enabled:
        return 0.0
    return plan.cassandra.stored_gib_per_node * plan.cassandra.nodes * 1.2


def _tiered_gib(loads: Sequence[Load], stack: StackConfig) -> float:
    if not stack.retention.tiered_storage.enabled:
        return 0.0
    inflows = [planned_inflow(load, load.pipeline.source_retention_hours) for load in loads]
    return sum(bytes_per_second * hours_to_seconds(hours) for bytes_per_second, hours in inflows) / GIB
