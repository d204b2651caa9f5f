"""Keys of a reference that are almost right: their events keep their rows, and the keys are told."""

from __future__ import annotations

from tests.pipeline.records.case import Case, Outcome, Sent, Wire

MISSED = {"s1 ": 3, "S1": 2}
"""Key of the event -> how many events have it."""


def _records(wire: Wire) -> list[Sent]:
    found = wire.event("found", shop="s1")
    missed = [wire.event(f"{shop}{number}", shop=shop) for shop, count in MISSED.items() for number in range(count)]
    # A duplicate is not joined, and an event without a key has nothing to look up.
    return [Sent(value) for value in (found, *missed, missed[0], wire.event("none"))]


def _check(outcome: Outcome) -> None:
    assert {name: row["city"] for name, row in outcome.rows.items() if row["city"]} == {"found": "Faro"}
    assert len(outcome.rows) == 7
    assert {key: outcome.missed_shops.get(key) for key in (*MISSED, "s1", "None")} == MISSED | {
        "s1": None,
        "None": None,
    }


CASES = [Case("joins", _records, _check)]
