"""The whole plan of an environment, or a refusal with the nearest workload that can be carried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from weir.catalog.environment import Environment
from weir.config.stack import StackConfig
from weir.sizing.cassandra import size_cassandra
from weir.sizing.cost import costs_of, quota_of, totals_of
from weir.sizing.explanation import Bound, SizingRefused
from weir.sizing.flink import size_flink
from weir.sizing.kafka import size_kafka
from weir.sizing.load import Load, load_of
from weir.sizing.plan import PlatformPlan
from weir.sizing.streams import size_streams
from weir.sizing.trino_superset import size_registry, size_superset, size_trino

# The nearest feasible workload is found to a hundredth of the one that was asked for.
SEARCH_STEPS = 12


def plan_for(environment: Environment) -> PlatformPlan:
    """The plan of an environment.

    Raises:
        SizingRefused: nothing within the stack's limits carries the load.
    """
    loads = [load_of(pipeline, environment.stack.workload) for pipeline in environment.pipelines]
    try:
        return _plan(loads, environment)
    except SizingRefused as refused:
        raise SizingRefused(refused.bottleneck, refused.reason, refused.limit, _feasible(loads, environment)) from None


def _plan(loads: Sequence[Load], environment: Environment) -> PlatformPlan:
    stack = environment.stack
    jobs = {load.pipeline.name: size_flink(load, stack) for load in loads if not load.on_streams}
    applications = {load.pipeline.name: size_streams(load, stack) for load in loads if load.on_streams}
    flink = {name: job for name, (job, _) in jobs.items()}
    streams = {name: application for name, (application, _) in applications.items()}
    readers = {
        **{name: job.parallelism for name, job in flink.items()},
        **{name: application.threads for name, application in streams.items()},
    }
    kafka, kafka_why = size_kafka(loads, readers, stack)
    cassandra, cassandra_why = size_cassandra(loads, environment)
    trino, trino_why = size_trino(stack)
    superset, superset_why = size_superset(stack)
    engines_why = [entry for _, entries in (*jobs.values(), *applications.values()) for entry in entries]
    why = [*kafka_why, *cassandra_why, *engines_why]
    plan = PlatformPlan(
        environment=stack.environment,
        kafka=kafka,
        cassandra=cassandra,
        flink=flink,
        streams=streams,
        registry=size_registry(stack),
        trino=trino,
        superset=superset,
        currency=stack.prices.currency,
        explanations=(*why, *trino_why, *superset_why),
    )
    plan = replace(plan, costs=costs_of(plan, loads, stack), quota=quota_of(plan, stack))
    _check_quota(plan, stack)
    return plan


def _check_quota(plan: PlatformPlan, stack: StackConfig) -> None:
    if stack.resources.quota is None:
        return
    asked, quota = totals_of(plan), plan.quota
    for bound, field, need in (
        (Bound.CPU, "cpu_cores", asked.cpu_cores),
        (Bound.MEMORY, "memory_mib", asked.memory_mib),
        (Bound.DISK, "disk_gib", asked.disk_gib),
    ):
        allowed = getattr(quota, field)
        if need > allowed:
            raise SizingRefused(
                bound,
                f"the plan needs {need:,.0f} {field}, but the quota is {allowed:,.0f}",
                f"resources.quota.{field}",
            )


def _feasible(loads: Sequence[Load], environment: Environment) -> dict[str, float] | None:
    """Every pipeline's rates divided by one number: the largest share of the load that can be carried.

    The search halves an interval, which is right because a plan that carries more carries less, too.
    """
    low, high = 0.0, 1.0
    for _ in range(SEARCH_STEPS):
        middle = (low + high) / 2
        if _carries([_scaled(load, middle) for load in loads], environment):
            low = middle
        else:
            high = middle
    if low == 0.0:
        return None
    headroom = 1 + environment.stack.workload.headroom_percent / 100
    return {load.pipeline.name: load.planned_peak / headroom * low for load in loads}


def _carries(loads: Sequence[Load], environment: Environment) -> bool:
    try:
        _plan(loads, environment)
    except SizingRefused:
        return False
    return True


def _scaled(load: Load, factor: float) -> Load:
    return replace(
        load,
        expected_peak=load.expected_peak * factor,
        planned_mean=load.planned_mean * factor,
        planned_peak=load.planned_peak * factor,
        processed_peak=load.processed_peak * factor,
    )
