"""The fields of a pipeline file that make columns from an event's own: truncated times, and the bucket of its row."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from weir.config.base import Frozen, Identifier

MAX_BUCKETS = 1024
"""Whoever wants all rows of a key asks for each of its buckets."""


class TruncationUnit(StrEnum):
    """The start of the UTC hour (a timestamp), day, month or year (a date)."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Derived(Frozen):
    """A column computed from a timestamp of the event, in UTC."""

    source: Annotated[Identifier, Field(alias="from")]
    truncate_to: TruncationUnit


def power_of_two(count: int) -> int:
    """A number of buckets: only with these is a bucket the last bits of its hash, which SQL can cut out.

    Raises:
        ValueError: it is another number.
    """
    if count & (count - 1):
        below = 1 << count.bit_length() - 1
        raise ValueError(f"{count} is not a power of two; use {below} or {2 * below}")
    return count


class Bucket(Frozen):
    """The last column of the rows' partition key, which keeps partitions small: either `hash` or `time`.

    `hash` divides the rows of each key evenly over a fixed number of partitions. `time` starts a partition for each
    hour, day, month or year, so that no partition grows for longer.
    """

    hash: Annotated[
        Annotated[int, Field(ge=2, le=MAX_BUCKETS), AfterValidator(power_of_two)] | None,
        Field(
            description="How many buckets, a power of two: the column is an int from 0, computed from the "
            "deduplication key (docs/adr/0016-rows-are-bucketed-by-a-public-hash.md)."
        ),
    ] = None
    time: Annotated[
        TruncationUnit | None,
        Field(description="The column is the event time, truncated: a timestamp (hour) or a date (day, month, year)."),
    ] = None
    column: Annotated[Identifier, Field(description="The name of the column.")] = "bucket"

    @property
    def kind(self) -> str:
        """How the column is made, in two words, such as `hash 16`."""
        return f"hash {self.hash}" if self.hash else f"time {self.time}"

    @model_validator(mode="after")
    def _one_kind(self) -> Bucket:
        if (self.hash is None) is (self.time is None):
            raise ValueError("set exactly one of hash, time")
        return self
