"""Records of JSON that no job can make a row of: one of each way in which producers break, over and over."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from weir.catalog.json_path import Step
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec_source import Encoding
from weir.clients.events.json_reader import MAX_DEPTH
from weir.clients.events.letter_codes import LetterCode
from weir.verify.altered import LONG_KEY, keys_alone, text_keys, texts

if TYPE_CHECKING:
    import numpy as np

FAR_TIMES: dict[Encoding, str | int] = {
    Encoding.ISO_8601: "9999-12-31T23:59:59Z",
    Encoding.EPOCH_SECONDS: 253_402_300_799,
    Encoding.EPOCH_MILLIS: 253_402_300_799_000,
    Encoding.EPOCH_MICROS: 253_402_300_799_000_000,
}
"""The last second of the year 9999."""


class JsonPoisonKind(StrEnum):
    """What is wrong with a record of JSON."""

    NO_TEXT = "json_no_text"
    """Bytes that are not UTF-8."""
    EMPTY_VALUE = "json_empty_value"
    NULL_VALUE = "json_null_value"
    CUT = "json_cut"
    TRAILING_BYTES = "json_trailing_bytes"
    ARRAY = "json_array"
    """An event in an array: a batch of one."""
    ENVELOPE = "json_envelope"
    """An event inside of another object, so that all its members are missing."""
    NOT_A_NUMBER = "json_not_a_number"
    """NaN, which many producers write although JSON has none."""
    TOO_DEEP = "json_too_deep"
    MEMBER_TWICE = "json_member_twice"
    MISSING_MEMBER = "json_missing_member"
    BAD_VALUE = "json_bad_value"
    HALF_SURROGATE = "json_half_surrogate"
    OVERSIZED = "json_oversized"
    FAR_TIME = "json_far_time"
    EMPTY_KEY = "json_empty_key"
    KEY_TOO_LONG = "json_key_too_long"

    @property
    def code(self) -> LetterCode:
        """What its letter must say."""
        return CODES.get(self, LetterCode.MALFORMED_JSON)


CODES = {
    JsonPoisonKind.NULL_VALUE: LetterCode.NULL_VALUE,
    JsonPoisonKind.TRAILING_BYTES: LetterCode.TRAILING_BYTES,
    JsonPoisonKind.ENVELOPE: LetterCode.MISSING_VALUE,
    JsonPoisonKind.MISSING_MEMBER: LetterCode.MISSING_VALUE,
    JsonPoisonKind.BAD_VALUE: LetterCode.BAD_VALUE,
    JsonPoisonKind.HALF_SURROGATE: LetterCode.BAD_VALUE,
    JsonPoisonKind.OVERSIZED: LetterCode.TOO_LARGE,
    JsonPoisonKind.FAR_TIME: LetterCode.OUT_OF_RANGE,
    JsonPoisonKind.EMPTY_KEY: LetterCode.EMPTY_KEY,
    JsonPoisonKind.KEY_TOO_LONG: LetterCode.KEY_TOO_LONG,
}


def json_kinds(pipeline: Pipeline) -> list[JsonPoisonKind]:
    """Those that the pipeline can have: not each has a text, or one as a key, or an end of its times before 9999."""
    missing = {
        JsonPoisonKind.HALF_SURROGATE: not texts(pipeline),
        JsonPoisonKind.EMPTY_KEY: not keys_alone(pipeline),
        JsonPoisonKind.KEY_TOO_LONG: not text_keys(pipeline),
        JsonPoisonKind.FAR_TIME: pipeline.spec.event_time_range.latest == date.max,
    }
    return [kind for kind in JsonPoisonKind if not missing.get(kind, False)]


def json_poison(kind: JsonPoisonKind, random: np.random.Generator, good: bytes, pipeline: Pipeline) -> bytes | None:
    """A record of this kind; `good` is the value of a proper event, which most kinds are a damaged copy of."""
    time = pipeline.spec.source.columns[pipeline.spec.event_time]
    steps = time.steps(pipeline.spec.event_time)

    def changed(value: Any, column: str = pipeline.spec.event_time) -> bytes:
        return _with(good, pipeline.spec.source.columns[column].steps(column), value)

    makers: dict[JsonPoisonKind, Callable[[], bytes | None]] = {
        JsonPoisonKind.NO_TEXT: lambda: b"\xff" + random.bytes(int(random.integers(0, 64))),
        JsonPoisonKind.EMPTY_VALUE: lambda: b"",
        JsonPoisonKind.NULL_VALUE: lambda: None,
        JsonPoisonKind.CUT: lambda: good[: int(random.integers(1, len(good)))],
        JsonPoisonKind.TRAILING_BYTES: lambda: good + b"\n" + good,
        JsonPoisonKind.ARRAY: lambda: b"[" + good + b"]",
        JsonPoisonKind.ENVELOPE: lambda: b'{"' + _free_name(pipeline) + b'":' + good + b"}",
        JsonPoisonKind.NOT_A_NUMBER: lambda: _with_first(good, pipeline, b"NaN"),
        JsonPoisonKind.TOO_DEEP: lambda: _with_first(good, pipeline, b"[" * MAX_DEPTH + b"]" * MAX_DEPTH),
        JsonPoisonKind.MEMBER_TWICE: lambda: _twice(good, steps[0]),
        JsonPoisonKind.MISSING_MEMBER: lambda: changed(None),
        JsonPoisonKind.BAD_VALUE: lambda: changed("yesterday"),
        JsonPoisonKind.HALF_SURROGATE: lambda: changed("\ud800", texts(pipeline)[0]),
        # Blanks, which an event may have around it.
        JsonPoisonKind.OVERSIZED: lambda: good + b" " * pipeline.spec.source.max_event_bytes,
        JsonPoisonKind.FAR_TIME: lambda: changed(FAR_TIMES[time.read_as]),
        JsonPoisonKind.EMPTY_KEY: lambda: changed("", keys_alone(pipeline)[0]),
        JsonPoisonKind.KEY_TOO_LONG: lambda: changed("k" * LONG_KEY, text_keys(pipeline)[0]),
    }
    return makers[kind]()


def _free_name(pipeline: Pipeline) -> bytes:
    """A member that no column reads."""
    taken = {column.steps(name)[0] for name, column in pipeline.spec.source.columns.items()}
    return b"event" if "event" not in taken else b"e" * (1 + max(len(str(name)) for name in taken))


def _with_first(good: bytes, pipeline: Pipeline, value: bytes) -> bytes:
    """The event with one member more, which no column reads; it is read all the same."""
    return b'{"' + _free_name(pipeline) + b'":' + value + b"," + good[1:]


def _twice(good: bytes, name: Step) -> bytes:
    """The event with a member that stands at its beginning, and once more."""
    value = json.dumps(json.loads(good)[name])
    return b"{" + json.dumps(name).encode() + b":" + value.encode() + b"," + good[1:]


def _with(good: bytes, steps: Sequence[Step], value: Any) -> bytes:
    """The event with another value at the path; what is not there on the path is made."""
    event = json.loads(good)
    at: Any = event
    for step, following in itertools.pairwise(steps):
        inner = _inside(at, step)
        if not isinstance(inner, dict | list):
            inner = [] if isinstance(following, int) else {}
            _put(at, step, inner)
        at = inner
    _put(at, steps[-1], value)
    return json.dumps(event).encode()


def _inside(at: Any, step: Any) -> Any:
    if isinstance(at, list):
        return at[step] if step < len(at) else None
    return at.get(step)


def _put(at: Any, step: Any, value: Any) -> None:
    if isinstance(at, list):
        at += [None] * (step + 1 - len(at))
    at[step] = value
