"""The `dead_letters` of a pipeline file: where they go, and how many are too many."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from weir.catalog.spec_values import TopicName
from weir.config.base import Frozen, RetentionHours


class LetterLimit(Frozen):
    """When the job fails instead of writing letters. What it has not committed then waits in Kafka."""

    max_ratio: Annotated[
        float,
        Field(
            gt=0,
            lt=1,
            description="The most letters among the last records. With one more, the job fails; it restarts from its "
            "last checkpoint, and fails again.",
        ),
    ]
    window_events: Annotated[
        int,
        Field(
            ge=100,
            le=1_000_000,
            description="How many records those are. Each task of the job counts the records of its own partitions, "
            "and counts anew after a restart, so a slow topic passes up to `max_ratio` of it with each one.",
        ),
    ] = 10_000

    @property
    def max_letters(self) -> int:
        """The most letters in a window, rounded down. Exact: 0.29 of 100 is 29, which floats do not say."""
        return int(Decimal(str(self.max_ratio)) * self.window_events)


class DeadLetters(Frozen):
    """Where a record that cannot be decoded or stored goes, whole, with its reason."""

    topic: TopicName
    retention_hours: RetentionHours
    limit: Annotated[
        LetterLimit | None, Field(description="Without one, the job goes on however many records are letters.")
    ] = None
