"""Numbers at the edge: NaN, the two zeros, and sums that do not fit into 64 bits (docs/adr/0010)."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from typing import Any

from tests.pipeline.records.case import Case, Outcome, Sent, Wire

OTHER_NAN = struct.unpack("<d", bytes.fromhex("010000000000f4ff"))[0]
"""Negative, and with other bits than Python's own."""
GREATEST, LEAST = 2**63 - 1, -(2**63)
HUGE = 9 * 10**18


def _events(cells: Sequence[dict[str, Any]]) -> Callable[[Wire], list[Sent]]:
    return lambda wire: [Sent(wire.event(str(number), **fields)) for number, fields in enumerate(cells)]


def _total(outcome: Outcome) -> dict[str, Any]:
    assert not any(outcome.letters)
    (total,) = outcome.totals["by_country"]
    return total


def _nan_is_above_all(outcome: Outcome) -> None:
    total = _total(outcome)
    assert math.isnan(total["highest_price"])
    assert (total["lowest_price"], total["dear"], total["cheap"]) == (2.0, 2, 1)


def _nan_is_one_group(outcome: Outcome) -> None:
    groups = {str(row["weight"]): row["events"] for row in outcome.totals["by_weight"]}
    assert groups == {"nan": 2, "inf": 1}
    assert _total(outcome)["events"] == 3


def _zeros_are_one(outcome: Outcome) -> None:
    total = _total(outcome)
    (group,) = outcome.totals["by_weight"]
    assert group["events"] == 2
    found = [total["highest_price"], total["lowest_price"], group["weight"]]
    found += [row[column] for row in outcome.rows.values() for column in ("price", "weight")]
    assert [str(number) for number in found] == ["0.0"] * 7


def _sum_is(expected: int) -> Callable[[Outcome], None]:
    def check(outcome: Outcome) -> None:
        assert _total(outcome)["amount"] == expected

    return check


NAN, OTHER, TWO = ({"price": price} for price in (math.nan, OTHER_NAN, 2.0))
CASES = [
    Case("nan-first", _events([NAN, OTHER, TWO]), _nan_is_above_all),
    Case("nan-last", _events([TWO, OTHER, NAN]), _nan_is_above_all),
    Case("nan-groups", _events([{"weight": math.nan}, {"weight": math.inf}, {"weight": OTHER_NAN}]), _nan_is_one_group),
    Case("zeros", _events([{"price": -0.0, "weight": -0.0}, {"price": 0.0, "weight": 0.0}]), _zeros_are_one),
    Case("zeros-turned", _events([{"price": 0.0, "weight": 0.0}, {"price": -0.0, "weight": -0.0}]), _zeros_are_one),
    Case("sum-above", _events([{"amount": HUGE}] * 2), _sum_is(GREATEST)),
    Case("sum-below", _events([{"amount": -HUGE}] * 3), _sum_is(LEAST)),
    Case("sum-comes-back", _events([{"amount": HUGE}, {"amount": HUGE}, {"amount": -HUGE}]), _sum_is(HUGE)),
]
