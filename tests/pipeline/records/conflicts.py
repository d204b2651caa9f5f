"""Another event under a known id: the first one counts, and the others are counted."""

from __future__ import annotations

from tests.pipeline.records.case import Case, Outcome, Sent, Wire


def _records(wire: Wire) -> list[Sent]:
    first = wire.event("a", amount=5, price=-0.0)
    others = [
        wire.event("a", amount=6, price=0.0),
        wire.event("a", amount=None, price=0.0),
        wire.event("a", amount=5, price=0.0, note=""),
    ]
    # The same event, once byte by byte and once with the other zero, conflicts with nothing.
    same = [first, wire.event("a", amount=5, price=0.0)]
    return [Sent(value) for value in (first, others[0], same[0], others[1], same[1], others[2], wire.event("b"))]


def _check(outcome: Outcome) -> None:
    assert not any(outcome.letters)
    assert {name: row["amount"] for name, row in outcome.rows.items()} == {"a": 5, "b": None}
    (total,) = outcome.totals["by_country"]
    assert (total["events"], total["amount"]) == (2, 5)


CASES = [Case("conflicts", _records, _check, conflicts=3)]
