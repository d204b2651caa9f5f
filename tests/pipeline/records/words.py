"""Columns and tables called by what CQL, Flink SQL or DuckDB reserve: they are names as all others."""

from __future__ import annotations

from tests.pipeline.records.case import Case, Outcome, Sent, Wire


def _records(wire: Wire) -> list[Sent]:
    both = {"order": "first", "from": "here"}
    return [
        Sent(wire.event("a", **both, token=True, limit=5)),
        Sent(wire.event("b", **both, token=False, limit=7)),
        Sent(wire.event("c")),
    ]


def _check(outcome: Outcome) -> None:
    assert not any(outcome.letters)
    words = ("order", "from", "token", "limit")
    assert tuple(outcome.rows["a"][word] for word in words) == ("first", "here", True, 5)
    totals = {
        (row["order"], row["group"]): (row["limit"], row["token"], row["from"]) for row in outcome.totals["select"]
    }
    assert totals == {("first", "here"): (12, 1, "here"), ("none", "none"): (None, 0, None)}


CASES = [Case("words", _records, _check)]
