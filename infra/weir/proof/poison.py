"""Records that no job can decode: one of each way in which producers break, over and over."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from weir.proof.wire import HEADER_BYTES, header

UNKNOWN_SCHEMA_ID = 2_000_000_000


class PoisonKind(StrEnum):
    """What is wrong with a record."""

    RANDOM_BYTES = "random_bytes"
    EMPTY_VALUE = "empty_value"
    NULL_VALUE = "null_value"
    WRONG_MAGIC = "wrong_magic"
    UNKNOWN_SCHEMA_ID = "unknown_schema_id"
    TRUNCATED_AVRO = "truncated_avro"
    TRAILING_BYTES = "trailing_bytes"


@dataclass(frozen=True)
class Poison:
    """A record without a meaning. Its key names it, so that no two are alike."""

    number: int
    kind: PoisonKind
    value: bytes | None

    @property
    def key(self) -> bytes:
        """The record's key."""
        return f"poison-{self.number}".encode()


def make_poison(number: int, seed: int, good: bytes) -> Poison:
    """The poison record `number`; `good` is the value of a proper event, which most kinds are a damaged copy of.

    The kinds take turns. The same arguments give the same record.
    """
    kind = list(PoisonKind)[number % len(PoisonKind)]
    return Poison(number, kind, _value(kind, np.random.default_rng([seed, number]), good))


def fingerprint(value: bytes | None) -> str:
    """SHA-256 of a record's value in hex; `null` for a record without one, which is not the same as an empty one."""
    return "null" if value is None else hashlib.sha256(value).hexdigest()


def _value(kind: PoisonKind, random: np.random.Generator, good: bytes) -> bytes | None:
    # 1 to 255: never the magic byte, or the rest might decode after all.
    wrong = bytes([int(random.integers(1, 256))])
    values = {
        PoisonKind.RANDOM_BYTES: wrong + random.bytes(int(random.integers(0, 64))),
        PoisonKind.EMPTY_VALUE: b"",
        PoisonKind.NULL_VALUE: None,
        PoisonKind.WRONG_MAGIC: wrong + good[1:],
        PoisonKind.UNKNOWN_SCHEMA_ID: header(UNKNOWN_SCHEMA_ID) + good[HEADER_BYTES:],
        # Any shorter body lacks at least its last field; the header alone is the shortest.
        PoisonKind.TRUNCATED_AVRO: good[: int(random.integers(HEADER_BYTES, len(good)))],
        PoisonKind.TRAILING_BYTES: good + random.bytes(int(random.integers(1, 9))),
    }
    return values[kind]
