"""A dead letter and a marker, as records of the dead-letter topic. Pure."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from weir.clients.letters import headers
from weir.config.errors import WeirError

_FIELD = re.compile(r"[a-z-]+: field ([^:\s]+):")
_POSITION = re.compile(r"(?:(?P<topic>[^:\s]+):)?(?P<partition>\d{1,9}):(?P<offset>\d{1,18})")
REFUSED = "refused"
"""The code of a row that Cassandra refuses: its letter holds the row and no event (`RefusedRow.CODE`)."""


class Position(NamedTuple):
    """Where a record is in the dead-letter topic."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"


class Origin(NamedTuple):
    """Where the record was that became a letter."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"


Record = tuple[Origin, int | None]
"""A record by its place and time: the places of a topic that was deleted and made again are used again."""


def parse_position(text: str) -> Position | Origin:
    """`partition:offset` in the dead-letter topic, or `topic:partition:offset` of the original record.

    Raises:
        WeirError: the text is neither.
    """
    found = _POSITION.fullmatch(text)
    if found is None:
        raise WeirError(
            f"{text!r} is no position; write partition:offset in the dead-letter topic (0:17), or "
            "topic:partition:offset of the original record (flights.events:2:1044)"
        )
    partition, offset = int(found["partition"]), int(found["offset"])
    return Origin(found["topic"], partition, offset) if found["topic"] else Position(partition, offset)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is known of a dead letter without its key and value: there may be millions.

    Args:
        position: where it is.
        arrived_ms: when the dead-letter topic took it, in milliseconds since 1970.
        reason: `<code>: field <name>: <what is wrong>`.
        origin: where the record was; None where the headers do not say.
        timestamp_ms: when the source topic took the record; None where the headers do not say.
        whole: neither key nor value was cut.
    """

    position: Position
    arrived_ms: int
    reason: str
    origin: Origin | None
    timestamp_ms: int | None
    whole: bool

    @property
    def record(self) -> Record | None:
        """Which record became this letter; None where the headers do not say."""
        return self.origin and (self.origin, self.timestamp_ms)

    @property
    def code(self) -> str:
        """The first word of the reason."""
        return self.reason.partition(":")[0]

    @property
    def field(self) -> str:
        """The field that is wrong, nested ones with dots; empty where the reason names none."""
        found = _FIELD.match(self.reason)
        return found[1] if found else ""


class Done(StrEnum):
    """What was done about a letter."""

    RESENT = "resent"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Marker:
    """Says what was done about the letter at `letter`, when (milliseconds since 1970), and in which words."""

    letter: Position
    record: Record | None
    done: Done
    at_ms: int
    note: str


def letter_of(position: Position, arrived_ms: int, texts: Mapping[str, str]) -> Letter:
    """The letter with the headers `texts`. Wrong headers make an incomplete letter, never an error."""
    # Thousands of letters say the same; one text serves them all.
    reason = sys.intern(texts.get(headers.REASON, "(no reason)"))
    cut = headers.TRUNCATED in texts or headers.KEY_LENGTH in texts
    return Letter(position, arrived_ms, reason, origin_of(texts), _number(texts.get(headers.TIMESTAMP)), not cut)


def marker_of(at_ms: int, texts: Mapping[str, str]) -> Marker | None:
    """The marker with the headers `texts`; None where they are a letter's.

    Raises:
        WeirError: it is a marker of a kind that this version does not know. To go on would send a letter twice.
    """
    if headers.MARKER not in texts:
        return None
    kind, place = texts[headers.MARKER], _POSITION.fullmatch(texts.get(headers.LETTER, ""))
    if kind not in list(Done) or place is None or place["topic"]:
        raise WeirError(f"the dead-letter topic has a marker that cannot be read ({dict(texts)}); use a newer weir")
    letter = Position(int(place["partition"]), int(place["offset"]))
    origin = origin_of(texts)
    record = origin and (origin, _number(texts.get(headers.TIMESTAMP)))
    return Marker(letter, record, Done(kind), at_ms, texts.get(headers.NOTE, ""))


def origin_of(texts: Mapping[str, str]) -> Origin | None:
    """Where the record was, as the headers say."""
    topic = texts.get(headers.TOPIC)
    partition, offset = _number(texts.get(headers.PARTITION)), _number(texts.get(headers.OFFSET))
    if not topic or partition is None or offset is None:
        return None
    return Origin(sys.intern(topic), partition, offset)


def _number(text: str | None) -> int | None:
    """A number of at most 18 digits, so that Kafka can hold it."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text) else None
