"""Kafka topics as values."""

from __future__ import annotations

from dataclasses import dataclass, field

MILLISECONDS_PER_HOUR = 3_600_000


@dataclass(frozen=True)
class Topic:
    """A topic and the settings that differ from the broker's; `config` has Kafka's own names and units."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


def event_topic(name: str, partitions: int, retention_hours: int) -> Topic:
    """A topic of events, expired by time; timestamps are the producer's, so that freshness can be measured."""
    return Topic(
        name,
        partitions,
        {
            "cleanup.policy": "delete",
            "retention.ms": str(retention_hours * MILLISECONDS_PER_HOUR),
            "message.timestamp.type": "CreateTime",
        },
    )
