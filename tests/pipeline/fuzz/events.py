"""Random events of the pipeline in tests/pipeline/records, whose cells are often at the edge of what they may be."""

from __future__ import annotations

import io
import math
import random
from typing import Any

import fastavro
from tests.pipeline.records.case import NOON, SCHEMA

DAY = 86_400_000
LONGS = (None, 0, 1, 5, -7, 9 * 10**18, -9 * 10**18, 2**63 - 1, -(2**63))
DOUBLES = (0.0, -0.0, math.nan, math.inf, -math.inf, 5.0, 2.0, 5e-324, 1.7976931348623157e308)
COUNTRIES = ("de", "fr", "pt", "São Tomé", "東京", "🜁🜂", " ", "a\0b", "'; DROP", "e\u0301", "\ufffd")
SHOPS = (None, "s1", "s2", "s1 ", "S1", "", "s3")
KINDS = (None, "web", "phone", "counter")
NOTES = (None, "", "by the door", "x" * 300, '{"a": 1}', "\x7f\x80\u2028")
BOUNDS = (-2_208_988_800_000, 7_258_118_400_000)
"""The years that a pipeline takes when it says nothing of them: from 1900 to before 2200, in milliseconds."""
TIMES = (
    *(bound + step for bound in BOUNDS for step in (-1, 0, 1)),
    0,
    -1,
    NOON * 1_000,
    NOON * 1_000_000,
    NOON // 1_000,
    2**63 - 1,
    -(2**63),
    253_402_300_799_999,
    -62_135_596_800_001,
)
"""Microseconds, nanoseconds and seconds among them, and the ends of the calendar."""
KEY_BYTES = 65_535
LONG_KEYS = (30_000, KEY_BYTES - 12, KEY_BYTES - 1, KEY_BYTES, KEY_BYTES + 1, 70_000)

_WRITTEN = fastavro.parse_schema(SCHEMA)


def encoded(event: dict[str, Any]) -> bytes:
    """The event in Avro, without what stands before it."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, _WRITTEN, event)
    return out.getvalue()


def event(chance: random.Random, id_: str) -> dict[str, Any]:
    """An event that every pipeline takes."""
    return {
        "id": id_,
        "ts": NOON + chance.randrange(-30 * DAY, 30 * DAY),
        "country": chance.choice(COUNTRIES),
        "shop": chance.choice(SHOPS),
        "amount": chance.choice((*LONGS, chance.randrange(1000))),
        "price": chance.choice((None, *DOUBLES, chance.gauss(0, 100))),
        "weight": chance.choice((*DOUBLES, float(chance.randrange(10)))),
        "kind": chance.choice(KINDS),
        "note": chance.choice(NOTES),
    }


def with_odd_time(chance: random.Random, id_: str) -> dict[str, Any]:
    """At a time that its producer cannot have meant, or just within what is taken."""
    return event(chance, id_) | {"ts": chance.choice(TIMES)}


def with_odd_key(chance: random.Random, id_: str) -> dict[str, Any]:
    """Of an id or a country that is empty, or about as long as a key of Cassandra's may be."""
    column = chance.choice(("id", "country"))
    length = chance.choice((0, *LONG_KEYS))
    letter = chance.choice(("k", "é"))
    return event(chance, id_) | {column: letter * (length // len(letter.encode()))}
