"""A Kafka that somebody else runs, as a plan has it: what is ordered of it, or what is brought to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AivenOrder:
    """A plan of Aiven's, and the disk of all its brokers together beyond what it includes."""

    plan: str
    additional_disk_gib: int
    month: float
    """What both cost, in the price sheet's currency."""


@dataclass(frozen=True)
class ExistingLoad:
    """What the pipelines, their producers among them, bring to a Kafka that is not weir's, at the planned peak."""

    written_bytes_per_second: float
    """Without the copies that its brokers make."""
    read_bytes_per_second: float
    topics: int
    partitions: int
