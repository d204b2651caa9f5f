"""Records as a careless world sends them: a seeded stream of good events, and of all that can become of them."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.catalog.damage import damaged
from tests.catalog.random_pairs import random_pair, random_writer
from tests.catalog.random_records import records
from tests.pipeline.fuzz import events
from tests.pipeline.records.case import SCHEMA

from weir.catalog.avro_types import Node, parse_avro
from weir.clients.events.wire_format import header
from weir.clients.registry import register_schema
from weir.config.errors import WeirError

WRITERS = 60
FOREIGN = 30
REMEMBERED = 2_000
"""So many of the last events may come again."""
RECORD_KEYS = (None, b"", b"k", b"\xff" * 40)
RECORD_TIMES = (*(0,) * 50, 1, events.NOON, events.NOON + 36_500 * events.DAY)
"""Of the record in Kafka, in milliseconds since 1970: now (0) for most, long ago, and in a hundred years."""


@dataclass(frozen=True)
class Mutant:
    """A record to be sent. `kind` says how it was made, and so does the report of what became of it."""

    kind: str
    value: bytes | None
    key: bytes | None = None
    timestamp_milliseconds: int = 0
    gzip: bool = False


@dataclass(frozen=True)
class Writer:
    """A schema that the registry knows, other than the pipeline's newest."""

    id: int
    schema: Node


@dataclass(frozen=True)
class Schemas:
    """What the records are written with; `own` is the id of the pipeline's schema."""

    own: int
    writers: Sequence[Writer]
    """Other versions of it, more or less readable."""
    foreign: Sequence[Writer]
    """Of other types."""


def registered(registry_url: str, own: int, seed: int) -> Schemas:
    """Random schemas, each under a subject of its own."""

    def written(kind: str, number: int, text: str) -> Iterator[Writer]:
        try:
            yield Writer(register_schema(registry_url, f"fuzz-{seed}.{kind}-{number}-value", text), parse_avro(text))
        except WeirError:
            # Which a registry does not take, no producer can write with.
            return

    own_schema = json.dumps(SCHEMA)
    versions = [random_writer(own_schema, seed * 1_000 + number) for number in range(WRITERS)]
    others = [random_pair(seed * 1_000 + number).writer for number in range(FOREIGN)]
    return Schemas(
        own,
        [writer for number, text in enumerate(versions) for writer in written("version", number, text)],
        [writer for number, text in enumerate(others) for writer in written("foreign", number, text)],
    )


def mutants(schemas: Schemas, seed: int, count: int, max_event_bytes: int) -> Iterator[Mutant]:
    """`count` records; the same arguments give the same ones."""
    yield from _Stream(schemas, random.Random(seed), max_event_bytes).records(count)


@dataclass
class _Stream:
    schemas: Schemas
    chance: random.Random
    max_event_bytes: int
    number: int = 0
    sent: deque[bytes] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def records(self, count: int) -> Iterator[Mutant]:
        makers: dict[Callable[[], bytes | None], float] = {
            self.good: 30,
            self.again: 10,
            self.other_under_known_id: 3,
            self.damaged: 25,
            self.cut: 5,
            self.version: 10,
            self.damaged_version: 5,
            self.foreign: 4,
            self.odd_time: 4,
            self.no_value: 1,
            self.odd_key: 0.5,
            self.large: 0.1,
        }
        for maker in self.chance.choices(list(makers), list(makers.values()), k=count):
            self.number += 1
            kind = maker.__name__.replace("_", " ")
            key, time = self.chance.choice(RECORD_KEYS), self.chance.choice(RECORD_TIMES)
            yield Mutant(kind, maker(), key, time, gzip=maker == self.large)

    def good(self) -> bytes:
        return self._remembered(events.event(self.chance, self._id()))

    def again(self) -> bytes:
        return self.chance.choice(self.sent) if self.sent else self.good()

    def other_under_known_id(self) -> bytes:
        known = f"e{self.chance.randint(1, self.number)}"
        return self._framed(events.encoded(events.event(self.chance, known)))

    def damaged(self) -> bytes:
        """In its body for the most part: a damaged header says nothing of the decoder."""
        value = self.again()
        if self.chance.random() < 0.1:
            return damaged(value, self.chance)
        return value[:5] + damaged(value[5:], self.chance)

    def cut(self) -> bytes:
        value = self.again()
        return value[: self.chance.randrange(len(value))]

    def version(self) -> bytes:
        return self._written(self.schemas.writers)

    def damaged_version(self) -> bytes:
        value = self._written(self.schemas.writers)
        return value[:5] + damaged(value[5:], self.chance)

    def foreign(self) -> bytes:
        return self._written(self.schemas.foreign)

    def odd_time(self) -> bytes:
        return self._remembered(events.with_odd_time(self.chance, self._id()))

    def odd_key(self) -> bytes:
        return self._framed(events.encoded(events.with_odd_key(self.chance, self._id())))

    def large(self) -> bytes:
        """Below, at and above the limit; a text of one letter, so that it is small on the way."""
        event = events.event(self.chance, self._id()) | {"note": ""}
        # The length of the note takes three bytes instead of one.
        room = self.max_event_bytes - len(self._framed(events.encoded(event))) - 2
        size = self.chance.choice((room // 2, room - 2_000, room, room + 1, room + 2_000, 3 * room, 5 * room))
        return self._framed(events.encoded(event | {"note": "n" * size}))

    def no_value(self) -> bytes | None:
        return self.chance.choice((None, b"", b"\0", header(self.schemas.own), self.chance.randbytes(40)))

    def _id(self) -> str:
        return f"e{self.number}"

    def _framed(self, body: bytes) -> bytes:
        return header(self.schemas.own) + body

    def _remembered(self, event: dict) -> bytes:
        value = self._framed(events.encoded(event))
        self.sent.append(value)
        return value

    def _written(self, writers: Sequence[Writer]) -> bytes:
        writer = self.chance.choice(writers)
        values = records(writer.schema, self.chance.randrange(2**31), self._texts())
        return header(writer.id) + self.chance.choice(values)

    def _texts(self) -> Sequence[str]:
        return (*events.COUNTRIES, *(f"w{self.chance.randrange(10**6)}" for _ in range(20)))
