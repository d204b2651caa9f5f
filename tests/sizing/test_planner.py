"""Refusals, overrides, explanations, and costs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from tests.sizing.stacks import AVAILABLE, FLIGHTS, SMALL, merged, rates, sized, stack_of

from dedup_join.tables import TOTALS_BUFFER_TIME
from weir.catalog.environment import load_environment, resolve
from weir.config.errors import ConfigError
from weir.config.flink import StateBackend
from weir.config.stack import load_stack
from weir.sizing import Bound, SizingRefused, plan_for
from weir.sizing.state import WRITES_PER_TOTAL_PER_SECOND

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]
HUGE = rates(5_000_000)


@pytest.mark.parametrize("name", ["local", "dev", "staging", "prod"])
def test_every_stack_has_a_plan(name: str) -> None:
    stack = load_stack(REPOSITORY / "stacks" / f"Pulumi.{name}.yaml")
    plan = plan_for(load_environment(REPOSITORY / "pipelines", stack))
    assert plan.environment == name
    assert plan.cost_per_month == pytest.approx(sum(cost.total for cost in plan.costs))


def test_development_costs_a_fraction_of_production() -> None:
    cost = {}
    for name in ("dev", "staging", "prod"):
        stack = load_stack(REPOSITORY / "stacks" / f"Pulumi.{name}.yaml")
        cost[name] = plan_for(load_environment(REPOSITORY / "pipelines", stack)).cost_per_month
    assert cost["dev"] < cost["staging"] / 3 < cost["prod"] / 9


@pytest.mark.parametrize(
    ("changes", "bottleneck", "words"),
    [
        ({"workload": HUGE}, Bound.CPU, ["parallelism", "flink.max_parallelism"]),
        (
            {
                "workload": rates(1000, peak_hours=168),
                "resources": {"largest_pod": {"disk_gib": 20}, "max_kafka_brokers": 3},
            },
            Bound.DISK,
            ["Kafka brokers", "resources.largest_pod.disk_gib", "GiB of disk"],
        ),
        (
            {"workload": rates(20_000), "resources": {"max_cassandra_nodes": 1, "largest_pod": {"cpu_cores": 4}}},
            Bound.CPU,
            ["Cassandra nodes", "resources.max_cassandra_nodes"],
        ),
        (
            {"workload": rates(50_000), "resources": {"kafka": {"brokers": 1}, "largest_pod": {"cpu_cores": 1}}},
            Bound.CPU,
            ["1 Kafka brokers", "resources.kafka.brokers"],
        ),
        (
            {"workload": rates(20_000), "resources": {"largest_pod": {"network_mib_per_second": 0.1}}},
            Bound.NETWORK,
            ["MiB/s", "resources.largest_pod.network_mib_per_second"],
        ),
        (
            {"workload": rates(20_000), "resources": {"flink": {"flights": {"parallelism": 2}}}},
            Bound.CPU,
            ["resources.flink.flights.parallelism", "it is set to 2"],
        ),
        (
            {
                "workload": rates(20_000),
                "resources": {"quota": {"cpu_cores": 4, "memory_mib": 10**6, "disk_gib": 10**6}},
            },
            Bound.CPU,
            ["the quota is 4", "resources.quota.cpu_cores"],
        ),
    ],
)
def test_a_refusal_names_the_bottleneck_and_the_setting(
    changes: dict[str, Any], bottleneck: Bound, words: list[str]
) -> None:
    with pytest.raises(SizingRefused) as caught:
        sized(**changes)
    assert caught.value.bottleneck is bottleneck
    for word in words:
        assert word in str(caught.value)


def test_the_recovery_objective_sets_the_parallelism_if_it_needs_more() -> None:
    calm = sized(workload=rates(20_000, recovery={"backlog_minutes": 5, "catch_up_minutes": 240}))
    hasty = sized(workload=rates(20_000, recovery={"backlog_minutes": 240, "catch_up_minutes": 60}))
    assert calm.explanation_of("flink.flights.parallelism").bound is Bound.CPU
    assert hasty.explanation_of("flink.flights.parallelism").bound is Bound.OBJECTIVE
    assert hasty.flink["flights"].parallelism > 2 * calm.flink["flights"].parallelism
    assert hasty.cassandra.nodes * hasty.cassandra.node.cpu_cores > calm.cassandra.nodes * calm.cassandra.node.cpu_cores
    assert hasty.kafka.disk_gib == pytest.approx(calm.kafka.disk_gib, rel=0.05), "a backlog is no more data"


def test_the_backend_follows_from_the_state() -> None:
    kept = {"pipelines": {"flights": {"source_retention_hours": 24, "deduplication_horizon_hours": 24}}}
    small = sized(workload=rates(1000, 100), retention=kept).flink["flights"]
    large = sized(workload=rates(1000, 1000), retention=kept).flink["flights"]
    assert (small.state_backend, small.task_manager.disk_gib) == (StateBackend.HASHMAP, 0)
    assert large.state_backend is StateBackend.ROCKSDB
    assert large.task_manager.disk_gib > large.state_gib
    assert large.settings.state_backend is StateBackend.ROCKSDB


def test_an_override_stands_and_is_named_as_one() -> None:
    override = {"brokers": 5, "broker": {"cpu_cores": 2, "memory_mib": 5000, "disk_gib": 777}}
    plan = sized(resources={"kafka": override})
    assert plan.kafka.brokers == 5
    assert dataclasses.astuple(plan.kafka.broker)[:2] == (2, 5000)
    assert plan.kafka.broker.disk_gib == 777
    assert plan.explanation_of("kafka.brokers").bound is Bound.OVERRIDE


def test_every_figure_that_is_decided_is_explained() -> None:
    plan = sized(AVAILABLE)
    explained = {entry.figure for entry in plan.explanations}
    assert {"kafka.brokers", "cassandra.nodes", "flink.flights.parallelism", "trino.workers"} <= explained
    assert all(entry.because for entry in plan.explanations)
    assert plan.explanation_of("kafka.brokers").bound is Bound.AVAILABILITY


def test_growth_is_planned_for() -> None:
    flat = sized(AVAILABLE, workload=rates(50_000, 50, planning_months=24))
    growing = rates(50_000, 50, planning_months=24)
    growing["pipelines"]["flights"]["growth_percent_per_year"] = 100
    plan = sized(AVAILABLE, workload=growing, resources={"max_kafka_brokers": 90}, flink={"max_parallelism": 256})
    assert plan.flink["flights"].parallelism == pytest.approx(4 * flat.flink["flights"].parallelism, rel=0.1)


def test_more_readers_cost_network_and_cpu_of_kafka_alone() -> None:
    fan_out = rates(100_000, 50)
    fan_out["pipelines"]["flights"]["extra_consumer_groups"] = 10
    one, many = sized(AVAILABLE, workload=rates(100_000, 50)), sized(AVAILABLE, workload=fan_out)
    assert many.kafka.broker.cpu_cores > one.kafka.broker.cpu_cores
    assert many.kafka.disk_gib == one.kafka.disk_gib
    assert many.cassandra == one.cassandra


def test_a_legal_hold_takes_every_expiry_away() -> None:
    plan = sized(retention={"pipelines": {"flights": {"legal_hold": True}}}, workload=rates(10, 1))
    assert {topic.config["retention.ms"] for topic in plan.kafka.topics} == {"-1"}
    assert {topic.config["retention.bytes"] for topic in plan.kafka.topics} == {"-1"}
    flights = [table for table in plan.cassandra.tables if table.keyspace == "flights"]
    assert {table.ttl_seconds for table in flights} == {0}
    assert all("TimeWindow" not in table.create_statement() for table in flights)


def test_tiered_storage_keeps_the_newest_hours_on_disk() -> None:
    bucket = {"object_storage": {"bucket": "weir-test", "workload_identity": True}}
    tiered = {"tiered_storage": {"enabled": True, "local_retention_hours": 6}}
    plan = sized(storage=bucket, retention=tiered)
    config = plan.kafka.topics[0].config
    assert config["remote.storage.enable"] == "true"
    assert config["local.retention.ms"] == str(6 * 3_600_000)
    assert config["retention.ms"] == str(168 * 3_600_000)
    assert plan.kafka.disk_gib < sized().kafka.disk_gib / 2


def test_the_environments_ttl_and_grace_reach_every_table() -> None:
    plan = sized(retention={"gc_grace_hours": 48, "health_ttl_days": 3})
    assert {table.gc_grace_seconds for table in plan.cassandra.tables} == {48 * 3600}
    (health,) = [table for table in plan.cassandra.tables if table.name == "pipeline_health"]
    assert health.ttl_seconds == 3 * 86_400


def test_a_peak_of_the_stack_below_the_mean_of_the_file_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"peak_events_per_second: 5 is below mean_events_per_second 1000"):
        sized(workload={"pipelines": {"flights": {"peak_events_per_second": 5}}})


def test_totals_are_counted_as_often_as_the_job_writes_them() -> None:
    seconds = float(TOTALS_BUFFER_TIME.removesuffix(" s"))
    assert 1 / seconds == WRITES_PER_TOTAL_PER_SECOND


def test_two_pipelines_share_the_brokers_and_have_a_job_each() -> None:
    spec = FLIGHTS.spec
    other_spec = spec.model_copy(
        update={
            "name": "trains",
            "source": spec.source.model_copy(update={"topic": "trains.events"}),
            "dead_letters": spec.dead_letters.model_copy(update={"topic": "trains.dead-letters"}),
        }
    )
    trains = dataclasses.replace(FLIGHTS, spec=other_spec)
    stack = stack_of({**SMALL, "pipelines": ["flights", "trains"]})
    both, one = plan_for(resolve(stack, [FLIGHTS, trains])), sized()
    assert set(both.flink) == {"flights", "trains"}
    assert both.flink["flights"] == one.flink["flights"]
    assert [topic.name for topic in both.kafka.topics][2:] == ["trains.events", "trains.dead-letters"]
    assert both.kafka.disk_gib > 1.9 * one.kafka.disk_gib


def test_what_a_hold_keeps_in_object_storage_is_paid_for() -> None:
    def cost(**kept: Any) -> float:
        retention = {"tiered_storage": {"enabled": True}, "pipelines": {"flights": kept}}
        plan = sized(AVAILABLE, retention=retention, workload=rates(10, 10))
        return next(cost.storage for cost in plan.costs if cost.component == "kafka")

    assert cost(legal_hold=True) > cost(source_retention_hours=168)


def test_merging_leaves_the_base_alone() -> None:
    before = dict(SMALL)
    merged(SMALL, {"workload": HUGE})
    assert before == SMALL


def test_the_log_of_analysts_queries_has_room_beside_the_coordinator() -> None:
    groups = {"groups": {"readers": {"members": ["ana"], "pipelines": ["flights"]}}}

    def coordinator(**changes: Any) -> tuple[float, int]:
        (group, _) = [group for group in sized(SMALL, **changes).pods if group.name == "coordinator"]
        return group.pod.cpu_cores, group.pod.memory_mib

    cores, memory_mib = coordinator()
    assert coordinator(trino=groups, given_secrets=["trino_passwords"]) == (cores + 0.05, memory_mib + 64)
