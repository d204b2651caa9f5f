"""Why a figure is what it is, and what to say when there is no plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from weir.config.errors import WeirError


class Bound(StrEnum):
    """What decides a figure: with more of it the figure would be smaller."""

    CPU = "cpu"
    MEMORY = "memory"
    DISK = "disk"
    DISK_THROUGHPUT = "disk throughput"
    NETWORK = "network"
    AVAILABILITY = "availability"
    OVERRIDE = "override"
    PARTITIONS = "partitions"
    DENSITY = "data of one node"
    OBJECTIVE = "recovery objective"
    MINIMUM = "minimum"


@dataclass(frozen=True)
class Explanation:
    """One figure of a plan: its value, what decides it, and the sum behind it in words."""

    figure: str
    """Dotted, as the plan's fields are: `kafka.brokers`, `flink.flights.parallelism`."""
    value: float | str
    unit: str
    bound: Bound
    because: str


class SizingRefused(WeirError):  # noqa: N818 - a refusal is an answer, not a fault
    """No plan within the cluster's limits carries the workload.

    `bottleneck` is what runs out, `limit` the setting that says how much of it there is, and `feasible` the nearest
    workload that can be carried: for each pipeline its peak in events per second, None where none can.
    """

    def __init__(self, bottleneck: Bound, reason: str, limit: str, feasible: dict[str, float] | None = None) -> None:
        self.bottleneck = bottleneck
        self.reason = reason
        self.limit = limit
        self.feasible = feasible
        nearest = "".join(
            f"\n  nearest feasible load: {name} at a peak of {peak:,.0f} events/s"
            for name, peak in (feasible or {}).items()
        )
        super().__init__(f"no plan fits this workload; the bottleneck is {bottleneck}: {reason} ({limit}){nearest}")
