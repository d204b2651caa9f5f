"""Arithmetic of dividing a need among pods so that no bigger need ever asks for less."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

MIB = 2**20
GIB = 2**30


def rounded_up(value: float, quantum: float) -> float:
    """The next multiple of `quantum`; what is above one by a rounding error only counts as that one."""
    return round(math.ceil(round(value / quantum, 9)) * quantum, 6)


def shares(need: float, quantum: float, *, minimum: float = 0.0, step: int = 1) -> Iterator[tuple[int, float]]:
    """Every number of pods, multiples of `step`, with what each gets of `need`, in whole quanta.

    Rounding up for each pod could make many pods with a bigger need ask for less in all than few with a smaller one; so
    every count is given at least what the next smaller count would ask for in all.
    """
    total = need
    for pods in itertools.count(step, step):
        each = max(rounded_up(total / pods, quantum), minimum)
        total = max(total, each * pods)
        yield pods, each


def share(need: float, pods: int, quantum: float, *, minimum: float = 0.0, step: int = 1) -> float:
    """What each of `pods` gets (see `shares`)."""
    return next(each for count, each in shares(need, quantum, minimum=minimum, step=step) if count >= pods)


def fewest(need: float, limit: float, quantum: float, *, maximum: int, least: int = 1, step: int = 1) -> int | None:
    """The fewest pods, from `least` to `maximum`, of which none gets more than `limit`; None where even so many do."""
    for pods, each in shares(need, quantum, step=step):
        if pods > maximum:
            return None
        if pods >= least and each <= limit:
            return pods
    return None
