"""What the broker has confirmed of a replay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weir.verify.manifest import PartitionRange, PoisonRecord

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message


@dataclass
class Acknowledged:
    """What the broker has confirmed. Filled by the producer's callbacks, which run in the sending thread."""

    records: int = 0
    poison: dict[int, PoisonRecord] = field(default_factory=dict)
    error: KafkaError | None = None
    _next: dict[int, list[int]] = field(default_factory=dict)
    """Of each partition: the offset after the last record, and the number of records."""

    def take(self, error: KafkaError | None, message: Message) -> None:
        """A delivery report."""
        partition, offset = message.partition(), message.offset()
        if error is not None or partition is None or offset is None:
            self.error = self.error or error
            return
        self.records += 1
        entry = self._next.get(partition)
        if entry is None:
            self._next[partition] = [offset + 1, 1]
        else:
            entry[0] = offset + 1
            entry[1] += 1

    def ranges(self, begun: dict[int, PartitionRange]) -> dict[int, PartitionRange]:
        """`begun` with what has been acknowledged since."""
        return {
            partition: PartitionRange(
                first_offset=start.first_offset,
                next_offset=self._next.get(partition, [start.next_offset, 0])[0],
                records=self._next.get(partition, [0, 0])[1],
            )
            for partition, start in begun.items()
        }
