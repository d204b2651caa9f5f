"""The last records of a topic, read by assigned offsets: no group joins, nothing is committed or created."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from weir.clients.kafka import TopicReader
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

if TYPE_CHECKING:
    from confluent_kafka import Message

WIDENING = 8
MOST_BYTES = 64 * 2**20
"""Of the values of a sample together: an event may have megabytes."""
Item = TypeVar("Item")


@dataclass(frozen=True)
class Record:
    """One record. `value` is None where Kafka holds a null."""

    timestamp_milliseconds: int
    partition: int
    offset: int
    value: bytes | None

    @property
    def place(self) -> str:
        """Partition and offset."""
        return f"{self.partition}:{self.offset}"


@dataclass(frozen=True)
class LastRecords:
    """The last records of a topic, oldest first, and how many partitions it has."""

    partitions: int
    records: list[Record]
    limited: bool
    """Whether they are fewer than wanted because more would exceed MOST_BYTES."""


def last_records(endpoints: Endpoints, topic: str, wanted: int) -> LastRecords:
    """The `wanted` newest committed records of all partitions, or all where there are fewer, within MOST_BYTES.

    Raises:
        WeirError: Kafka does not answer, or the topic does not exist or is empty.
    """
    with TopicReader(endpoints, topic) as reader:
        offsets = reader.offsets()
        count, found = wanted, list[Record]()
        while True:
            ranges = windows(offsets, count)
            found, limited = newest(_records(reader, ranges), wanted, MOST_BYTES)
            if len(found) >= wanted or limited or all(first == offsets[part][0] for part, (first, _) in ranges.items()):
                break
            # Markers of transactions, and what compaction removed, have offsets, too.
            count *= WIDENING
    if not found:
        raise WeirError(f"the topic {topic} is empty, so there is nothing to sample; send events first")
    return LastRecords(len(offsets), found, limited)


def newest(records: Iterable[Record], wanted: int, most_bytes: int) -> tuple[list[Record], bool]:
    """The `wanted` newest, oldest first, or as many as fit in `most_bytes`, at least one; and whether these are fewer.

    There are never more in memory.
    """
    kept: list[tuple[tuple[int, int, int], Record]] = []
    size, cut = 0, None
    for record in records:
        order = _order(record)
        # What is older than one that did not fit must not take the room of it.
        if cut is not None and order < cut:
            continue
        heapq.heappush(kept, (order, record))
        size += len(record.value or b"")
        while len(kept) > wanted or (size > most_bytes and len(kept) > 1):
            fitting = size <= most_bytes
            oldest, gone = heapq.heappop(kept)
            size -= len(gone.value or b"")
            cut = cut if fitting else oldest
    return [record for _, record in sorted(kept)], cut is not None and len(kept) < wanted


def within(items: Iterable[Item], size: Callable[[Item], int], most_bytes: int) -> tuple[list[Item], bool]:
    """The first items that fit in `most_bytes`, at least one; and whether there are more."""
    kept: list[Item] = []
    total = 0
    for item in items:
        total += size(item)
        if kept and total > most_bytes:
            return kept, True
        kept.append(item)
    return kept, False


def windows(offsets: Mapping[int, tuple[int, int]], count: int) -> dict[int, tuple[int, int]]:
    """The last `count` offsets of each partition; `offsets` has its oldest and its end."""
    return {partition: (max(oldest, end - count), end) for partition, (oldest, end) in offsets.items()}


def _order(record: Record) -> tuple[int, int, int]:
    return record.timestamp_milliseconds, record.partition, record.offset


def _records(reader: TopicReader, ranges: Mapping[int, tuple[int, int]]) -> Iterator[Record]:
    return (_record(message) for message in reader.records(ranges))


def _record(message: Message) -> Record:
    return Record(message.timestamp()[1], message.partition() or 0, message.offset() or 0, message.value())
