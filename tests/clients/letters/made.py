"""Letters and markers as their topic has them."""

from __future__ import annotations

from typing import Any

from weir.clients.letters import headers
from weir.clients.letters.letter import Letter, Marker, Origin, Position, letter_of, marker_of
from weir.clients.letters.mailbox import Envelope

SOURCE = "flights.events"
BAD_TIME = "out-of-range: field time_hour: 45000-01-01 is outside 1900 to 2199"


def texts(origin: int | None = 7, reason: str = BAD_TIME, **more: str) -> dict[str, str]:
    """The headers of the letter of a record in partition 2; `more` are headers of weir's without their prefix."""
    place = {} if origin is None else {headers.TOPIC: SOURCE, headers.PARTITION: "2", headers.OFFSET: str(origin)}
    extra = {f"weir.{name.replace('_', '-')}": text for name, text in more.items()}
    return {**place, headers.TIMESTAMP: "1700000000123", headers.REASON: reason, **extra}


def letter(offset: int, *, arrived_ms: int = 0, **changes: Any) -> Letter:
    """The letter at an offset of partition 0."""
    return letter_of(Position(0, offset), arrived_ms, texts(**changes))


def marker(offset: int, done: str = "resent", origin: int | None = None, note: str = "") -> Marker:
    """The marker of the letter at an offset."""
    about = {headers.MARKER: done, headers.LETTER: f"0:{offset}", headers.NOTE: note}
    place = {name: text for name, text in texts(origin).items() if origin is not None and name != headers.REASON}
    made = marker_of(1_700_000_001_000, about | place)
    assert made is not None
    return made


def envelope(offset: int = 5, key: bytes | None = b"k", value: bytes | None = b"v", **changes: Any) -> Envelope:
    """The same letter with its key and value."""
    return Envelope(letter(offset, **changes), key, value, texts(**changes))


TAKEN_MS = 1_700_000_000_123
"""When the source topic took each record."""


def origin(offset: int) -> Origin:
    """A place in the source topic."""
    return Origin(SOURCE, 2, offset)
