"""Aiven: a plan by memory and disk, disk that is ordered beside it, and what both cost."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sizing.stacks import AVAILABLE, rates, sized

from weir.sizing import Bound, SizingRefused
from weir.sizing.plan import PlatformPlan

pytestmark = pytest.mark.unit

PLANS = {
    "business-4": {"month": 200, "included_disk_gib": 300, "maximum_disk_gib": 1000},
    "business-8": {"month": 400, "included_disk_gib": 600, "maximum_disk_gib": 3000},
    "premium-6x-8": {"month": 900, "included_disk_gib": 1200, "maximum_disk_gib": 6000},
}


def ordered(memory_mib: int, disk_gib: int, plan: str | None = None, **prices: Any) -> PlatformPlan:
    """Three brokers of this size at Aiven."""
    return sized(
        AVAILABLE,
        workload=rates(100, 1),
        kafka={
            "provider": "aiven",
            "aiven": {"project": "weir", "cloud_name": "aws-eu-west-1", **({"plan": plan} if plan else {})},
        },
        resources={
            "kafka": {"brokers": 3, "broker": {"memory_mib": memory_mib, "disk_gib": disk_gib}},
            "largest_pod": {"memory_mib": 400_000},
        },
        prices={"aiven_plans": PLANS, **prices},
    )


@pytest.mark.parametrize(
    ("memory_mib", "disk_gib", "plan", "added_gib", "month"),
    [
        (4096, 100, "business-4", 0, 200),
        (4097, 100, "business-8", 0, 400),
        (4096, 101, "business-4", 30, 209),
        (4096, 333, "business-4", 700, 410),
        (4096, 334, "business-8", 420, 526),
        (8193, 400, "premium-6x-8", 0, 900),
        (8192, 1000, "business-8", 2400, 1120),
        (8192, 2000, "premium-6x-8", 4800, 2340),
    ],
)
def test_the_cheapest_plan_has_the_memory_and_room_for_the_disk(
    memory_mib: int, disk_gib: int, plan: str, added_gib: int, month: float
) -> None:
    found = ordered(memory_mib, disk_gib)
    assert found.kafka.aiven is not None
    assert vars(found.kafka.aiven) == {"plan": plan, "additional_disk_gib": added_gib, "month": month}
    (cost,) = [cost for cost in found.costs if cost.component == "kafka"]
    assert (cost.managed, cost.compute) == (month, 0)


@pytest.mark.parametrize(
    ("case", "bottleneck", "words"),
    [
        ({"memory_mib": 4096, "disk_gib": 2001}, Bound.DISK, ["6,003 GiB", "premium-6x-8 grows to 6,000"]),
        ({"memory_mib": 4096, "disk_gib": 334, "plan": "business-4"}, Bound.DISK, ["business-4 grows to 1,000"]),
        ({"memory_mib": 32_768, "disk_gib": 100}, Bound.MEMORY, ["96 GiB of memory", "premium-6x-8, has 48"]),
        (
            {"memory_mib": 4096, "disk_gib": 100, "plan": "business-32"},
            Bound.OVERRIDE,
            ["business-32 is not on the price sheet", "prices.aiven_plans.business-32"],
        ),
        ({"memory_mib": 4096, "disk_gib": 100, "aiven_plans": {}}, Bound.MEMORY, ["lists no plan of Aiven's"]),
    ],
)
def test_a_plan_that_is_too_small_or_unknown_is_refused(
    case: dict[str, Any], bottleneck: Bound, words: list[str]
) -> None:
    with pytest.raises(SizingRefused) as caught:
        ordered(**case)
    assert caught.value.bottleneck is bottleneck
    for word in words:
        assert word in str(caught.value)


def test_a_plan_of_a_persons_choice_stands_and_gets_its_disk() -> None:
    found = ordered(32_768, 250, plan="business-4").kafka.aiven
    assert found is not None
    assert (found.plan, found.additional_disk_gib) == ("business-4", 450)


def test_added_disk_has_its_own_price() -> None:
    found = ordered(4096, 200, aiven_disk_gib_month=0.5).kafka.aiven
    assert found is not None
    assert (found.plan, found.month) == ("business-4", 200 + 300 * 0.5)
