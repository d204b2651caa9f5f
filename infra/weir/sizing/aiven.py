"""Which of Aiven's Kafka plans stands for a cluster of so many brokers of such a size, and how much disk beside it.

What a plan includes, how far its disk grows and what it costs differs by cloud and changes. The stack's price sheet
says it, as `avn service plans --service-type kafka --cloud <cloud> --monthly` lists it; sizing makes nothing up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from weir.config.prices import AivenPlan
from weir.config.stack import StackConfig
from weir.sizing.explanation import Bound, SizingRefused
from weir.sizing.kafka_elsewhere import AivenOrder
from weir.sizing.plan import NodeSize
from weir.sizing.shares import rounded_up

# Aiven's documentation ("Scaling options in Apache Kafka"): business plans have 3 brokers, premium ones as many as the
# name says; its last number is the memory of each in GiB.
_NAME = re.compile(r"(?:business|premium-(?P<brokers>\d+)x)-(?P<memory>\d+)")
BUSINESS_BROKERS = 3
# An assumption, which the provider checks before it orders: disk is added in steps of 10 GiB for each broker.
STEP_GIB_PER_BROKER = 10


def aiven_order(brokers: int, broker: NodeSize, stack: StackConfig) -> AivenOrder:
    """The cheapest plan of the price sheet with as much memory as these brokers, and with room for as much disk.

    `kafka.aiven.plan` names one instead; memory is then a person's choice, disk is not.

    Raises:
        SizingRefused: the price sheet does not list the plan, or none that is large enough.
    """
    listed, wanted = stack.prices.aiven_plans, stack.kafka.aiven and stack.kafka.aiven.plan
    if wanted is not None and wanted not in listed:
        raise SizingRefused(
            Bound.OVERRIDE,
            f"Aiven's plan {wanted} is not on the price sheet, so neither its disk nor its price is known",
            f"prices.aiven_plans.{wanted}",
        )
    memory, disk = brokers * broker.memory_mib / 1024, brokers * broker.disk_gib
    candidates = {wanted: listed[wanted]} if wanted else _with_memory(listed, memory)
    if not candidates:
        raise SizingRefused(
            Bound.MEMORY,
            f"Kafka needs {memory:,.0f} GiB of memory in total, and {_largest(listed)}",
            "prices.aiven_plans: list a larger plan, as `avn service plans` prints it",
        )
    orders = [_order(name, plan, disk, stack) for name, plan in candidates.items() if plan.maximum_disk_gib >= disk]
    if not orders:
        name, plan = max(candidates.items(), key=lambda each: each[1].maximum_disk_gib)
        raise SizingRefused(
            Bound.DISK,
            f"Kafka needs {disk:,} GiB of disk in total, and Aiven's plan {name} grows to {plan.maximum_disk_gib:,}",
            "prices.aiven_plans, kafka.aiven.plan: a plan with more disk; retention.tiered_storage; shorter retention",
        )
    return min(orders, key=lambda order: (order.month, order.plan))


def _order(name: str, plan: AivenPlan, disk: int, stack: StackConfig) -> AivenOrder:
    step = STEP_GIB_PER_BROKER * (_brokers(name) or 1)
    missing = max(0, disk - plan.included_disk_gib)
    added = min(int(rounded_up(missing, step)), plan.maximum_disk_gib - plan.included_disk_gib)
    return AivenOrder(name, added, round(plan.month + added * stack.prices.aiven_disk_gib_month, 2))


def _with_memory(listed: Mapping[str, AivenPlan], needed_gib: float) -> dict[str, AivenPlan]:
    return {name: plan for name, plan in listed.items() if _memory_gib(name) >= needed_gib}


def _brokers(name: str) -> int:
    """Of a plan; 0 where its name does not say."""
    found = _NAME.fullmatch(name)
    return int(found["brokers"] or BUSINESS_BROKERS) if found else 0


def _memory_gib(name: str) -> int:
    """Of all brokers of a plan; 0 where its name does not say."""
    found = _NAME.fullmatch(name)
    return _brokers(name) * int(found["memory"]) if found else 0


def _largest(listed: Mapping[str, AivenPlan]) -> str:
    if not listed:
        return "the price sheet lists no plan of Aiven's"
    name = max(listed, key=_memory_gib)
    return f"the largest plan of the price sheet, {name}, has {_memory_gib(name):,}"
