"""Arithmetic of dividing a need among pods."""

from __future__ import annotations

import math

MIB = 2**20
GIB = 2**30


def rounded_up(value: float, quantum: float) -> float:
    """The next multiple of `quantum`; what is above one by a rounding error only counts as that one."""
    return round(math.ceil(round(value / quantum, 9)) * quantum, 6)


def share(need: float, pods: int, quantum: float, *, minimum: float = 0.0) -> float:
    """What each of `pods` gets of `need`, in whole quanta: in all less than a quantum for each more than is needed."""
    return max(rounded_up(need / pods, quantum), minimum)


def fewest(need: float, limit: float, quantum: float, *, maximum: int, least: int = 1, step: int = 1) -> int | None:
    """The fewest pods, multiples of `step` from `least` to `maximum`, of which none gets more than `limit`."""
    most_of_one = math.floor(round(limit / quantum, 9)) * quantum
    if most_of_one <= 0:
        return None
    wanted = max(math.ceil(round(need / most_of_one, 9)), least)
    pods = math.ceil(wanted / step) * step
    return pods if pods <= maximum else None
