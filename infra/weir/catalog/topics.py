"""Kafka topics as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from weir.catalog.retention import hours_to_milliseconds, retention_milliseconds, segment_milliseconds

BROKERS_CLOCK = {"message.timestamp.type": "LogAppendTime"}
"""A record is as old as Kafka's possession of it, whatever time its producer wrote on it (ADR 9)."""


@dataclass(frozen=True)
class Topic:
    """A topic and the settings that differ from the broker's; `config` has Kafka's own names and units."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


def subject_of(topic: str) -> str:
    """The registry subject of a topic's values (TopicNameStrategy)."""
    return f"{topic}-value"


def table_topic_name(pipeline: str, table: str) -> str:
    """The topic of a pipeline's table on Kafka Streams."""
    return f"{pipeline}.table.{table}".replace("_", "-")


def event_topic(name: str, partitions: int, retention_hours: int | None, max_message_bytes: int) -> Topic:
    """A topic of events, expired by the time for which Kafka has had them (never, without hours)."""
    return Topic(
        name,
        partitions,
        {
            "cleanup.policy": "delete",
            "retention.ms": str(retention_milliseconds(retention_hours)),
            "segment.ms": str(segment_milliseconds(retention_hours)),
            "max.message.bytes": str(max_message_bytes),
            **BROKERS_CLOCK,
        },
    )


# How long a new reader still sees that a key was deleted, and how long a new value is certainly kept.
TOMBSTONE_RETENTION_HOURS = 24
COMPACTION_LAG_HOURS = 1


def table_topic(name: str, partitions: int, max_message_bytes: int) -> Topic:
    """A topic of a table's rows, compacted: the newest row of each key stays, a key without a value goes."""
    return Topic(
        name,
        partitions,
        {
            "cleanup.policy": "compact",
            "delete.retention.ms": str(hours_to_milliseconds(TOMBSTONE_RETENTION_HOURS)),
            "min.compaction.lag.ms": str(hours_to_milliseconds(COMPACTION_LAG_HOURS)),
            # Kafka compacts closed segments only: with its default of seven days an old row would stay as long.
            "segment.ms": str(hours_to_milliseconds(TOMBSTONE_RETENTION_HOURS)),
            "max.message.bytes": str(max_message_bytes),
            **BROKERS_CLOCK,
        },
    )
