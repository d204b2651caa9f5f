"""Why a record is a dead letter, in one word: what the reason in its header begins with."""

from __future__ import annotations

from enum import StrEnum


class LetterCode(StrEnum):
    """In the order in which a record is looked at."""

    NULL_VALUE = "null-value"
    TOO_LARGE = "too-large"
    BAD_MAGIC = "bad-magic"
    UNKNOWN_SCHEMA_ID = "unknown-schema-id"
    INCOMPATIBLE_SCHEMA = "incompatible-schema"
    """No value of the writer's schema can be read, or not this one."""
    TRUNCATED = "truncated"
    """The bytes end before the header or the value does."""
    MALFORMED_AVRO = "malformed-avro"
    MALFORMED_JSON = "malformed-json"
    """No JSON object, or one that has a member twice that a column reads."""
    TRAILING_BYTES = "trailing-bytes"
    MISSING_VALUE = "missing-value"
    """JSON without a value for a required column."""
    BAD_VALUE = "bad-value"
    """JSON with a value that its column cannot hold."""
    OUT_OF_RANGE = "out-of-range"
    """A time that the pipeline does not take, or that no table can show."""
    EMPTY_KEY = "empty-key"
    KEY_TOO_LONG = "key-too-long"


class UnreadableError(ValueError):
    """Bytes that are no value of the writer's schema, or one that the reader's cannot take."""

    def __init__(self, code: LetterCode, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
