"""What a consumer group has still to do in a topic."""

from __future__ import annotations

from weir.clients.kafka import TopicReader

MARKERS = 100
"""So few offsets may be the ends of transactions alone, which no reader commits."""


def records_waiting(reader: TopicReader) -> int:
    """How many records of its topic the reader's group has not committed yet; exact where they are few.

    Raises:
        WeirError: Kafka does not answer.
    """
    return sum(end - done for done, end in waiting(reader, reader.offsets()).values())


def positions_waiting(reader: TopicReader) -> dict[int, int]:
    """Of each partition with records that the reader's group has not committed yet: where it goes on.

    Raises:
        WeirError: Kafka does not answer.
    """
    return {partition: done for partition, (done, _) in waiting(reader, reader.offsets()).items()}


def waiting(reader: TopicReader, offsets: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """(next offset, end) of each partition whose group has records before the end left to do."""
    committed = reader.committed()
    behind = {
        partition: (max(committed[partition], oldest), end)
        for partition, (oldest, end) in offsets.items()
        # Nothing is ever committed for an empty partition.
        if committed[partition] < end and oldest < end
    }
    few = {partition: span for partition, span in behind.items() if span[1] - span[0] <= MARKERS}
    left = {message.partition() for message in reader.records(few)}
    return {partition: span for partition, span in behind.items() if partition not in few or partition in left}
