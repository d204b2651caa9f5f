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
    PARTITION_WIDTH = "partition width"
    DENSITY = "data of one node"
    OBJECTIVE = "recovery objective"
    MINIMUM = "minimum"
    STANDING = "standing plan"


@dataclass(frozen=True)
class Explanation:
    """One figure of a plan: its value, what decides it, and the sum behind it in words."""

    figure: str
    """Dotted, as the plan's fields are: `kafka.brokers`, `flink.flights.parallelism`."""
    value: float | str
    unit: str
    bound: Bound
    because: str


@dataclass(frozen=True)
class Rates:
    """What a pipeline's `workload` says: events per second, duplicates among them, today and without headroom."""

    mean: float
    peak: float


def disk_bound(pinned_gib: int | None, planned_gib: float, needed_gib: float) -> Bound:
    """What decides the size of a volume: a setting, the volume that stands, or what it must hold."""
    if pinned_gib is not None:
        return Bound.OVERRIDE
    return Bound.STANDING if planned_gib > needed_gib else Bound.DISK


class SizingRefused(WeirError):  # noqa: N818 - a refusal is an answer, not a fault
    """No plan within the cluster's limits carries the workload.

    `bottleneck` is what runs out, `limit` the setting that says how much of it there is, and `feasible` the nearest
    workload that can be carried, by pipeline: None where no load can, or where nobody has searched.
    """

    def __init__(self, bottleneck: Bound, reason: str, limit: str, feasible: dict[str, Rates] | None = None) -> None:
        self.bottleneck = bottleneck
        self.reason = reason
        self.limit = limit
        self.feasible = feasible
        nearest = "".join(
            f"\n  nearest feasible load: {name} at a mean of {rates.mean:,.10g} and a peak of {rates.peak:,.10g} "
            "events/s"
            for name, rates in (feasible or {}).items()
        )
        super().__init__(f"no plan fits this workload; the bottleneck is {bottleneck}: {reason} ({limit}){nearest}")
