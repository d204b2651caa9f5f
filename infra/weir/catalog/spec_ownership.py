"""Whose topic a pipeline reads, and where it begins in a topic of somebody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from weir.config.base import Frozen

_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


class StartPosition(StrEnum):
    """Where a job without state begins: at the oldest event, behind the newest, or where its group has committed."""

    EARLIEST = "earliest"
    LATEST = "latest"
    GROUP_OFFSETS = "group-offsets"


class StartTime(Frozen):
    """A job without state begins at the first event that is not older, by the time that Kafka has for it."""

    timestamp: Annotated[AwareDatetime, Field(examples=["2026-03-01T00:00:00Z"])]

    @property
    def milliseconds(self) -> int:
        """Since 1970, in whole milliseconds, rounded down: nothing of that millisecond is left out."""
        return (self.timestamp - _EPOCH) // _MILLISECOND


class SourceOwnership(Frozen):
    """The part of a source that says whose topic it is."""

    owned: Annotated[
        bool,
        Field(
            description="Whether weir makes and configures the topic. With false it is another team's: weir only reads "
            "it, and checks it before anything starts. To be said wherever the stack's Kafka is not weir's own."
        ),
    ] = True
    subject: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9._:~-]+$",
            max_length=500,
            description="What the producers' registry calls the schema of another team's events in Avro; by default "
            "the topic's name with `-value`.",
        ),
    ] = None
    start: Annotated[
        StartPosition | StartTime,
        Field(
            description="Where a job without state begins in a topic of another team's. What lies before is in no row "
            "and no total. With state, a job goes on where it was."
        ),
    ] = StartPosition.EARLIEST

    @model_validator(mode="after")
    def _start(self) -> Self:
        if self.owned and self.start is not StartPosition.EARLIEST:
            raise ValueError(
                "start: a topic of weir's own is read from its earliest event; remove it, or set owned to false"
            )
        if self.owned and self.subject is not None:
            raise ValueError(
                "subject: weir registers the schema of its own topic under the topic's name; remove it, or set owned "
                "to false"
            )
        return self
