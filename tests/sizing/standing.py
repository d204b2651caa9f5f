"""Plans on top of one another, as a standing environment gets them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tests.sizing.stacks import REPOSITORY

from weir.catalog.environment import Environment, resolve
from weir.catalog.pipeline import Pipeline, load_pipelines
from weir.config.stack import StackConfig, load_stack
from weir.sizing import PlatformPlan, StandingPlan, plan_for
from weir.sizing.lock_figures import tree_of
from weir.sizing.what_if import what_if


@cache
def stack_file_of(name: str) -> StackConfig:
    """A committed stack."""
    return load_stack(REPOSITORY / "stacks" / f"Pulumi.{name}.yaml")


def environment_of(stack: StackConfig) -> Environment:
    """The stack with its pipelines."""
    return resolve(stack, _pipelines(tuple(stack.pipelines)))


@cache
def _pipelines(names: tuple[str, ...]) -> tuple[Pipeline, ...]:
    return tuple(load_pipelines(REPOSITORY / "pipelines", list(names)))


def standing_of(plan: PlatformPlan) -> StandingPlan:
    """What a lock of `plan` says of it."""
    return StandingPlan.model_validate(tree_of(plan))


def planned(name: str, *changes: str, on: PlatformPlan | None = None) -> PlatformPlan:
    """The plan of a committed stack with `changes`, on top of another one."""
    stack = what_if(stack_file_of(name), changes) if changes else stack_file_of(name)
    return plan_for(environment_of(stack), None if on is None else standing_of(on))


def holding(plan: PlatformPlan) -> dict[str, int]:
    """By name, all that may not become smaller."""
    kafka, cassandra = plan.kafka, plan.cassandra
    postgresql = plan.superset.postgresql
    return {
        "brokers": kafka.brokers,
        "broker disk": kafka.broker.disk_gib,
        "controller disk": kafka.controller.disk_gib,
        "nodes": cassandra.nodes,
        "nodes of a rack": cassandra.nodes_per_rack,
        "node disk": cassandra.node.disk_gib,
        "postgresql disk": postgresql.disk_gib if postgresql else 0,
        **{f"partitions of {topic.name}": topic.partitions for topic in kafka.topics},
        **{f"disk of {name}": streams.instance.disk_gib for name, streams in plan.streams.items()},
    }


def shrunk(before: PlatformPlan, after: PlatformPlan) -> Mapping[str, tuple[int, int]]:
    """What `after` has less of."""
    old, new = holding(before), holding(after)
    return {name: (old[name], new.get(name, 0)) for name in old if new.get(name, 0) < old[name]}
