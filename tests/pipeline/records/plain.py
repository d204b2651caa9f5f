"""What every other case presupposes: a good event becomes a row and totals, and bytes without a meaning a letter."""

from __future__ import annotations

from datetime import date

from tests.pipeline.records.case import Case, Outcome, Sent, Wire


def _records(wire: Wire) -> list[Sent]:
    event = wire.event("a", amount=5, price=7.5, shop="s1")
    return [Sent(event), Sent(event), Sent(b"\x07nonsense"), Sent(wire.event("b", amount=6))]


def _check(outcome: Outcome) -> None:
    (nonsense,) = [letter for letter in outcome.letters if letter]
    assert outcome.letters[2] is nonsense
    assert nonsense.reason.startswith("bad-magic")
    assert (nonsense.key, nonsense.value) == (b"plain", b"\x07nonsense")
    assert (outcome.rows["a"]["amount"], outcome.rows["a"]["city"]) == (5, "Faro")
    assert (outcome.rows["b"]["amount"], outcome.rows["b"]["city"]) == (6, None)
    (total,) = outcome.totals["by_country"]
    assert (total["day"].date(), total["events"], total["amount"], total["dear"]) == (date(2025, 1, 1), 2, 11, 1)
    assert {row["city"]: row["events"] for row in outcome.totals["by_city"]} == {"Faro": 1, "nowhere": 1}


CASES = [Case("plain", _records, _check)]
