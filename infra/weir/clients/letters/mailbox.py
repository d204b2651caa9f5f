"""Reads a pipeline's dead-letter topic."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weir.catalog.engine_names import letters_group
from weir.catalog.pipeline import Pipeline
from weir.clients.kafka import TopicReader
from weir.clients.letters import headers
from weir.clients.letters.letter import Letter, Position, letter_of, marker_of
from weir.clients.letters.post import Post
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

if TYPE_CHECKING:
    from confluent_kafka import Message

OPEN_TRANSACTION_SECONDS = 300.0
"""How long the job's open transaction is waited for: ten of the longest interval of checkpoints in the stacks."""
LOOK_SECONDS = 0.5

Ranges = dict[int, tuple[int, int]]
"""Partition -> first offset, and the one after the last."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Envelope:
    """A letter with its key and value."""

    letter: Letter
    key: bytes | None
    value: bytes | None
    headers: dict[str, str]


@dataclass(frozen=True)
class Mailbox:
    """The dead-letter topic of `pipeline`.

    Raises:
        WeirError: from every method, when Kafka does not answer or the topic does not exist.
    """

    endpoints: Endpoints
    pipeline: Pipeline

    @property
    def topic(self) -> str:
        """The topic's name."""
        return self.pipeline.dead_letter_topic.name

    def _reader(self, *, committed: bool = True) -> TopicReader:
        return TopicReader(self.endpoints, self.topic, group=letters_group(self.pipeline), committed=committed)

    def read(self) -> tuple[Post, int]:
        """All committed letters and markers; also how many records an open transaction still hides."""
        with self._reader() as reader:
            ranges = reader.offsets()
            hidden = sum(end - ranges[partition][1] for partition, end in self._ends().items())
            return _post(reader.records(ranges)), hidden

    def read_settled(self, tell: Tell, wait_seconds: float = OPEN_TRANSACTION_SECONDS) -> Post:
        """All letters and markers that are in the topic now, once none of them is hidden.

        A reader of committed records stops at the first open transaction. The job has one open for as long as a
        checkpoint takes, and a marker that was committed behind it cannot be seen yet: to decide then would send the
        letter twice. So this waits until the committed end passes the end that the topic has now.

        Raises:
            WeirError: a transaction stays open for longer than `wait_seconds`.
        """
        wanted, deadline, told = self._ends(), time.monotonic() + wait_seconds, False
        with self._reader() as reader:
            while True:
                ranges = reader.offsets()
                if all(ranges[partition][1] >= end for partition, end in wanted.items()):
                    return _post(reader.records(ranges))
                if time.monotonic() > deadline:
                    raise WeirError(
                        f"{self.topic}: a transaction is still open after {wait_seconds:.0f} s; nothing was sent. The "
                        "job commits with its next checkpoint: look at `weir status`, then run this again"
                    )
                if not told:
                    tell(f"waiting for an open transaction of the job on {self.topic}")
                    told = True
                time.sleep(LOOK_SECONDS)

    def envelopes(self, letters: Iterable[Letter]) -> Iterator[Envelope]:
        """The letters with their keys and values, in the order of the topic."""
        wanted = {letter.position: letter for letter in letters}
        with self._reader() as reader:
            for message in reader.records(self._still_there(ranges_of(wanted), reader)):
                letter = wanted.get(_position(message))
                if letter is not None:
                    yield Envelope(letter, message.key(), message.value(), headers.texts(message))

    @staticmethod
    def _still_there(ranges: Ranges, reader: TopicReader) -> Ranges:
        """Without what expired since the letters were listed."""
        oldest = reader.offsets()
        return {partition: (max(first, oldest[partition][0]), stop) for partition, (first, stop) in ranges.items()}

    def _ends(self) -> dict[int, int]:
        """The ends of the partitions, open transactions included."""
        with self._reader(committed=False) as reader:
            return {partition: end for partition, (_, end) in reader.offsets().items()}


def ranges_of(positions: Iterable[Position]) -> Ranges:
    """The smallest ranges that hold all positions."""
    ranges: Ranges = {}
    for partition, offset in positions:
        first, stop = ranges.get(partition, (offset, offset + 1))
        ranges[partition] = (min(first, offset), max(stop, offset + 1))
    return ranges


def _post(messages: Iterable[Message]) -> Post:
    post = Post()
    for message in messages:
        texts, (_, arrived_ms) = headers.texts(message), message.timestamp()
        post.add(marker_of(arrived_ms, texts) or letter_of(_position(message), arrived_ms, texts))
    return post


def _position(message: Message) -> Position:
    partition, offset = message.partition(), message.offset()
    if partition is None or offset is None:
        raise WeirError(f"{message.topic()}: Kafka's client read a record without its position")
    return Position(partition, offset)
