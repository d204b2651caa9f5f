"""Records that no job can make a row of: one of each way in which producers break, over and over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec_source import SourceFormat
from weir.clients.events.letter_codes import LetterCode
from weir.clients.events.wire_format import HEADER_BYTES, header
from weir.config.embedded import ReplayConfig
from weir.verify.altered import LONG_KEY, altered, keys_alone, text_keys, texts
from weir.verify.poison_json import JsonPoisonKind, json_kinds, json_poison
from weir.verify.schedule import Kind, Plan
from weir.verify.wire import EncodedEvents

UNKNOWN_SCHEMA_ID = 2_000_000_000
LAST_INSTANT = 2**63 - 1
NO_UTF8 = b"\xff"


class PoisonKind(StrEnum):
    """What is wrong with a record of Avro."""

    RANDOM_BYTES = "random_bytes"
    EMPTY_VALUE = "empty_value"
    NULL_VALUE = "null_value"
    WRONG_MAGIC = "wrong_magic"
    UNKNOWN_SCHEMA_ID = "unknown_schema_id"
    TRUNCATED_AVRO = "truncated_avro"
    TRAILING_BYTES = "trailing_bytes"
    FOREIGN_RECORD = "foreign_record"
    """Of another type, although every one of its fields would fit."""
    OVERSIZED = "oversized"
    MICROSECONDS = "microseconds"
    """Sent as milliseconds: a time in the year 45000."""
    LAST_INSTANT = "last_instant"
    """The greatest number that Avro has for a time."""
    EMPTY_KEY = "empty_key"
    """Of a partition, which Cassandra does not take; for pipelines that have a partition key of one text."""
    KEY_TOO_LONG = "key_too_long"
    BAD_TEXT = "bad_text"
    """Bytes that are no UTF-8, which Cassandra does not take for text."""

    @property
    def code(self) -> LetterCode:
        """What its letter must say."""
        return CODES[self]


CODES = {
    PoisonKind.RANDOM_BYTES: LetterCode.BAD_MAGIC,
    PoisonKind.EMPTY_VALUE: LetterCode.TRUNCATED,
    PoisonKind.NULL_VALUE: LetterCode.NULL_VALUE,
    PoisonKind.WRONG_MAGIC: LetterCode.BAD_MAGIC,
    PoisonKind.UNKNOWN_SCHEMA_ID: LetterCode.UNKNOWN_SCHEMA_ID,
    PoisonKind.TRUNCATED_AVRO: LetterCode.TRUNCATED,
    PoisonKind.TRAILING_BYTES: LetterCode.TRAILING_BYTES,
    PoisonKind.FOREIGN_RECORD: LetterCode.INCOMPATIBLE_SCHEMA,
    PoisonKind.OVERSIZED: LetterCode.TOO_LARGE,
    PoisonKind.MICROSECONDS: LetterCode.OUT_OF_RANGE,
    PoisonKind.LAST_INSTANT: LetterCode.OUT_OF_RANGE,
    PoisonKind.EMPTY_KEY: LetterCode.EMPTY_KEY,
    PoisonKind.KEY_TOO_LONG: LetterCode.KEY_TOO_LONG,
    PoisonKind.BAD_TEXT: LetterCode.MALFORMED_AVRO,
}


@dataclass(frozen=True)
class Poison:
    """A record without a meaning. Its key names it, so that no two are alike."""

    number: int
    kind: PoisonKind | JsonPoisonKind
    value: bytes | None

    @property
    def key(self) -> bytes:
        """The record's key."""
        return f"poison-{self.number}".encode()


def fingerprint(value: bytes | None) -> str:
    """SHA-256 of a record's value in hex; `null` for a record without one, which is not the same as an empty one."""
    return "null" if value is None else hashlib.sha256(value).hexdigest()


@dataclass(frozen=True)
class Mold:
    """What poison of a pipeline is made with.

    `foreign_id` is the registry's id of a record of another name with the same fields; JSON has none.
    """

    pipeline: Pipeline
    foreign_id: int

    @property
    def kinds(self) -> list[PoisonKind] | list[JsonPoisonKind]:
        """Those that the pipeline can have: not each has a text, or one as a key."""
        if self.pipeline.spec.source.format is SourceFormat.JSON:
            return json_kinds(self.pipeline)
        missing = {
            PoisonKind.EMPTY_KEY: not keys_alone(self.pipeline),
            PoisonKind.KEY_TOO_LONG: not text_keys(self.pipeline),
            PoisonKind.BAD_TEXT: not texts(self.pipeline),
        }
        return [kind for kind in PoisonKind if not missing.get(kind, False)]


def poison_for(mold: Mold, events: EncodedEvents, plan: Plan, config: ReplayConfig) -> dict[int, Poison]:
    """The poison of a replay by its number: damaged copies of events, each of another one."""
    firsts = plan.numbers[plan.kinds == Kind.FIRST]
    return {
        number: make_poison(number, config.seed, events.value(int(firsts[number % len(firsts)])), mold)
        for number in range(config.poison_events)
    }


def make_poison(number: int, seed: int, good: bytes, mold: Mold) -> Poison:
    """The poison record `number`; `good` is the value of a proper event, which most kinds are a damaged copy of.

    The kinds take turns. The same arguments give the same record.
    """
    kind, random = mold.kinds[number % len(mold.kinds)], np.random.default_rng([seed, number])
    if isinstance(kind, JsonPoisonKind):
        return Poison(number, kind, json_poison(kind, random, good, mold.pipeline))
    return Poison(number, kind, _value(kind, random, good, mold))


def _value(kind: PoisonKind, random: np.random.Generator, good: bytes, mold: Mold) -> bytes | None:
    pipeline, time = mold.pipeline, mold.pipeline.spec.event_time
    # 1 to 255: never the magic byte, or the rest might decode after all.
    wrong = bytes([int(random.integers(1, 256))])
    makers: dict[PoisonKind, Callable[[], bytes | None]] = {
        PoisonKind.RANDOM_BYTES: lambda: wrong + random.bytes(int(random.integers(0, 64))),
        PoisonKind.EMPTY_VALUE: lambda: b"",
        PoisonKind.NULL_VALUE: lambda: None,
        PoisonKind.WRONG_MAGIC: lambda: wrong + good[1:],
        PoisonKind.UNKNOWN_SCHEMA_ID: lambda: header(UNKNOWN_SCHEMA_ID) + good[HEADER_BYTES:],
        # Any shorter body lacks at least its last field; the header alone is the shortest.
        PoisonKind.TRUNCATED_AVRO: lambda: good[: int(random.integers(HEADER_BYTES, len(good)))],
        PoisonKind.FOREIGN_RECORD: lambda: header(mold.foreign_id) + good[HEADER_BYTES:],
        PoisonKind.TRAILING_BYTES: lambda: good + random.bytes(int(random.integers(1, 9))),
        PoisonKind.OVERSIZED: lambda: good + bytes(pipeline.spec.source.max_event_bytes),
        PoisonKind.MICROSECONDS: lambda: altered(pipeline, good, time, lambda milliseconds: milliseconds * 1_000),
        PoisonKind.LAST_INSTANT: lambda: altered(pipeline, good, time, lambda _: LAST_INSTANT),
        PoisonKind.EMPTY_KEY: lambda: altered(pipeline, good, keys_alone(pipeline)[0], lambda _: ""),
        PoisonKind.KEY_TOO_LONG: lambda: altered(pipeline, good, text_keys(pipeline)[0], lambda _: "k" * LONG_KEY),
        PoisonKind.BAD_TEXT: lambda: _with_bad_text(pipeline, good),
    }
    return makers[kind]()


def _with_bad_text(pipeline: Pipeline, good: bytes) -> bytes:
    mark = "to be no text"
    written = altered(pipeline, good, texts(pipeline)[0], lambda _: mark)
    return written.replace(mark.encode(), NO_UTF8 * len(mark))
