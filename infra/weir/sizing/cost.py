"""What a plan costs in a month, component by component, at the stack's prices; and what its namespaces may ask for."""

from __future__ import annotations

from collections.abc import Sequence

from weir.config.kafka import KafkaProvider
from weir.config.prices import PricesConfig
from weir.config.stack import StackConfig
from weir.sizing.kafka_topics import mean_bytes
from weir.sizing.load import Load
from weir.sizing.plan import ComponentCost, PlatformPlan, PodGroup, Presence, Totals
from weir.sizing.shares import GIB
from weir.sizing.state import event_row_bytes

HOURS_PER_MONTH = 730
# What a person runs beside the platform for a while: a shell, a second try of a Job.
QUOTA_ROOM = 1.1


def costs_of(plan: PlatformPlan, loads: Sequence[Load], stack: StackConfig) -> tuple[ComponentCost, ...]:
    """The monthly cost of each component."""
    prices, traffic = stack.prices, _cross_zone_gib(loads, stack)
    objects = {
        "flink": _checkpoint_gib(plan, stack),
        "cassandra": _backup_gib(plan, stack),
        "kafka": _tiered_gib(loads, stack),
    }
    managed = {"kafka": plan.kafka.aiven.month if plan.kafka.aiven else 0.0}
    pods = [group for group in plan.pods if group.presence is Presence.ALWAYS]
    names = dict.fromkeys(["kafka", *(group.component for group in pods)])
    return tuple(
        ComponentCost(
            component=name,
            compute=round(_compute([group for group in pods if group.component == name], prices), 2),
            storage=round(
                sum(group.disk_gib for group in pods if group.component == name) * prices.disk_gib_month
                + objects.get(name, 0.0) * prices.object_storage_gib_month,
                2,
            ),
            network=round(traffic.get(name, 0.0) * prices.cross_zone_gib, 2),
            managed=managed.get(name, 0.0),
        )
        for name in names
    )


def quota_of(plan: PlatformPlan, stack: StackConfig) -> Totals:
    """The stack's quota, or the most that all pods ask for at once with a tenth of room."""
    given = stack.resources.quota
    if given is not None:
        return Totals(given.cpu_cores, given.memory_mib, given.disk_gib)
    asked = most_of(plan)
    return Totals(
        round(asked.cpu_cores * QUOTA_ROOM, 2), int(asked.memory_mib * QUOTA_ROOM), int(asked.disk_gib * QUOTA_ROOM)
    )


def totals_of(plan: PlatformPlan) -> Totals:
    """What all pods that are always there ask for together."""
    return _sum([group for group in plan.pods if group.presence is Presence.ALWAYS])


def most_of(plan: PlatformPlan) -> Totals:
    """What all pods ask for while every Deployment is replaced and every Job runs."""
    return _sum(plan.pods)


def _sum(pods: Sequence[PodGroup]) -> Totals:
    return Totals(
        round(sum(group.count * group.pod.cpu_cores for group in pods), 3),
        sum(group.count * group.pod.memory_mib for group in pods),
        sum(group.disk_gib for group in pods),
    )


def _compute(pods: Sequence[PodGroup], prices: PricesConfig) -> float:
    return sum(
        group.count
        * (group.pod.cpu_cores * prices.cpu_core_month + group.pod.memory_mib / 1024 * prices.memory_gib_month)
        for group in pods
    )


def _cross_zone_gib(loads: Sequence[Load], stack: StackConfig) -> dict[str, float]:
    """GiB between zones in a month at the mean rate: copies to the other zones, and readers in another zone."""
    zones = len(stack.availability.zones)
    if zones == 1:
        return {}
    month = HOURS_PER_MONTH * 3600 / GIB
    elsewhere = (zones - 1) / zones
    produced = sum(load.planned_mean * load.record_bytes for load in loads) * month
    readers = sum(load.planned_mean * load.record_bytes * (2 + load.extra_consumer_groups) for load in loads) * month
    written = sum(load.distinct_mean * event_row_bytes(load) for load in loads) * month
    copies = stack.availability
    copied = 0 if stack.kafka.provider is KafkaProvider.EXISTING else produced * (copies.kafka_replication_factor - 1)
    return {
        "kafka": copied + readers * elsewhere,
        "cassandra": written * (copies.cassandra_replication_factor - 1 + elsewhere),
    }


def _checkpoint_gib(plan: PlatformPlan, stack: StackConfig) -> float:
    """Without a bucket they are on a volume, which is among the pods' volumes."""
    if stack.storage.object_storage is None:
        return 0.0
    return sum(job.checkpoint_storage_gib for job in plan.flink.values())


def _backup_gib(plan: PlatformPlan, stack: StackConfig) -> float:
    """Differential backups: each file is kept once for as long as any backup names it."""
    if not stack.retention.backups.enabled:
        return 0.0
    return plan.cassandra.stored_gib_per_node * plan.cassandra.nodes * 1.2


def _tiered_gib(loads: Sequence[Load], stack: StackConfig) -> float:
    """Object storage is billed by what it holds on the average: the mean, not the peak that disks have room for."""
    if not stack.retention.tiered_storage.enabled:
        return 0.0
    return sum(mean_bytes(load, load.pipeline.source_retention_hours) for load in loads) / GIB
