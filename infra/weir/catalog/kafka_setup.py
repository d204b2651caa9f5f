"""All that a stack wants of a Kafka without an operator, as one value: what its set-up job is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from weir.catalog.principals import Principal
from weir.catalog.topics import Topic
from weir.config.json_document import JsonDocument


@dataclass(frozen=True)
class ClientQuota:
    """A user's limits on each broker, in Kafka's own names and units."""

    producer_byte_rate: int
    consumer_byte_rate: int
    request_percentage: int


@dataclass(frozen=True)
class KafkaSetup(JsonDocument):
    """Topics, users and their limits."""

    description: ClassVar[str] = "description of a Kafka"

    brokers: int
    """Nothing is done before there are as many: the first one answers before the cluster can place copies."""
    replication_factor: int
    """Of topics that do not exist yet; the set-up job does not change the replicas of existing topics."""
    topics: tuple[Topic, ...] = ()
    users: tuple[Principal, ...] = ()
    quotas: dict[str, ClientQuota] = field(default_factory=dict)
    """By user."""
