"""What holds for every workload: nothing is carried by less, and a plan carries what it was made for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from tests.sizing.stacks import AVAILABLE, FLIGHTS, SMALL, merged, rates, sized, stack_of

from weir.catalog.environment import resolve
from weir.config.flink import StateBackend
from weir.config.prices import PricesConfig
from weir.sizing import PlatformPlan, SizingRefused
from weir.sizing.cassandra import COORDINATION_SHARE, WRITTEN_COPIES_PER_CORE
from weir.sizing.cassandra import CPU_UTILISATION as CASSANDRA_UTILISATION
from weir.sizing.cassandra import DISK_UTILISATION as CASSANDRA_DISK_UTILISATION
from weir.sizing.cost import most_of
from weir.sizing.flink import CPU_QUANTUM as TASK_QUANTUM
from weir.sizing.flink import CPU_UTILISATION, MEMORY_QUANTUM_MIB, load_cores
from weir.sizing.kafka import (
    CPU_QUANTUM,
    DISK_QUANTUM_GIB,
    DISK_UTILISATION,
    MEMORY_MIB_PER_CORE,
    READ_TO_WRITE_COST,
    WRITTEN_BYTES_PER_CORE,
)
from weir.sizing.kafka import CPU_UTILISATION as KAFKA_UTILISATION
from weir.sizing.kafka_topics import DEAD_LETTER_SHARE, kept_bytes, mean_bytes
from weir.sizing.load import load_of
from weir.sizing.row_bytes import row_bytes
from weir.sizing.shares import GIB, fewest, share
from weir.sizing.state import total_writes_per_second

pytestmark = pytest.mark.unit

BASES = st.sampled_from([SMALL, AVAILABLE])
PEAKS = st.floats(1, 200_000)
MORE = st.floats(1, 20)
PRICES = {
    "cores": PricesConfig().cpu_core_month,
    "memory": PricesConfig().memory_gib_month / 1024,
    "disk": PricesConfig().disk_gib_month,
}
"""Of a core, a MiB of memory and a GiB of disk."""
quick = settings(max_examples=60, deadline=None)


@st.composite
def stacks(draw: st.DrawFn) -> dict[str, Any]:
    """A stack with some workload, retention and limits."""
    base = draw(BASES)
    peak = draw(PEAKS)
    hours = draw(st.integers(1, 400))
    changes = {
        "workload": rates(
            peak,
            draw(st.floats(0.5, peak)) if peak > 1 else 0.5,
            dashboard_users=draw(st.integers(0, 2000)),
            recovery={"backlog_minutes": draw(st.integers(0, 240)), "catch_up_minutes": draw(st.integers(10, 240))},
        ),
        "retention": {
            "pipelines": {
                "flights": {
                    "source_retention_hours": hours,
                    "deduplication_horizon_hours": hours + draw(st.integers(0, 100)),
                    "rows_ttl_days": draw(st.integers(1, 400)),
                }
            }
        },
        "resources": {
            "largest_pod": {"cpu_cores": draw(st.sampled_from([4, 16, 48])), "memory_mib": 131_072, "disk_gib": 8000},
            "max_kafka_brokers": 300,
            "max_cassandra_nodes": 1000,
            "max_flink_task_managers": 500,
        },
        "flink": {"max_parallelism": 1024},
    }
    return merged(base, changes)


def pods(plan: PlatformPlan) -> dict[str, float]:
    """What must not shrink when there is more to do."""
    (job,) = plan.flink.values()
    (topic, letters) = plan.kafka.topics
    return {
        "brokers": plan.kafka.brokers,
        "broker cores": plan.kafka.brokers * plan.kafka.broker.cpu_cores,
        "broker memory": plan.kafka.brokers * plan.kafka.broker.memory_mib,
        "broker disk": plan.kafka.disk_gib,
        "partitions": topic.partitions,
        "topic": plan.kafka.stored_gib[topic.name],
        "letters": plan.kafka.stored_gib[letters.name],
        "cassandra nodes": plan.cassandra.nodes,
        "cassandra cores": plan.cassandra.nodes * plan.cassandra.node.cpu_cores,
        "cassandra memory": plan.cassandra.nodes * plan.cassandra.node.memory_mib,
        "cassandra disk": plan.cassandra.disk_gib,
        "parallelism": job.parallelism,
        "task managers": job.task_managers,
        "task manager cores": job.task_managers * job.task_manager.cpu_cores,
        "task manager memory": job.task_managers * job.task_manager.memory_mib,
        "trino": plan.trino.workers,
        "web": plan.superset.web_replicas,
        "cost": plan.cost_per_month,
    }


def never_less(before: dict[str, Any], after: dict[str, Any]) -> None:
    """The plan of `after` has at least what the plan of `before` has; a refusal is more than any plan."""
    try:
        more = pods(sized(after))
    except SizingRefused:
        return
    less = pods(sized(before))
    # Each pod's share is rounded up: with more pods less may be rounded up in all, by less than a quantum for each.
    assert {name: (less[name], more[name]) for name in less if more[name] < less[name] - rounding(name, less)} == {}


def feasible(stack: dict[str, Any]) -> PlatformPlan:
    """The stack's plan; an example without one is given up."""
    try:
        return sized(stack)
    except SizingRefused:
        reject()


def rounding(name: str, plan: dict[str, float]) -> float:
    """What rounding up may add to a figure."""
    brokers, nodes, managers = plan["brokers"], plan["cassandra nodes"], plan["task managers"]
    quanta = {
        "broker cores": brokers * CPU_QUANTUM,
        "broker memory": brokers * CPU_QUANTUM * MEMORY_MIB_PER_CORE,
        "broker disk": brokers * DISK_QUANTUM_GIB,
        "cassandra cores": nodes * CPU_QUANTUM,
        "cassandra memory": nodes * CPU_QUANTUM * MEMORY_MIB_PER_CORE,
        "cassandra disk": nodes * DISK_QUANTUM_GIB,
        "task manager cores": managers * TASK_QUANTUM,
        "task manager memory": managers * MEMORY_QUANTUM_MIB,
    }
    quanta["cost"] = sum(PRICES[figure.rpartition(" ")[2]] * most for figure, most in quanta.items())
    return 1e-6 + quanta.get(name, 0)


def changed(stack: dict[str, Any], path: tuple[str, ...], change: Callable[[Any], Any]) -> dict[str, Any]:
    """The stack with one value changed."""
    if not path:
        return change(stack)  # type: ignore[return-value]
    return {**stack, path[0]: changed(stack[path[0]], path[1:], change)}


FLIGHTS_LOAD = ("workload", "pipelines", "flights")
FLIGHTS_KEPT = ("retention", "pipelines", "flights")


@quick
@given(stacks(), MORE)
def test_a_higher_peak_never_needs_less(stack: dict[str, Any], factor: float) -> None:
    never_less(stack, changed(stack, (*FLIGHTS_LOAD, "peak_events_per_second"), lambda peak: peak * factor))


@quick
@given(stacks(), MORE)
def test_a_higher_mean_never_needs_less(stack: dict[str, Any], factor: float) -> None:
    peak = stack["workload"]["pipelines"]["flights"]["peak_events_per_second"]
    never_less(stack, changed(stack, (*FLIGHTS_LOAD, "mean_events_per_second"), lambda mean: min(mean * factor, peak)))


@quick
@given(stacks(), st.integers(1, 2000))
def test_longer_events_never_need_less(stack: dict[str, Any], more: int) -> None:
    before = changed(stack, FLIGHTS_LOAD, lambda load: {**load, "event_bytes": 100})
    never_less(before, changed(stack, FLIGHTS_LOAD, lambda load: {**load, "event_bytes": 100 + more}))


@quick
@given(stacks(), st.integers(1, 1000))
def test_longer_retention_never_needs_less(stack: dict[str, Any], more: int) -> None:
    def longer(kept: dict[str, int]) -> dict[str, int]:
        return {
            **kept,
            "source_retention_hours": kept["source_retention_hours"] + more,
            "deduplication_horizon_hours": kept["deduplication_horizon_hours"] + more,
        }

    never_less(stack, changed(stack, FLIGHTS_KEPT, longer))


@quick
@given(stacks(), st.integers(1, 400))
def test_a_longer_life_of_rows_never_needs_less(stack: dict[str, Any], more: int) -> None:
    never_less(stack, changed(stack, (*FLIGHTS_KEPT, "rows_ttl_days"), lambda days: days + more))


@quick
@given(stacks(), st.integers(1, 400))
def test_a_longer_horizon_never_needs_less(stack: dict[str, Any], more: int) -> None:
    never_less(stack, changed(stack, (*FLIGHTS_KEPT, "deduplication_horizon_hours"), lambda hours: hours + more))


@quick
@given(stacks(), st.integers(1, 5000))
def test_more_dashboard_users_never_need_less(stack: dict[str, Any], more: int) -> None:
    never_less(stack, changed(stack, ("workload", "dashboard_users"), lambda users: users + more))


@quick
@given(stacks(), st.integers(1, 500))
def test_a_longer_backlog_never_needs_less(stack: dict[str, Any], more: int) -> None:
    never_less(stack, changed(stack, ("workload", "recovery", "backlog_minutes"), lambda minutes: minutes + more))


@quick
@given(stacks())
def test_a_plan_carries_its_own_workload_with_headroom(changes: dict[str, Any]) -> None:
    stack, plan = stack_of(changes), feasible(changes)
    (here,) = resolve(stack, [FLIGHTS]).pipelines
    load = load_of(here, stack.workload)
    (job,) = plan.flink.values()
    zones, copies = len(stack.availability.zones), plan.kafka.replication_factor
    groups = max(zones, copies)
    left = (groups - 1) / groups if copies > 1 else 1.0

    assert load.planned_peak >= load.expected_peak * 1.3 - 1e-6
    copied = load.planned_bytes_per_second * (copies - 1) * left
    read = copied + load.processed_bytes_per_second
    busy = (load.planned_bytes_per_second + copied + read * READ_TO_WRITE_COST) / WRITTEN_BYTES_PER_CORE
    assert plan.kafka.brokers * plan.kafka.broker.cpu_cores * left * KAFKA_UTILISATION >= busy - 1e-6
    assert plan.kafka.brokers * plan.kafka.broker.disk_gib * DISK_UTILISATION >= sum(plan.kafka.stored_gib.values())
    assert job.parallelism * CPU_UTILISATION >= load_cores(load, job.state_backend) - 1e-6
    writes = load.distinct_processed + total_writes_per_second(load)
    cores = plan.cassandra.nodes * plan.cassandra.node.cpu_cores * CASSANDRA_UTILISATION * left
    copying = (1 - COORDINATION_SHARE) * left + COORDINATION_SHARE
    assert cores * WRITTEN_COPIES_PER_CORE >= writes * copies * copying - 1e-3
    rows = load.distinct_mean * stack.retention.pipelines["flights"].rows_ttl_days * 86_400  # type: ignore[operator]
    stored = rows * row_bytes(load) * copies * 0.6 / GIB
    assert plan.cassandra.disk_gib * CASSANDRA_DISK_UTILISATION >= stored


@quick
@given(stacks())
def test_a_plan_keeps_the_rules_of_its_services(changes: dict[str, Any]) -> None:
    stack, plan = stack_of(changes), feasible(changes)
    (job,) = plan.flink.values()
    kafka, cassandra, largest = plan.kafka, plan.cassandra, stack.resources.largest_pod
    assert kafka.replication_factor <= kafka.brokers
    assert kafka.brokers % len(stack.availability.zones) == 0
    assert kafka.min_in_sync_replicas < kafka.replication_factor or kafka.replication_factor == 1
    assert cassandra.replication_factor <= cassandra.nodes
    assert cassandra.nodes == cassandra.nodes_per_rack * len(stack.availability.zones)
    assert job.parallelism <= job.task_slots * job.task_managers <= job.max_parallelism
    assert job.parallelism <= kafka.topics[0].partitions
    assert job.autoscaler_min_parallelism <= job.autoscaler_max_parallelism == job.parallelism
    assert (job.task_manager.disk_gib > 0) == (job.state_backend is StateBackend.ROCKSDB)
    for pod in (kafka.broker, cassandra.node, job.task_manager):
        assert pod.cpu_cores <= largest.cpu_cores
        assert pod.memory_mib <= largest.memory_mib
        assert pod.disk_gib <= largest.disk_gib
    for heap, memory in (
        (kafka.broker.heap_mib, kafka.broker.memory_mib),
        (cassandra.node.heap_mib, cassandra.node.memory_mib),
    ):
        assert heap is not None
        assert heap <= memory / 2
    totals = most_of(plan)
    assert plan.quota.cpu_cores >= totals.cpu_cores
    assert plan.quota.memory_mib >= totals.memory_mib


@quick
@given(stacks())
def test_retention_bytes_never_cuts_before_the_time_does(changes: dict[str, Any]) -> None:
    stack, plan = stack_of(changes), feasible(changes)
    (here,) = resolve(stack, [FLIGHTS]).pipelines
    load = load_of(here, stack.workload)
    assert load.planned_bytes_per_second >= load.expected_peak * load.record_bytes
    for topic, part in zip(plan.kafka.topics, (1, DEAD_LETTER_SHARE), strict=True):
        seconds = int(topic.config["retention.ms"]) / 1000
        written = kept_bytes(load, int(seconds) // 3600) * part
        assert written >= mean_bytes(load, int(seconds) // 3600) * part * (1 - 1e-9)
        assert int(topic.config["retention.bytes"]) * topic.partitions >= written * 1.5
        assert int(topic.config["segment.bytes"]) * 2 <= int(topic.config["retention.bytes"])
        assert int(topic.config["segment.ms"]) <= max(seconds * 1000, 3_600_000)
        assert plan.kafka.stored_gib[topic.name] * GIB >= written * plan.kafka.replication_factor * (1 - 1e-9)


@given(st.floats(0, 1e6), st.floats(0.5, 1000), st.integers(1, 7), st.sampled_from([0.25, 0.5, 1, 10]))
def test_the_fewest_pods_have_enough_and_one_step_fewer_would_not(
    need: float, limit: float, step: int, quantum: float
) -> None:
    pods = fewest(need, limit, quantum, maximum=10**9, step=step)
    if pods is None:
        assert limit < quantum
        return
    assert pods % step == 0
    assert share(need, pods, quantum) <= limit + 1e-6
    assert share(need, pods, quantum) * pods >= need - 1e-3
    assert pods == step or share(need, pods - step, quantum) > limit - 1e-6
