"""What the job needs besides the pipeline file: where the services answer, and which part of it to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Stage(StrEnum):
    """How far the job goes; each stage includes those before it. Dead letters are always written.

    A shorter job is for measuring what a stage costs; its rows lack the columns of the stages left out.
    """

    READ = "read"
    DEDUPLICATE = "deduplicate"
    JOIN = "join"
    AGGREGATE = "aggregate"

    def includes(self, stage: Stage) -> bool:
        """True where a job that goes as far as this stage runs `stage`."""
        order = list(Stage)
        return order.index(stage) <= order.index(self)


class Sinks(StrEnum):
    """Where results go: the tables and topics of the pipeline, or nowhere (to measure the job without them)."""

    TABLES = "tables"
    BLACKHOLE = "blackhole"


@dataclass(frozen=True)
class Settings:
    """Addresses of the services (see `weir.config.endpoints`) and the variant of the job.

    `transaction_timeout_seconds` bounds how long a dead letter may stay uncommitted before the broker aborts it.
    """

    kafka_bootstrap_servers: str
    registry_url: str
    cassandra_contact_points: tuple[str, ...]
    cassandra_datacenter: str
    transaction_timeout_seconds: int
    last_stage: Stage = Stage.AGGREGATE
    sinks: Sinks = Sinks.TABLES
    kafka_properties: Mapping[str, str] = field(default_factory=dict)
    """Encryption and login of Kafka's clients."""
    cassandra_options: Mapping[str, str] = field(default_factory=dict)
    """Of the Cassandra connector, for the same."""
    registry_options: Mapping[str, str] = field(default_factory=dict)
    """Of the Avro format, for the same."""
