"""Records small on the wire and large in the hand: rows up to `source.max_event_bytes`, letters beyond it."""

from __future__ import annotations

import hashlib

import numpy as np
from tests.pipeline.records.case import Case, Letter, Outcome, Sent, Wire

MAX_EVENT_BYTES = 4 * 2**20
"""As pipeline.yaml says."""
NEARLY_A_MEBIBYTE = b"\x07" + np.random.default_rng(15).bytes(1_048_399)
FIVE_MEGABYTES = b"\x07" + b"five megabytes of nothing " * 200_000
LONG_KEY = b"long key " * 555_556
TEXT = "three megabytes of a text " * 120_000


def _records(wire: Wire) -> list[Sent]:
    return [
        Sent(NEARLY_A_MEBIBYTE),
        Sent(FIVE_MEGABYTES, compression="gzip"),
        Sent(wire.event("text", note=TEXT), compression="gzip"),
        Sent(wire.event("large", note=TEXT + TEXT), compression="gzip"),
        Sent(wire.event("long key"), key=LONG_KEY, compression="gzip"),
        Sent(b"\x07", key=LONG_KEY, compression="gzip"),
        Sent(wire.event("after", amount=5)),
    ]


def _check(outcome: Outcome) -> None:
    nearly, five, text, large, long_key, poison, after = outcome.letters
    assert (text, long_key, after) == (None, None, None)
    assert nearly
    assert nearly.value == NEARLY_A_MEBIBYTE
    assert nearly.reason.startswith("bad-magic")
    assert not {"weir.truncated", "weir.length", "weir.sha256", "weir.key-length"} & nearly.headers.keys()
    _check_cut(five, FIVE_MEGABYTES)
    assert large
    assert large.reason.startswith("too-large")
    assert poison
    assert poison.key == LONG_KEY[:MAX_EVENT_BYTES]
    assert (poison.headers["weir.key-length"], poison.value) == (str(len(LONG_KEY)), b"\x07")
    assert outcome.rows.keys() == {"text", "long key", "after"}
    assert outcome.rows["text"]["note"] == TEXT
    (total,) = outcome.totals["by_country"]
    assert (total["events"], total["amount"]) == (3, 5)


def _check_cut(letter: Letter | None, value: bytes) -> None:
    assert letter
    assert letter.reason == f"too-large: the value has {len(value)} bytes, above the limit of {MAX_EVENT_BYTES}"
    assert letter.value == value[:MAX_EVENT_BYTES]
    assert letter.headers["weir.truncated"] == "true"
    assert letter.headers["weir.length"] == str(len(value))
    assert letter.headers["weir.sha256"] == hashlib.sha256(value).hexdigest()
    assert letter.headers.keys() >= {"weir.topic", "weir.partition", "weir.offset", "weir.timestamp"}


CASES = [Case("sizes", _records, _check)]
