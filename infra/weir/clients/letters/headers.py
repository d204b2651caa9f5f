"""The headers of a dead letter, of the marker that says what became of it, and of a record that was sent again.

All are UTF-8 text. The engines write those of a letter: `dedup_join.letters`, `DecodeProcessor`, `RefusedRow`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confluent_kafka import Message

TOPIC, PARTITION, OFFSET, TIMESTAMP = "weir.topic", "weir.partition", "weir.offset", "weir.timestamp"
"""Where the record was, and when Kafka took it, in milliseconds since 1970."""
ORIGIN = (TOPIC, PARTITION, OFFSET, TIMESTAMP)
REASON = "weir.reason"
"""Begins with a code."""
TRUNCATED = "weir.truncated"
"""Only the beginning of the value is here."""
KEY_LENGTH = "weir.key-length"
"""Only the beginning of the key is here; this is how long it was, in bytes."""
DIGEST = "weir.sha256"
"""Of a value that was cut."""
MARKER = "weir.marker"
"""Only markers have it: `resent` or `dropped`."""
LETTER = "weir.letter"
"""Of a marker: `partition:offset` of the letter in the marker's own topic."""
NOTE = "weir.note"
"""Of a marker: why the letter was dropped, in a person's words."""
RESENT_FROM = "weir.resent-from"
"""Of a record that was sent again: `topic:partition:offset` of its letter."""


def texts(message: Message) -> dict[str, str]:
    """The headers of a record; of a name that is there twice, the last value."""
    return {
        name: value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value
        for name, value in dict(message.headers() or []).items()
        if value is not None
    }
