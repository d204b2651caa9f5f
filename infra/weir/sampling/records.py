"""The last records of a topic, read by assigned offsets: no group joins, nothing is committed or created."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weir.clients.kafka import TopicReader
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

if TYPE_CHECKING:
    from confluent_kafka import Message

WIDENING = 8


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


def last_records(endpoints: Endpoints, topic: str, wanted: int) -> LastRecords:
    """The `wanted` newest committed records of all partitions, or all where there are fewer.

    Raises:
        WeirError: Kafka does not answer, or the topic does not exist or is empty.
    """
    with TopicReader(endpoints, topic) as reader:
        offsets = reader.offsets()
        count, found = wanted, list[Record]()
        while True:
            ranges = windows(offsets, count)
            # Never more than `wanted` in memory: a value may have megabytes.
            found = heapq.nlargest(wanted, _records(reader, ranges), key=_order)
            if len(found) >= wanted or all(first == offsets[part][0] for part, (first, _) in ranges.items()):
                break
            # Markers of transactions, and what compaction removed, have offsets, too.
            count *= WIDENING
    if not found:
        raise WeirError(f"the topic {topic} is empty, so there is nothing to sample; send events first")
    return LastRecords(len(offsets), sorted(found, key=_order))


def windows(offsets: Mapping[int, tuple[int, int]], count: int) -> dict[int, tuple[int, int]]:
    """The last `count` offsets of each partition; `offsets` has its oldest and its end."""
    return {partition: (max(oldest, end - count), end) for partition, (oldest, end) in offsets.items()}


def _order(record: Record) -> tuple[int, int, int]:
    return record.timestamp_milliseconds, record.partition, record.offset


def _records(reader: TopicReader, ranges: Mapping[int, tuple[int, int]]) -> Iterator[Record]:
    return (_record(message) for message in reader.records(ranges))


def _record(message: Message) -> Record:
    return Record(message.timestamp()[1], message.partition() or 0, message.offset() or 0, message.value())
