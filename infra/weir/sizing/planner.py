"""The whole plan of an environment, or a refusal with the nearest workload that can be carried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from weir.catalog.environment import Environment
from weir.config.stack import StackConfig
from weir.sizing.cassandra import size_cassandra
from weir.sizing.cost import costs_of, most_of, quota_of
from weir.sizing.explanation import Bound, SizingRefused
from weir.sizing.feasible import nearest_feasible
from weir.sizing.flink import size_flink
from weir.sizing.kafka import size_kafka
from weir.sizing.load import Load, load_of
from weir.sizing.plan import PlatformPlan
from weir.sizing.pods import pods_of
from weir.sizing.standing import Floors, StandingPlan, floors_of
from weir.sizing.streams import size_streams
from weir.sizing.trino_superset import size_registry, size_superset, size_trino
from weir.sizing.width import explanations_of, warnings_of, widths_of


def plan_for(environment: Environment, standing: StandingPlan | None = None) -> PlatformPlan:
    """The plan of an environment; what holds data in its `standing` plan does not become smaller.

    Raises:
        SizingRefused: nothing within the stack's limits carries the load, or the stack asks for less than must stay.
    """
    floors = floors_of(environment.stack, standing)
    loads = [load_of(pipeline, environment.stack.workload) for pipeline in environment.pipelines]
    try:
        return _plan(loads, environment, floors)
    except SizingRefused as refused:
        # No smaller load helps against what must stay.
        if refused.bottleneck is Bound.STANDING:
            raise
        feasible = nearest_feasible(environment, lambda fewer: _carries(fewer, environment, floors))
        limit = refused.limit if feasible else f"{refused.limit}; no lower load fits either"
        raise SizingRefused(refused.bottleneck, refused.reason, limit, feasible) from None


def _plan(loads: Sequence[Load], environment: Environment, floors: Floors) -> PlatformPlan:
    stack = environment.stack
    jobs = {load.pipeline.name: size_flink(load, stack) for load in loads if not load.on_streams}
    applications = {load.pipeline.name: size_streams(load, stack, floors) for load in loads if load.on_streams}
    flink = {name: job for name, (job, _) in jobs.items()}
    streams = {name: application for name, (application, _) in applications.items()}
    readers = {
        **{name: job.parallelism for name, job in flink.items()},
        **{name: application.threads for name, application in streams.items()},
    }
    kafka, kafka_why = size_kafka(loads, readers, stack, floors)
    cassandra, cassandra_why = size_cassandra(loads, environment, floors)
    widths = widths_of(loads)
    trino, trino_why = size_trino(stack)
    superset, superset_why = size_superset(stack, floors)
    engines_why = [entry for _, entries in (*jobs.values(), *applications.values()) for entry in entries]
    why = [*kafka_why, *cassandra_why, *explanations_of(widths), *engines_why]
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
        warnings=warnings_of(widths, loads),
        explanations=(*why, *trino_why, *superset_why),
    )
    plan = replace(plan, pods=pods_of(plan, loads, stack))
    plan = replace(plan, costs=costs_of(plan, loads, stack), quota=quota_of(plan, stack))
    _check_quota(plan, stack)
    return plan


def _check_quota(plan: PlatformPlan, stack: StackConfig) -> None:
    if stack.resources.quota is None:
        return
    asked, quota = most_of(plan), plan.quota
    for bound, field, need in (
        (Bound.CPU, "cpu_cores", asked.cpu_cores),
        (Bound.MEMORY, "memory_mib", asked.memory_mib),
        (Bound.DISK, "disk_gib", asked.disk_gib),
    ):
        allowed = getattr(quota, field)
        if need > allowed:
            raise SizingRefused(
                bound,
                f"the plan needs {need:,.0f} {field} (while Deployments are replaced and Jobs run), but the quota is "
                f"{allowed:,.0f}",
                f"resources.quota.{field}",
            )


def _carries(loads: Sequence[Load], environment: Environment, floors: Floors) -> bool:
    try:
        _plan(loads, environment, floors)
    except SizingRefused:
        return False
    return True
