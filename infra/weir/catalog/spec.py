"""The fields of a pipeline file. Cross-checks against the schema are in `pipeline.py`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, FiniteFloat, WrapValidator, model_validator

from weir.catalog.spec_access import RowAccess
from weir.catalog.spec_clients import Client
from weir.catalog.spec_derived import Bucket, Derived
from weir.catalog.spec_letters import DeadLetters
from weir.catalog.spec_source import Source
from weir.catalog.spec_values import PipelineName, TableName, bound, compared, distinct, without_nul
from weir.catalog.types import ColumnType
from weir.config.base import (
    DnsLabel,
    DuplicateRatio,
    EventBytes,
    EventsPerSecond,
    ExpectedValues,
    ExtraConsumerGroups,
    Frozen,
    GrowthPercent,
    HorizonHours,
    Identifier,
    TtlDays,
)

Columns = Annotated[list[Identifier], AfterValidator(distinct)]
Long = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]

JOINED_KEY_BYTES = 4_096
"""The room that a joined text has in a key of totals; `when_null` needs less."""


class Engine(StrEnum):
    """What runs the pipeline."""

    FLINK = "flink"
    KAFKA_STREAMS = "kafka-streams"


class Deduplication(Frozen):
    """Which columns make two events the same, and for how long that is remembered."""

    key: Annotated[Columns, Field(min_length=1)]
    horizon_hours: HorizonHours


class Reference(Frozen):
    """A table of Dataset B, in Cassandra."""

    columns: Annotated[dict[Identifier, ColumnType], Field(min_length=1)]
    primary_key: Annotated[Columns, Field(min_length=1)]
    reload_interval_seconds: Annotated[int, Field(ge=1, le=86400)] = 300
    expected_rows: Annotated[
        int,
        Field(
            ge=1, le=10**9, description="For sizing: every task manager or instance keeps the whole table in memory."
        ),
    ] = 10_000


class Join(Frozen):
    """A LEFT join: an event without a match keeps its row, with nulls."""

    reference: Identifier
    match: Annotated[dict[Identifier, Identifier], Field(min_length=1, description="Reference column: event column.")]
    select: Annotated[dict[Identifier, Identifier], Field(min_length=1, description="Reference column: new name.")]


class Rows(Frozen):
    """The table of enriched events: every event, derived and joined column."""

    table: TableName
    partition_key: Annotated[Columns, Field(min_length=1)]
    clustering_key: Columns = []
    bucket: Annotated[
        Bucket | None,
        Field(description="A further column of the partition key. Without one, a partition holds all rows of its key."),
    ] = None
    ttl_days: TtlDays | None = None


class Dimension(Frozen):
    """A column to group by; `when_null` stands in for a missing value, which no Cassandra key can hold."""

    column: Identifier
    when_null: Annotated[str, Field(max_length=256), AfterValidator(without_nul)] | None = None
    name: Annotated[Identifier | None, Field(alias="as")] = None

    @property
    def output(self) -> str:
        """The column's name in the aggregate's table."""
        return self.name or self.column


class Condition(Frozen):
    """Which events a measure counts: exactly one test of one column. A null satisfies none but `is_null`."""

    column: Identifier
    is_null: bool | None = None
    equals: Annotated[str | Long | bool | None, WrapValidator(compared)] = None
    greater_than: Annotated[Long | FiniteFloat | None, WrapValidator(bound)] = None
    less_than: Annotated[Long | FiniteFloat | None, WrapValidator(bound)] = None

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        tests = [name for name in ("is_null", "equals", "greater_than", "less_than") if getattr(self, name) is not None]
        if len(tests) != 1:
            raise ValueError("set exactly one of is_null, equals, greater_than, less_than")
        return self


class Measure(Frozen):
    """A number per group: `count: all`, `count: <column>` (not null), `sum`, `min` or `max` of a column."""

    count: Identifier | None = None
    sum: Identifier | None = None
    min: Identifier | None = None
    max: Identifier | None = None
    where: Condition | None = None

    @model_validator(mode="after")
    def _one_function(self) -> Measure:
        if len([name for name in ("count", "sum", "min", "max") if getattr(self, name) is not None]) != 1:
            raise ValueError("set exactly one of count, sum, min, max")
        return self

    @property
    def function(self) -> Literal["count", "sum", "min", "max"]:
        """The function's name."""
        for name in ("count", "sum", "min"):
            if getattr(self, name) is not None:
                return name
        return "max"

    @property
    def column(self) -> str | None:
        """The column it is taken of; None for `count: all`."""
        return None if self.count == "all" else getattr(self, self.function)


class Aggregate(Frozen):
    """A table of running totals. Its key is `partition_key` and then the dimensions not in it, in their order."""

    table: TableName
    grain: Annotated[Identifier, Field(description="The derived time column; its start dates the totals' writes.")]
    partition_key: Annotated[Columns, Field(min_length=1)]
    dimensions: Annotated[list[Dimension], Field(min_length=1)]
    measures: Annotated[dict[Identifier, Measure], Field(min_length=1)]
    ttl_days: TtlDays | None = None
    expected_groups: Annotated[
        int, Field(ge=1, le=10**9, description="Rows of one hour, day, month or year of the grain, for sizing.")
    ] = 10_000

    @model_validator(mode="before")
    @classmethod
    def _short_dimensions(cls, data: object) -> object:
        """`dimensions: [origin]` is short for `[{column: origin}]`."""
        if isinstance(data, dict) and isinstance(data.get("dimensions"), list):
            dimensions = [{"column": entry} if isinstance(entry, str) else entry for entry in data["dimensions"]]
            return {**data, "dimensions": dimensions}
        return data


class EventTimeRange(Frozen):
    """The first and the last day (UTC) of event times that make sense. An event of any other day is a dead letter.

    What lies outside is mostly a wrong unit: microseconds taken for milliseconds lie 55,000 years ahead.
    """

    earliest: date = date(1900, 1, 1)
    latest: date = date(2199, 12, 31)

    @model_validator(mode="after")
    def _in_order(self) -> EventTimeRange:
        if self.earliest > self.latest:
            raise ValueError(f"earliest {self.earliest} is after latest {self.latest}; correct one of them")
        return self


class Workload(Frozen):
    """What the pipeline is expected to carry."""

    mean_events_per_second: EventsPerSecond
    peak_events_per_second: EventsPerSecond
    event_bytes: EventBytes
    duplicate_ratio: DuplicateRatio
    growth_percent_per_year: GrowthPercent = 0
    extra_consumer_groups: ExtraConsumerGroups = 0
    expected_values: ExpectedValues = {}


class PipelineSpec(Frozen):
    """A pipeline file."""

    name: PipelineName
    description: str
    owner: str
    engine: Engine = Engine.FLINK
    source: Source
    deduplication: Deduplication
    event_time: Annotated[Identifier, Field(description="A timestamp column; all write timestamps follow from it.")]
    event_time_range: EventTimeRange = EventTimeRange()
    allowed_lateness_hours: Annotated[
        int,
        Field(
            ge=0,
            le=24 * 366,
            description="An event further behind the newest one is counted as late, but is still written.",
        ),
    ] = 24
    derived: dict[Identifier, Derived] = {}
    references: dict[TableName, Reference] = {}
    joins: list[Join] = []
    rows: Rows
    aggregates: list[Aggregate] = []
    dead_letters: DeadLetters
    legal_hold: Annotated[
        bool, Field(description="A legal hold: nothing expires. Topics keep everything, and tables have no TTL.")
    ] = False
    workload: Workload
    clients: Annotated[
        dict[DnsLabel, Client],
        Field(
            description="Programs of other teams that write events or read topics. Each gets the Kafka user "
            "`weir-<pipeline>-<client>` with these rights alone, and a Secret of that name. On one machine Kafka knows "
            "no users, and clients change nothing."
        ),
    ] = {}
    access: Annotated[
        list[RowAccess],
        Field(
            description="Which rows and totals readers of the dashboards see: those that satisfy every rule. Without "
            "the claim they see none. Administrators and editors see all; on one machine nobody else signs in."
        ),
    ] = []

    @property
    def truncated(self) -> dict[str, Derived]:
        """Every column that is a truncated time, by name: those under `derived`, then a time bucket of the rows."""
        bucket = self.rows.bucket
        if bucket is None or bucket.time is None:
            return self.derived
        made = Derived.model_validate({"from": self.event_time, "truncate_to": bucket.time})
        return {**self.derived, bucket.column: made}
