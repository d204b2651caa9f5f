"""For every load that follows another: nothing that holds data shrinks, and one's own lock changes nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from tests.sizing.stacks import FLIGHTS, stack_of
from tests.sizing.standing import holding, shrunk, standing_of
from tests.sizing.test_properties import stacks

from weir.catalog.environment import resolve
from weir.catalog.spec import Engine
from weir.sizing import PlatformPlan, SizingRefused, plan_for
from weir.sizing.cassandra import COMMIT_LOG_GIB
from weir.sizing.cassandra import DISK_UTILISATION as CASSANDRA_UTILISATION
from weir.sizing.kafka import DISK_UTILISATION

pytestmark = pytest.mark.unit
ENGINES = st.sampled_from([Engine.FLINK, Engine.KAFKA_STREAMS])
quick = settings(max_examples=60, deadline=None)


def planned(stack: dict[str, Any], engine: Engine, on: PlatformPlan | None = None) -> PlatformPlan:
    """The plan, on top of another one; a load that nothing carries is no example."""
    try:
        return plan_for(resolve(stack_of(stack), [FLIGHTS.on(engine)]), None if on is None else standing_of(on))
    except SizingRefused:
        reject()


@quick
@given(stacks(), stacks(), ENGINES)
def test_no_plan_shrinks_what_holds_data(before: dict[str, Any], after: dict[str, Any], engine: Engine) -> None:
    after = {**after, "availability": before.get("availability", {}), "storage": before.get("storage", {})}
    standing = planned(before, engine)
    assert shrunk(standing, planned(after, engine, on=standing)) == {}


@quick
@given(stacks(), stacks(), ENGINES)
def test_a_floor_alone_never_refuses_a_plan(before: dict[str, Any], after: dict[str, Any], engine: Engine) -> None:
    after = {**after, "availability": before.get("availability", {}), "storage": before.get("storage", {})}
    standing = planned(before, engine)
    fresh = planned(after, engine)
    kept = plan_for(resolve(stack_of(after), [FLIGHTS.on(engine)]), standing_of(standing))
    for name, least in holding(fresh).items():
        if "disk" not in name:
            assert holding(kept)[name] >= min(least, holding(standing)[name])


@quick
@given(stacks(), stacks(), ENGINES)
def test_planning_again_on_top_of_oneself_changes_nothing(
    before: dict[str, Any], after: dict[str, Any], engine: Engine
) -> None:
    after = {**after, "availability": before.get("availability", {}), "storage": before.get("storage", {})}
    plan = planned(after, engine, on=planned(before, engine))
    assert planned(after, engine, on=plan) == plan


@quick
@given(stacks(), stacks(), st.integers(1, 40), st.integers(1, 40))
def test_what_stands_fits_on_the_nodes_that_a_decision_leaves(
    before: dict[str, Any], after: dict[str, Any], brokers: int, nodes: int
) -> None:
    fewer = {"decisions": {"fewer_nodes": {"kafka": brokers, "cassandra": nodes}}}
    after = {**after, **fewer, "availability": before.get("availability", {}), "storage": before.get("storage", {})}
    standing = planned(before, Engine.FLINK)
    plan = planned(after, Engine.FLINK, on=standing)
    kafka, cassandra = standing.kafka, standing.cassandra
    if plan.kafka.brokers < kafka.brokers:
        assert plan.kafka.brokers >= math.ceil(kafka.held_gib / (kafka.broker.disk_gib * DISK_UTILISATION))
        assert plan.kafka.brokers >= brokers
    if plan.cassandra.nodes < cassandra.nodes:
        room = (cassandra.node.disk_gib - COMMIT_LOG_GIB) * CASSANDRA_UTILISATION
        assert plan.cassandra.nodes >= max(nodes, math.ceil(cassandra.held_gib / room))


@quick
@given(stacks(), stacks(), ENGINES)
def test_the_fewest_pods_are_the_cheapest_above_the_floor(
    before: dict[str, Any], after: dict[str, Any], engine: Engine
) -> None:
    """More brokers on standing volumes never save disk: what another step of them costs, none of the others gives."""
    after = {**after, "availability": before.get("availability", {}), "storage": before.get("storage", {})}
    standing = planned(before, engine)
    plan = planned(after, engine, on=standing)
    step = max(len(stack_of(after).availability.zones), plan.kafka.replication_factor)
    more = {**after, "resources": {**after["resources"], "kafka": {"brokers": plan.kafka.brokers + step}}}
    other = planned(more, engine, on=standing)
    quanta = 10 * other.kafka.brokers
    assert plan.kafka.brokers * plan.kafka.broker.disk_gib <= other.kafka.brokers * other.kafka.broker.disk_gib + quanta
