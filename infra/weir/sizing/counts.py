"""How many pods of a stateful service: the fewest whose shares of every resource fit into one pod."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from weir.sizing.explanation import Bound, SizingRefused
from weir.sizing.shares import fewest


@dataclass(frozen=True)
class Need:
    """What all pods together must have of one resource, and the most that one pod can have of it."""

    bound: Bound
    total: float
    unit: str
    limit: float
    limit_name: str
    """The setting, or the rule, that says how much a pod can have."""
    quantum: float = 1


@dataclass(frozen=True)
class Counting:
    """Of which pods there are how many: multiples of `step`, at most `maximum`, or exactly `fixed`."""

    pods: str
    """For messages, e.g. `Kafka brokers`."""
    step: int
    maximum: int
    maximum_name: str
    fixed: int | None = None
    fixed_name: str = ""
    least: int = 0
    """How many must stay, whatever the load."""
    fewer_name: str = ""
    """The setting that lets some of them leave."""

    @property
    def actual_step(self) -> int:
        """A fixed number is one step."""
        return self.fixed or self.step


def count_of(needs: Sequence[Need], counting: Counting) -> tuple[int, Bound]:
    """The number of pods, and the resource that requires the last of them.

    Raises:
        SizingRefused: even the most pods do not have enough of something, or fewer are allowed than must stay.
    """
    found = {need.bound: _fewest(need, counting) for need in needs}
    count = max(found.values())
    least = _least(counting)
    if counting.fixed:
        return count, Bound.OVERRIDE
    if least > count:
        return least, Bound.STANDING
    if count == counting.step:
        return count, Bound.AVAILABILITY if counting.step > 1 else Bound.MINIMUM
    return count, next(bound for bound, pods in found.items() if pods == count)


def _least(counting: Counting) -> int:
    """Of those that stand, rounded up to whole steps."""
    least = math.ceil(counting.least / counting.step) * counting.step
    allowed = counting.fixed or counting.maximum
    if least > allowed:
        raise SizingRefused(
            Bound.STANDING,
            f"{counting.pods} would fall to {allowed}, but {least} must hold what stands; raise the setting, or decide "
            f"with {counting.fewer_name} that some leave",
            counting.fixed_name if counting.fixed else counting.maximum_name,
        )
    return least


def _fewest(need: Need, counting: Counting) -> int:
    most = counting.fixed or counting.maximum // counting.step * counting.step
    count = fewest(need.total, need.limit, need.quantum, maximum=most, step=counting.actual_step)
    if count is None:
        limits = counting.fixed_name if counting.fixed else f"{counting.maximum_name}, {need.limit_name}"
        raise SizingRefused(
            need.bound,
            f"{need.total:,.0f} {need.unit} needed, but {most} {counting.pods} with {need.limit:,.0f} each have only "
            f"{most * need.limit:,.0f}",
            limits,
        )
    return count
