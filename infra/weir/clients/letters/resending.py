"""Which letters can go back to the source topic, and what is sent for each. Pure but for the registry.

A letter goes back when its record is whole, came from the pipeline's source topic, and becomes a row now: the decoder
that says so is not the engine's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from weir.catalog.pipeline import Pipeline
from weir.clients.events.decoder import Decoder
from weir.clients.events.letter_codes import UnreadableError
from weir.clients.letters import headers
from weir.clients.letters.letter import REFUSED, Done, Letter, Origin, Record
from weir.clients.letters.mailbox import Envelope

BATCH_LETTERS = 500
BATCH_BYTES = 8 * 2**20
"""A transaction is short: readers of the source topic wait behind it."""
Headers = list[tuple[str, bytes]]


@dataclass(frozen=True)
class Outgoing:
    """A record for the source topic: `key` and `value` as they were, to where they were, dated as they were."""

    letter: Letter
    origin: Origin
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    headers: Headers

    @property
    def size_bytes(self) -> int:
        """Of key and value."""
        return len(self.key or b"") + len(self.value or b"")


@dataclass(frozen=True)
class Resend:
    """What a resend of some letters comes to.

    Args:
        sent: how many records go, or went, to the source topic.
        repeated: letters of a record that another letter already stands for.
        held: why letters stay where they are, and how many.
    """

    sent: int = 0
    repeated: int = 0
    held: dict[str, int] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """True where nothing that was selected stays behind."""
        return not self.held


def obstacle(pipeline: Pipeline, partitions: int, letter: Letter) -> str | None:
    """Why a letter cannot go back, whatever its value is; None: it may. `partitions` are the source topic's."""
    if letter.code == REFUSED:
        return "holds a row that Cassandra refused, not the event"
    if letter.origin is None or letter.timestamp_ms is None:
        return "its headers do not say where the record was"
    if letter.origin.topic != pipeline.source_topic.name:
        return f"came from another topic than {pipeline.source_topic.name}"
    if letter.origin.partition >= partitions:
        return f"came from a partition that {pipeline.source_topic.name} no longer has"
    if not letter.whole:
        return "its key or value was cut; send the event again from its source"
    return None


def distinct(letters: Iterable[Letter]) -> tuple[list[Letter], list[Letter]]:
    """The first letter of each record, and the repetitions."""
    seen: set[Record] = set()
    firsts: list[Letter] = []
    repeated: list[Letter] = []
    for letter in letters:
        if letter.record in seen:
            repeated.append(letter)
            continue
        if letter.record is not None:
            seen.add(letter.record)
        firsts.append(letter)
    return firsts, repeated


def refusal(decoder: Decoder, envelope: Envelope) -> str | None:
    """Why the record would be a letter again; None: it becomes a row.

    Raises:
        WeirError: the registry does not answer.
    """
    try:
        decoder.read(envelope.value)
    except UnreadableError as error:
        return f"still {error.code}"
    return None


def outgoing(dead_letter_topic: str, envelope: Envelope) -> Outgoing:
    """The record of a letter without an obstacle."""
    letter = envelope.letter
    if letter.origin is None or letter.timestamp_ms is None:
        raise ValueError(f"letter {letter.position} has an obstacle")
    origin, position = letter.origin, letter.position
    about = {
        **_of_origin(origin, letter.timestamp_ms),
        headers.RESENT_FROM: f"{dead_letter_topic}:{position}",
    }
    return Outgoing(letter, origin, envelope.key, envelope.value, letter.timestamp_ms, encoded(about))


def marker(letter: Letter, done: Done, note: str = "") -> Headers:
    """The headers of the marker that says what was done about a letter."""
    about = {headers.MARKER: done.value, headers.LETTER: str(letter.position)}
    if letter.origin is not None:
        about |= _of_origin(letter.origin, letter.timestamp_ms)
    return encoded({**about, headers.NOTE: note} if note else about)


def _of_origin(origin: Origin, timestamp_ms: int | None) -> dict[str, str]:
    place = {
        headers.TOPIC: origin.topic,
        headers.PARTITION: str(origin.partition),
        headers.OFFSET: str(origin.offset),
    }
    return place if timestamp_ms is None else {**place, headers.TIMESTAMP: str(timestamp_ms)}


def encoded(texts: dict[str, str]) -> Headers:
    """Header values as Kafka takes them."""
    return [(name, text.encode()) for name, text in texts.items()]


def batches(records: Iterable[Outgoing]) -> Iterator[list[Outgoing]]:
    """Records in transactions of at most BATCH_LETTERS, and of BATCH_BYTES unless one alone is larger."""
    batch: list[Outgoing] = []
    size = 0
    for record in records:
        if batch and (len(batch) == BATCH_LETTERS or size + record.size_bytes > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += record.size_bytes
    if batch:
        yield batch
