"""Kafka's disk: the mean over the retention, the peak for some hours of it, and the limit above both."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from tests.sizing.stacks import AVAILABLE, FLIGHTS, rates, sized, stack_of

from weir.catalog.environment import resolve
from weir.sizing.kafka_topics import kept_bytes, mean_bytes
from weir.sizing.load import Load, load_of
from weir.sizing.shares import GIB

pytestmark = pytest.mark.unit


def load_with(mean: float, peak: float, **workload: Any) -> Load:
    """Flights at these rates, without growth and headroom."""
    stack = stack_of(workload=rates(peak, mean, headroom_percent=0, planning_months=0, **workload))
    (here,) = resolve(stack, [FLIGHTS]).pipelines
    return load_of(here, stack.workload)


@pytest.mark.parametrize(
    ("hours", "peak_hours", "events_of_an_hour"),
    [
        (168, 24, 144 * 100 + 24 * 1000),
        (168, 0, 168 * 100),
        (12, 24, 12 * 1000),
        (24, 24, 24 * 1000),
        (25, 24, 100 + 24 * 1000),
    ],
)
def test_a_retention_holds_the_mean_and_some_hours_of_the_peak(
    hours: int, peak_hours: int, events_of_an_hour: int
) -> None:
    load = load_with(100, 1000, peak_hours=peak_hours)
    assert kept_bytes(load, hours) == events_of_an_hour * 3600 * load.record_bytes


def test_what_never_expires_is_planned_at_the_mean() -> None:
    load = load_with(100, 1000)
    assert kept_bytes(load, None) == mean_bytes(load, None) == 100 * load.record_bytes * 1095 * 86_400


def test_a_peak_is_one_day_unless_the_stack_says_otherwise() -> None:
    assert load_with(100, 1000).peak_hours == 24


@pytest.mark.parametrize("changes", [{}, {"retention": {"tiered_storage": {"enabled": True}}}], ids=["own", "tiered"])
def test_partitions_that_reach_their_limit_do_not_fill_the_disk(changes: dict[str, Any]) -> None:
    plan = sized(AVAILABLE, workload=rates(50_000, 1000), **changes)
    limit = "local.retention.bytes" if changes else "retention.bytes"
    most = sum(int(topic.config[limit]) * topic.partitions for topic in plan.kafka.topics)
    assert most * plan.kafka.replication_factor <= plan.kafka.brokers * plan.kafka.broker.disk_gib * GIB
    assert all(int(topic.config[limit]) > 0 for topic in plan.kafka.topics)


def test_object_storage_is_billed_at_the_mean() -> None:
    def cost(peak: float) -> float:
        plan = sized(AVAILABLE, workload=rates(peak, 1000), retention={"tiered_storage": {"enabled": True}})
        flat = dataclasses.replace(plan.kafka.broker, disk_gib=0)
        (kafka,) = [cost for cost in plan.costs if cost.component == "kafka"]
        volumes = plan.kafka.brokers * (plan.kafka.broker.disk_gib - flat.disk_gib)
        return kafka.storage - (volumes + plan.kafka.controllers * plan.kafka.controller.disk_gib) * 0.08

    # 1,300/s of 150 bytes for a week, at 0.023 for each GiB.
    billed = pytest.approx(1300 * 150 * 168 * 3600 / GIB * 0.023, abs=0.011)
    assert cost(1000) == billed
    assert cost(50_000) == billed
