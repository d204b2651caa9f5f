"""Which of Aiven's Kafka plans stands for a cluster of so many brokers of such a size."""

from __future__ import annotations

from weir.config.stack import StackConfig
from weir.sizing.explanation import Bound, SizingRefused
from weir.sizing.plan import NodeSize

# Aiven's documentation ("Scaling options in Apache Kafka"): predefined plans have 3, 6, 9, 15 or 30 brokers. A name
# says how many and how large: business-8 is 3 brokers of 8 GiB, premium-6x-8 is 6. Disk is added apart from the plan.
BROKERS = (3, 6, 9, 15, 30)
MEMORY_GIB = (4, 8, 16, 32, 64)


def aiven_plan(brokers: int, broker: NodeSize, stack: StackConfig) -> str:
    """The plan with the least memory in all that has at least as much as these brokers.

    Raises:
        SizingRefused: no predefined plan is large enough.
    """
    aiven = stack.kafka.aiven
    if aiven is not None and aiven.plan is not None:
        return aiven.plan
    needed = brokers * broker.memory_mib / 1024
    plans = sorted(
        (count * memory, count, memory) for count in BROKERS for memory in MEMORY_GIB if count * memory >= needed
    )
    if not plans:
        raise SizingRefused(
            Bound.MEMORY,
            f"Kafka needs {needed:,.0f} GiB of memory in total, but Aiven's largest predefined plan has "
            f"{BROKERS[-1] * MEMORY_GIB[-1]:,}",
            "kafka.aiven.plan: use a custom plan",
        )
    _, count, memory = plans[0]
    return f"business-{memory}" if count == BROKERS[0] else f"premium-{count}x-{memory}"
