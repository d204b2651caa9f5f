"""What a pipeline file for seen records should say: id, event time, load. Refuses where that would be a guess. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import combinations
from typing import Any

from weir.catalog.spec import EventTimeRange
from weir.catalog.spec_source import SourceFormat
from weir.catalog.types import ColumnType
from weir.config.errors import WeirError
from weir.sampling.shapes import TIME_WORDS, SeenColumn, words

LEAST_DISTINCT = 10
"""Of fewer different records nearly every column is unique."""
PEAK_TIMES_MEAN = 4
DEFAULT_EVENTS_PER_SECOND = 10.0
DEFAULT_PARTITIONS = 4
DEFAULT_RETENTION_HOURS = 168
HORIZON_MARGIN_HOURS = 24
LONGEST_HORIZON_HOURS = 24 * 366
LONGEST_ID = 200
"""Characters of a text that identifies."""
SHOWN_COLUMNS = 8
MOST_PAIRED = 20
"""Columns of which pairs are tried, those with names of ids first."""

ID_WORDS = frozenset({"id", "uuid", "guid", "key", "number", "no", "nr", "code", "ref", "reference"})
CREATION_WORDS = frozenset({"event", "created", "occurred", "placed", "happened", "time", "timestamp", "ts"})
CHANGE_WORDS = frozenset({"updated", "modified", "paid", "expires", "due", "deleted", "processed"})


@dataclass(frozen=True)
class Seen:
    """The records that a proposal is made from, and where they come from."""

    source: str
    """For people: `topic shop.orders` or `file orders.csv`."""
    topic: str
    """Of the pipeline file."""
    format: SourceFormat
    columns: Sequence[SeenColumn]
    """Each with a value for every record, in the same order."""
    event_bytes: int
    """Of a record's value, on average."""
    unreadable: int = 0
    """Records of another format."""
    limited: bool = False
    """Whether more of the wanted records would exceed what a sample may hold."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    schema: str | None = None
    """Of Avro: JSON."""
    partitions: int | None = None
    retention_hours: int | None = None
    kept_for_ever: bool = False
    """The topic expires nothing."""
    mean_events_per_second: float | None = None

    @property
    def records(self) -> int:
        """How many were read."""
        return len(self.columns[0].values) if self.columns else 0

    def only(self, kept: Sequence[int]) -> Seen:
        """Of the records at these positions; the others would be dead letters."""
        columns = [replace(column, values=[column.values[at] for at in kept]) for column in self.columns]
        return replace(self, columns=columns, unreadable=self.unreadable + self.records - len(kept))


@dataclass(frozen=True)
class Proposal:
    """What follows from the records."""

    seen: Seen
    key: tuple[str, ...]
    event_time: str
    distinct: int
    """Different ids among the records."""

    @property
    def required(self) -> frozenset[str]:
        """The columns without which no row can be stored."""
        return frozenset((*self.key, self.event_time))

    @property
    def duplicate_ratio(self) -> float:
        """Re-sends per distinct event, rounded up to hundredths."""
        return math.ceil((self.seen.records / self.distinct - 1) * 100) / 100

    @property
    def mean_events_per_second(self) -> float:
        """Of the records' timestamps, or a placeholder."""
        return self.seen.mean_events_per_second or DEFAULT_EVENTS_PER_SECOND

    @property
    def partitions(self) -> int:
        """Of the topic, or a placeholder."""
        return self.seen.partitions or DEFAULT_PARTITIONS

    @property
    def retention_hours(self) -> int:
        """Of the topic, or a placeholder."""
        return self.seen.retention_hours or DEFAULT_RETENTION_HOURS

    @property
    def horizon_hours(self) -> int:
        """A day more than the topic keeps, so that reading it again counts nothing twice."""
        return min(self.retention_hours + HORIZON_MARGIN_HOURS, LONGEST_HORIZON_HOURS)


def propose(seen: Seen) -> Proposal:
    """The proposal for these records.

    Raises:
        WeirError: there are too few, or none of the columns can be the event time or identify an event; it names those
            to look at.
    """
    time = _event_time(seen) if seen.records else None
    if time:
        seen = seen.only([at for at, value in enumerate(time.values) if _in_range(value)])
    distinct = len({_identity(values) for values in zip(*(column.values for column in seen.columns), strict=True)})
    if distinct < LEAST_DISTINCT or time is None:
        raise WeirError(
            f"{seen.source}: {distinct} different records of at least {LEAST_DISTINCT}, too few to see what identifies "
            "an event; take more records"
        )
    if seen.retention_hours and seen.retention_hours > LONGEST_HORIZON_HOURS:
        raise WeirError(
            f"{seen.source}: it keeps events for {seen.retention_hours} hours, longer than the {LONGEST_HORIZON_HOURS} "
            "for which ids can be remembered; set the topic's retention.ms, or copy events into a topic of weir's"
        )
    return Proposal(seen, _key(seen, distinct), time.name, distinct)


def _event_time(seen: Seen) -> SeenColumn:
    """The timestamp in every record whose name is most like a time of creation; the first of equals."""
    times = [column for column in seen.columns if column.type is ColumnType.TIMESTAMP]
    whole = [column for column in times if not column.nullable]
    if whole:
        return max(whole, key=lambda column: likeness(column.name))
    if times:
        found = ", ".join(f"{column.name} (in {column.present:,} of {seen.records:,})" for column in times)
        remedy = f"times are {found}, but an event time must be in every record"
    else:
        alike = [column.name for column in seen.columns if words(column.name) & TIME_WORDS]
        remedy = f"look at {_listed(alike)}: a time needs an offset, such as 2026-01-31T12:00:00Z, or is a number"
        remedy = remedy if alike else f"it has {_listed([column.name for column in seen.columns])}"
    raise WeirError(f"{seen.source}: no column is a time in every record, so none can be the event time; {remedy}")


def _in_range(value: Any) -> bool:
    """Whether a pipeline takes it as an event time, unless its file says otherwise."""
    bounds = EventTimeRange()
    return isinstance(value, datetime) and bounds.earliest <= value.date() <= bounds.latest


def likeness(name_of_column: str) -> int:
    """How much a name is that of an event time: of creation rather than of change."""
    name = words(name_of_column)
    return 2 * bool(name & CREATION_WORDS) - 3 * bool(name & CHANGE_WORDS)


def _key(seen: Seen, distinct: int) -> tuple[str, ...]:
    """The first column, or pair of them, that differs between all different records and can be an id by its name."""
    candidates = [column for column in seen.columns if _may_identify(column)]
    candidates.sort(key=lambda column: (not words(column.name) & ID_WORDS, column.path.count(".")))
    for group in (*_single(candidates), *combinations(candidates[:MOST_PAIRED], 2)):
        if _different(group) == distinct and any(words(column.name) & ID_WORDS for column in group):
            return tuple(column.name for column in group)
    closest = sorted(candidates, key=lambda column: -_different([column]))[:SHOWN_COLUMNS]
    told = ", ".join(f"{column.name} ({_different([column]):,})" for column in closest)
    looked = f"the closest are {told}" if told else "no text or integer is in every record, as far as one knows"
    raise WeirError(
        f"{seen.source}: no column, or pair of columns, that looks like an id differs between all {distinct:,} "
        f"different records; {looked}. Look at how the producer identifies an event, and write the file by hand from "
        "pipelines/orders"
    )


def _single(columns: Sequence[SeenColumn]) -> Iterator[tuple[SeenColumn]]:
    return ((column,) for column in columns)


def _may_identify(column: SeenColumn) -> bool:
    """Whether it is in every record, and of a type of which ids are."""
    if column.nullable or column.type not in {ColumnType.TEXT, ColumnType.INT, ColumnType.BIGINT}:
        return False
    if column.type is ColumnType.TEXT:
        return all(0 < len(value) <= LONGEST_ID for value in column.values)
    return bool(words(column.name) & ID_WORDS)


def _different(columns: Sequence[SeenColumn]) -> int:
    return len(set(zip(*(column.values for column in columns), strict=True)))


def _identity(values: Sequence[Any]) -> tuple[str, ...]:
    """Equal for records that are re-sends of one another; NaN equals itself."""
    return tuple(map(repr, values))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN_COLUMNS} more" if len(names) > SHOWN_COLUMNS else ""
    return ", ".join(names[:SHOWN_COLUMNS]) + more
