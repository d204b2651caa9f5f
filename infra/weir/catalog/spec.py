"""What a pipeline file says, field by field. Cross-checks against the schema are in `pipeline.py`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from weir.catalog.types import ColumnType
from weir.config.base import Frozen, HorizonHours, Identifier, RetentionHours, TtlDays

TopicName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,200}$", description="Lower-case letters, digits, dots and dashes."),
]


class Engine(StrEnum):
    """What runs the pipeline."""

    FLINK = "flink"
    KAFKA_STREAMS = "kafka-streams"


class Compatibility(StrEnum):
    """How the registry lets a subject's schema change."""

    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"


class Source(Frozen):
    """Dataset A: the topic of events."""

    topic: TopicName
    schema_file: Annotated[str, Field(description="Avro record schema, beside the pipeline file.")]
    compatibility: Compatibility = Compatibility.BACKWARD
    partitions: Annotated[int, Field(ge=1, le=1000)]
    retention_hours: RetentionHours
    partitioned_by_id: Annotated[
        bool,
        Field(
            description="Its producers promise that all records of an id come on one partition: they use the "
            "deduplication key as record key, and one partitioner. Kafka Streams then need not move events between "
            "partitions, which costs a commit. Where the promise is broken, totals count such an event twice."
        ),
    ] = False


class Deduplication(Frozen):
    """Which columns make two events the same, and for how long that is remembered."""

    key: Annotated[list[Identifier], Field(min_length=1)]
    horizon_hours: HorizonHours


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


class Reference(Frozen):
    """A table of Dataset B, in Cassandra."""

    columns: Annotated[dict[Identifier, ColumnType], Field(min_length=1)]
    primary_key: Annotated[list[Identifier], Field(min_length=1)]
    reload_interval_seconds: Annotated[int, Field(ge=1, le=86400)] = 300


class Join(Frozen):
    """A LEFT join: an event without a match keeps its row, with nulls."""

    reference: Identifier
    match: Annotated[dict[Identifier, Identifier], Field(min_length=1, description="Reference column: event column.")]
    select: Annotated[dict[Identifier, Identifier], Field(min_length=1, description="Reference column: new name.")]


class Rows(Frozen):
    """The table of enriched events: every event, derived and joined column."""

    table: Identifier
    partition_key: Annotated[list[Identifier], Field(min_length=1)]
    clustering_key: list[Identifier] = []
    ttl_days: TtlDays | None = None


class Dimension(Frozen):
    """A column to group by; `when_null` stands in for a missing value, which no Cassandra key can hold."""

    column: Identifier
    when_null: str | None = None
    name: Annotated[Identifier | None, Field(alias="as")] = None

    @property
    def output(self) -> str:
        """The column's name in the aggregate's table."""
        return self.name or self.column


class Condition(Frozen):
    """Which events a measure counts: exactly one test of one column. A null satisfies none but `is_null`."""

    column: Identifier
    is_null: bool | None = None
    equals: str | int | bool | None = None
    greater_than: int | float | None = None
    less_than: int | float | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        tests = [name for name in ("is_null", "equals", "greater_than", "less_than") if getattr(self, name) is not None]
        if len(tests) != 1:
            raise ValueError("give exactly one of is_null, equals, greater_than, less_than")
        return self


class Measure(Frozen):
    """A number per group: `count: all`, `count: <column>` (not null), `sum`, `min` or `max` of a column."""

    count: Literal["all"] | Identifier | None = None
    sum: Identifier | None = None
    min: Identifier | None = None
    max: Identifier | None = None
    where: Condition | None = None

    @model_validator(mode="after")
    def _one_function(self) -> Measure:
        if len([name for name in ("count", "sum", "min", "max") if getattr(self, name) is not None]) != 1:
            raise ValueError("give exactly one of count, sum, min, max")
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
        argument = getattr(self, self.function)
        return None if argument == "all" else argument


class Aggregate(Frozen):
    """A table of running totals. Its key is `partition_key` and then the dimensions not in it, in their order."""

    table: Identifier
    grain: Annotated[Identifier, Field(description="The derived time column whose start dates the totals.")]
    partition_key: Annotated[list[Identifier], Field(min_length=1)]
    dimensions: Annotated[list[Dimension], Field(min_length=1)]
    measures: Annotated[dict[Identifier, Measure], Field(min_length=1)]
    ttl_days: TtlDays | None = None
    expected_groups: Annotated[
        int, Field(ge=1, description="Rows of one hour, day, month or year of the grain, for sizing.")
    ] = 10_000

    @model_validator(mode="before")
    @classmethod
    def _short_dimensions(cls, data: object) -> object:
        """`dimensions: [origin]` is short for `[{column: origin}]`."""
        if isinstance(data, dict) and isinstance(data.get("dimensions"), list):
            dimensions = [{"column": entry} if isinstance(entry, str) else entry for entry in data["dimensions"]]
            return {**data, "dimensions": dimensions}
        return data


class DeadLetters(Frozen):
    """Where a record that cannot be decoded goes, whole, with its reason."""

    topic: TopicName
    retention_hours: RetentionHours


class Workload(Frozen):
    """What the pipeline is expected to carry."""

    mean_events_per_second: Annotated[float, Field(gt=0)]
    peak_events_per_second: Annotated[float, Field(gt=0)]
    event_bytes: Annotated[int, Field(ge=1)]
    duplicate_ratio: Annotated[float, Field(ge=0, description="Re-sends per distinct event.")]
    growth_percent_per_year: Annotated[float, Field(ge=0, le=1000)] = 0
    extra_consumer_groups: Annotated[
        int, Field(ge=0, le=100, description="Readers of the source topic besides the pipeline (fan-out).")
    ] = 0


class PipelineSpec(Frozen):
    """A pipeline file."""

    name: Annotated[Identifier, Field(description="The folder's name; also the keyspace's.")]
    description: str
    owner: str
    engine: Engine = Engine.FLINK
    source: Source
    deduplication: Deduplication
    event_time: Annotated[Identifier, Field(description="A timestamp column; it dates every write to Cassandra.")]
    allowed_lateness_hours: Annotated[
        int,
        Field(
            ge=0,
            le=24 * 366,
            description="An event further behind the newest one is late: counted as such, and written all the same.",
        ),
    ] = 24
    derived: dict[Identifier, Derived] = {}
    references: dict[Identifier, Reference] = {}
    joins: list[Join] = []
    rows: Rows
    aggregates: list[Aggregate] = []
    dead_letters: DeadLetters
    legal_hold: Annotated[
        bool, Field(description="Nothing expires: topics keep everything, tables have no TTL. For the time of a hold.")
    ] = False
    workload: Workload
