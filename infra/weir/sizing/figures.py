"""A plan as a list of figures with names and units, in the order in which a person reads it; and two plans compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from weir.sizing.cost import totals_of
from weir.sizing.plan import FlinkJobPlan, NodeSize, PlatformPlan, PodSize, StreamsJobPlan
from weir.sizing.shares import MIB


@dataclass(frozen=True)
class Figure:
    """One figure; `name` is dotted as the plan's fields are, `value` without its unit."""

    name: str
    value: str
    unit: str = ""

    @property
    def text(self) -> str:
        """Value and unit."""
        return f"{self.value} {self.unit}".rstrip()


def figures_of(plan: PlatformPlan) -> list[Figure]:
    """Every figure of a plan that a person decides by."""
    return [
        *_kafka(plan),
        *_cassandra(plan),
        *_flink(plan.flink),
        *_streams(plan.streams),
        *_serving(plan),
        *_totals(plan),
    ]


def changes_of(before: PlatformPlan, after: PlatformPlan) -> list[tuple[str, str, str]]:
    """Name, text before and text after of every figure; `-` where a plan has no such figure."""
    old = {figure.name: figure.text for figure in figures_of(before)}
    new = {figure.name: figure.text for figure in figures_of(after)}
    names = [*old, *(name for name in new if name not in old)]
    return [(name, old.get(name, "-"), new.get(name, "-")) for name in names]


def _kafka(plan: PlatformPlan) -> Iterator[Figure]:
    kafka = plan.kafka
    if kafka.aiven:
        yield Figure("kafka.aiven.plan", kafka.aiven.plan)
        yield Figure("kafka.aiven.additional_disk", f"{kafka.aiven.additional_disk_gib:,}", "GiB")
    elif not kafka.existing:
        yield Figure("kafka.controllers", f"{kafka.controllers}")
    if kafka.existing:
        yield Figure("kafka.existing.written", f"{kafka.existing.written_bytes_per_second / MIB:,.2f}", "MiB/s")
        yield Figure("kafka.existing.read", f"{kafka.existing.read_bytes_per_second / MIB:,.2f}", "MiB/s")
        yield Figure("kafka.existing.topics", f"{kafka.existing.topics}")
        yield Figure("kafka.existing.partitions", f"{kafka.existing.partitions}")
    else:
        yield Figure("kafka.brokers", f"{kafka.brokers}")
        yield from _pod("kafka.broker", kafka.broker)
    for topic in kafka.topics:
        yield Figure(f"kafka.{topic.name}.partitions", f"{topic.partitions}")
        yield Figure(f"kafka.{topic.name}.stored", f"{kafka.stored_gib[topic.name]:,.1f}", "GiB")


def _cassandra(plan: PlatformPlan) -> Iterator[Figure]:
    yield Figure("cassandra.nodes", f"{plan.cassandra.nodes}")
    yield from _pod("cassandra.node", plan.cassandra.node)
    yield Figure("cassandra.stored_per_node", f"{plan.cassandra.stored_gib_per_node:,.1f}", "GiB")


def _flink(jobs: Mapping[str, FlinkJobPlan]) -> Iterator[Figure]:
    for name, job in jobs.items():
        prefix = f"flink.{name}"
        yield Figure(f"{prefix}.parallelism", f"{job.parallelism}")
        yield Figure(f"{prefix}.task_managers", f"{job.task_managers}")
        yield Figure(f"{prefix}.task_slots", f"{job.task_slots}")
        yield from _pod(f"{prefix}.task_manager", job.task_manager)
        yield Figure(f"{prefix}.state_backend", job.state_backend.value)
        yield Figure(f"{prefix}.state", f"{job.state_gib:,.1f}", "GiB")


def _streams(applications: Mapping[str, StreamsJobPlan]) -> Iterator[Figure]:
    for name, application in applications.items():
        prefix = f"streams.{name}"
        yield Figure(f"{prefix}.threads", f"{application.threads}")
        yield Figure(f"{prefix}.instances", f"{application.instances}")
        yield from _pod(f"{prefix}.instance", application.instance)
        yield Figure(f"{prefix}.standbys", f"{application.settings.standby_replicas}")
        yield Figure(f"{prefix}.state", f"{application.state_gib:,.1f}", "GiB")
        yield Figure(f"{prefix}.loaders", f"{application.loaders}")
        yield Figure(f"{prefix}.loader_tasks", f"{application.settings.loader_tasks}")
        yield from _pod(f"{prefix}.loader", application.loader)


def _serving(plan: PlatformPlan) -> Iterator[Figure]:
    yield Figure("registry.replicas", f"{plan.registry.replicas}")
    yield from _pod("trino.coordinator", plan.trino.coordinator)
    yield Figure("trino.workers", f"{plan.trino.workers}")
    if plan.trino.workers:
        yield from _pod("trino.worker", plan.trino.worker)
    yield Figure("superset.web_replicas", f"{plan.superset.web_replicas}")
    yield from _pod("superset.web", plan.superset.web)


def _totals(plan: PlatformPlan) -> Iterator[Figure]:
    totals = totals_of(plan)
    yield Figure("all.cpu", f"{totals.cpu_cores:,.2f}", "cores")
    yield Figure("all.memory", f"{totals.memory_mib / 1024:,.1f}", "GiB")
    yield Figure("all.disk", f"{totals.disk_gib:,}", "GiB")
    for cost in plan.costs:
        yield Figure(f"cost.{cost.component}", f"{cost.total:,.0f}", f"{plan.currency}/month")
    yield Figure("cost.all", f"{plan.cost_per_month:,.0f}", f"{plan.currency}/month")


def _pod(name: str, pod: PodSize) -> Iterator[Figure]:
    yield Figure(f"{name}.cpu", f"{pod.cpu_cores:g}", "cores")
    yield Figure(f"{name}.memory", f"{pod.memory_mib:,}", "MiB")
    if isinstance(pod, NodeSize) and pod.disk_gib:
        yield Figure(f"{name}.disk", f"{pod.disk_gib:,}", "GiB")
