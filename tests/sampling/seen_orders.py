"""Orders in JSON as a topic holds them."""

from __future__ import annotations

import json
from typing import Any

from weir.sampling.proposal import Proposal, propose
from weir.sampling.records import Record
from weir.sampling.topics import Facts, seen_of

FACTS = Facts("shop.orders", partitions=6, retention_hours=48)


def order(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "amount": 100 + number,
        "customer": {"id": f"c{number % 3}"},
        "orderId": f"A-{number}",
        "paidAt": 1_774_735_900_000 + number,
        "placedAt": f"2026-03-28T23:10:{number:02}+01:00",
        **changed,
    }


def records_of(*values: bytes | None) -> list[Record]:
    return [Record(1_774_735_800_000 + 500 * offset, 0, offset, value) for offset, value in enumerate(values)]


def in_json(*events: Any) -> Proposal:
    return propose(seen_of(FACTS, records_of(*(json.dumps(event).encode() for event in events)), None))


TWELVE = [order(number) for number in range(12)]
