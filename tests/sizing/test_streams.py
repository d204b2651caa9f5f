"""What holds for every pipeline on Kafka Streams: more work never has less, and a plan carries what it was made for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from tests.sizing.stacks import AVAILABLE, FLIGHTS, SMALL, merged, rates, stack_of

from weir.catalog.environment import resolve
from weir.catalog.spec import Engine
from weir.sizing import PlatformPlan, SizingRefused, plan_for
from weir.sizing.cost import totals_of
from weir.sizing.explanation import Bound
from weir.sizing.figures import figures_of
from weir.sizing.load import load_of
from weir.sizing.streams import CPU_UTILISATION, OVERHEAD_MIB, application_cores, loader_cores, streams_state_gib

pytestmark = pytest.mark.unit

PEAKS = st.floats(1, 100_000)
ROOM = {"resources": {"max_kafka_brokers": 300, "max_cassandra_nodes": 1000, "max_streams_instances": 500}}
quick = settings(max_examples=40, deadline=None)


def sized(base: dict[str, Any], **changes: Any) -> PlatformPlan:
    return plan_for(resolve(stack_of(base, **changes), [FLIGHTS.on(Engine.KAFKA_STREAMS)]))


def feasible(base: dict[str, Any], **changes: Any) -> PlatformPlan:
    try:
        return sized(merged(base, ROOM), **changes)
    except SizingRefused:
        reject()


@quick
@given(base=st.sampled_from([SMALL, AVAILABLE]), peak=PEAKS)
def test_a_plan_carries_its_load(base: dict[str, Any], peak: float) -> None:
    plan = feasible(base, workload=rates(peak))
    job = plan.streams["flights"]
    stack = stack_of(merged(base, ROOM), workload=rates(peak))
    (here,) = resolve(stack, [FLIGHTS.on(Engine.KAFKA_STREAMS)]).pipelines
    load = load_of(here, stack.workload)
    assert job.threads * CPU_UTILISATION >= application_cores(load) - 1e-6
    assert job.instances * job.instance.cpu_cores >= job.threads - job.instances
    assert job.settings.loader_tasks * CPU_UTILISATION >= loader_cores(load) - 1e-6
    copies = 1 + job.settings.standby_replicas
    assert job.instances * job.instance.disk_gib >= streams_state_gib(load) * copies
    heap = job.instance.heap_mib or 0
    assert heap + job.settings.state_memory_mib + OVERHEAD_MIB <= job.instance.memory_mib
    source = next(topic for topic in plan.kafka.topics if topic.name == "flights.events")
    assert source.partitions >= job.threads, "a thread without a partition would do nothing"
    assert job.settings.standby_replicas < job.instances


@quick
@given(base=st.sampled_from([SMALL, AVAILABLE]), peak=PEAKS, more=st.floats(1, 10))
def test_more_events_never_have_less(base: dict[str, Any], peak: float, more: float) -> None:
    less, greater = feasible(base, workload=rates(peak)), feasible(base, workload=rates(peak * more))
    before, after = less.streams["flights"], greater.streams["flights"]
    assert after.threads >= before.threads
    assert after.instances >= before.instances
    assert after.settings.loader_tasks >= before.settings.loader_tasks
    assert after.loaders >= before.loaders
    assert after.state_gib >= before.state_gib
    assert greater.kafka.disk_gib >= less.kafka.disk_gib


@quick
@given(peak=PEAKS)
def test_kafka_carries_more_for_kafka_streams_than_for_flink(peak: float) -> None:
    stack = stack_of(merged(SMALL, ROOM | {"flink": {"max_parallelism": 1024}}), workload=rates(peak))
    try:
        flink = plan_for(resolve(stack, [FLIGHTS])).kafka
    except SizingRefused:
        reject()
    streams = feasible(SMALL, workload=rates(peak)).kafka
    assert streams.brokers * streams.broker.cpu_cores >= flink.brokers * flink.broker.cpu_cores
    assert sum(streams.stored_gib.values()) > sum(flink.stored_gib.values())


def test_highly_available_has_two_instances_and_a_standby() -> None:
    job = sized(AVAILABLE).streams["flights"]
    assert (job.instances >= 2, job.loaders >= 2, job.settings.standby_replicas) == (True, True, 1)
    assert sized(SMALL).streams["flights"].settings.standby_replicas == 0


def test_every_figure_says_why() -> None:
    plan = sized(AVAILABLE, workload=rates(20_000))
    assert plan.explanation_of("streams.flights.threads").bound in (Bound.CPU, Bound.OBJECTIVE)
    assert "standby" in plan.explanation_of("streams.flights.instances").because
    assert "distinct events/s" in plan.explanation_of("streams.flights.loaders").because
    names = {figure.name for figure in figures_of(plan)}
    assert {"streams.flights.instances", "streams.flights.loader.memory", "streams.flights.state"} <= names
    assert any(cost.component == "kafka-streams" and cost.total > 0 for cost in plan.costs)


def test_its_pods_are_part_of_the_quota() -> None:
    job, plan = sized(SMALL).streams["flights"], sized(SMALL)
    others = totals_of(plan).cpu_cores - job.instances * job.instance.cpu_cores - job.loaders * job.loader.cpu_cores
    assert others > 0
    assert plan.flink == {}


def test_an_override_that_is_too_small_is_refused_by_name() -> None:
    with pytest.raises(SizingRefused, match=r"resources\.streams\.flights"):
        sized(
            SMALL,
            workload=rates(50_000),
            resources={"streams": {"flights": {"instances": 1}}, "largest_pod": {"cpu_cores": 2}},
        )
