"""Arithmetic of dividing a need among pods so that no bigger need ever asks for less."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

MIB = 2**20
GIB = 2**30


def rounded_up(value: float, quantum: float) -> float:
    """The next multiple of `quantum`; what is above one by a rounding error only counts as that one."""
    return round(math.ceil(round(value / quantum, 9)) * quantum, 6)


def share(need: float, pods: int, quantum: float, *, minimum: float = 0.0, step: int = 1) -> float:
    """What each of `pods` gets of `need`, in whole quanta.

    `pods` is a multiple of `step`. Rounding up for each pod could make many pods with a bigger need ask for less in
    all than few with a smaller one; so every count is given at least what the next smaller count would ask for in all.
    """
    each = total = 0.0
    for count in range(step, pods + 1, step):
        each = max(rounded_up(max(need, total) / count, quantum), minimum)
        total = each * count
    return each


def first_fitting(counts: Iterable[int], fits: Callable[[int], bool]) -> int | None:
    """The smallest of ascending `counts` that fits."""
    return next((count for count in counts if fits(count)), None)
