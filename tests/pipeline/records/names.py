"""Records of other schemas: another type is a letter, an older version of the event's own is a row with every value."""

from __future__ import annotations

from typing import Any

from tests.pipeline.records.case import NOON, Case, Outcome, Sent, Wire

TIME = {"type": "long", "logicalType": "timestamp-millis"}


def _schema(name: str, **fields: Any) -> dict[str, Any]:
    declared = [{"name": field, "type": kind} for field, kind in fields.items()]
    return {"type": "record", "name": name, "namespace": "shop.v1", "fields": declared}


CANCELLED = _schema("OrderCancelled", id="string", ts=TIME, country="string", reason="string")
KIND = {"type": "enum", "name": "Kind", "symbols": ["phone", "fax", "web"]}
# Its `remark` is called `note` now.
OLD_EVENT = _schema("Event", id="string", ts=TIME, country="string", kind=["null", KIND], remark=["null", "string"])


def _records(wire: Wire) -> list[Sent]:
    common = {"ts": NOON, "country": wire.case}
    cancelled = {"id": wire.id("o1"), "reason": "late", **common}
    old = {"id": wire.id("old"), "kind": "web", "remark": "by the door", **common}
    return [
        Sent(wire.foreign(CANCELLED, cancelled)),
        Sent(wire.event("o1", amount=5)),
        Sent(wire.foreign(OLD_EVENT, old)),
        Sent(wire.foreign(OLD_EVENT, old | {"id": wire.id("fax"), "kind": "fax"})),
    ]


def _check(outcome: Outcome) -> None:
    cancelled, event, old, fax = outcome.letters
    assert (event, old) == (None, None)
    assert cancelled
    assert cancelled.reason == (
        "incompatible-schema: Found record shop.v1.OrderCancelled, expecting record shop.v2.Event"
    )
    assert fax
    assert fax.reason.startswith("incompatible-schema: field kind: symbol fax of the writer's enum is unknown")
    assert outcome.rows.keys() == {"o1", "old"}
    assert outcome.rows["o1"]["amount"] == 5
    assert (outcome.rows["old"]["kind"], outcome.rows["old"]["note"]) == ("web", "by the door")
    (total,) = outcome.totals["by_country"]
    assert (total["events"], total["amount"]) == (2, 5)


CASES = [Case("names", _records, _check)]
