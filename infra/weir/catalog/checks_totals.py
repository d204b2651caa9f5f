"""What must hold of the tables of totals: their grain, dimensions, keys and measures. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from weir.catalog.avro import EventSchema
from weir.catalog.conditions import condition_problems
from weir.catalog.enriched import enriched_columns
from weir.catalog.spec import Aggregate, Measure, PipelineSpec
from weir.catalog.types import ColumnType

MAX_JOINED_KEY_COLUMNS = 8
"""Half of a Cassandra key is then still the event's."""
Types = Mapping[str, tuple[ColumnType, bool]]
"""Column -> its type, and whether it may be null."""


def totals_problems(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    """Every problem of the aggregates; those of derived columns, references and joins must be fixed first."""
    types = {name: (column.type, column.nullable) for name, column in enriched_columns(spec, schema).items()}
    for aggregate in spec.aggregates:
        field = f"aggregates.{aggregate.table}"
        yield from _grain(field, spec, aggregate)
        yield from _dimensions(field, aggregate, types)
        yield from _partition_key(field, aggregate, types)
        yield from _room(field, aggregate, {name for join in spec.joins for name in join.select.values()})
        yield from _measures(field, aggregate, types)


def _grain(field: str, spec: PipelineSpec, aggregate: Aggregate) -> Iterator[str]:
    grain = aggregate.grain
    of_its_name = [dimension.column for dimension in aggregate.dimensions if dimension.output == grain]
    if grain not in spec.derived:
        yield f"{field}.grain: {grain!r} is not declared under derived; declare a truncated time column there"
    elif not of_its_name and grain not in aggregate.partition_key:
        yield (
            f"{field}.grain: {grain!r} is neither in partition_key nor in dimensions; add it to one of them, under "
            "its own name"
        )
    elif of_its_name and of_its_name[0] != grain:
        yield (
            f"{field}.grain: the name is taken by a dimension made from column {of_its_name[0]!r}; rename that "
            "dimension with `as`"
        )


def _dimensions(field: str, aggregate: Aggregate, types: Types) -> Iterator[str]:
    outputs = [dimension.output for dimension in aggregate.dimensions]
    for name in sorted({name for name in outputs if outputs.count(name) > 1}):
        yield f"{field}.dimensions: two are named {name!r}, so one would be lost; remove one, or rename it with `as`"
    for dimension in aggregate.dimensions:
        column, when_null = dimension.column, dimension.when_null
        if column not in types:
            yield f"{field}.dimensions: no column {column!r}; choose an event, derived or joined column"
            continue
        kind, nullable = types[column]
        if nullable and when_null is None:
            yield f"{field}.dimensions: {column!r} may be null, but keys cannot be null; {_remedy(kind)}"
        if when_null is not None and kind is not ColumnType.TEXT:
            yield f"{field}.dimensions: when_null is only for text columns, and {column!r} is {kind}; remove it"
        if when_null == "" and aggregate.partition_key == [dimension.output]:
            yield (
                f"{field}.dimensions: when_null of {column!r} is empty, but Cassandra refuses an empty partition key; "
                "use a word such as `unknown`"
            )


def _remedy(kind: ColumnType) -> str:
    return "set when_null" if kind is ColumnType.TEXT else "group by another column, or make it required in the schema"


def _partition_key(field: str, aggregate: Aggregate, types: Types) -> Iterator[str]:
    outputs = {dimension.output for dimension in aggregate.dimensions}
    for name in aggregate.partition_key:
        if name not in outputs and types.get(name, (None, True))[1]:
            yield (
                f"{field}.partition_key: {name!r} is not a required column; choose one that is, or add it as a "
                "dimension"
            )


def _room(field: str, aggregate: Aggregate, joined: set[str]) -> Iterator[str]:
    """A Cassandra key has room for so many values of references, whatever the events hold."""
    for key, partition in (("partition_key", True), ("dimensions", False)):
        of_key = [entry for entry in aggregate.dimensions if (entry.output in aggregate.partition_key) is partition]
        count = sum(entry.column in joined for entry in of_key)
        if count > MAX_JOINED_KEY_COLUMNS:
            yield (
                f"{field}.{key}: {count} joined columns in one key, which has room for {MAX_JOINED_KEY_COLUMNS}; "
                "remove some"
            )


def _measures(field: str, aggregate: Aggregate, types: Types) -> Iterator[str]:
    keys = {dimension.output for dimension in aggregate.dimensions} | set(aggregate.partition_key)
    for name, measure in aggregate.measures.items():
        if name in keys:
            yield f"{field}.measures.{name}: a key column already has this name; choose another"
        yield from _measure(f"{field}.measures.{name}", measure, types)


def _measure(field: str, measure: Measure, types: Types) -> Iterator[str]:
    used = [measure.column] if measure.column else []
    used += [measure.where.column] if measure.where else []
    unknown = [column for column in used if column not in types]
    for column in unknown:
        yield f"{field}: no column {column!r}; choose an event, derived or joined column"
    if unknown:
        return
    if measure.where:
        yield from condition_problems(f"{field}.where", measure.where, types[measure.where.column][0])
    if measure.column:
        yield from _argument(field, measure.function, measure.column, types[measure.column][0])


def _argument(field: str, function: str, column: str, kind: ColumnType) -> Iterator[str]:
    if function == "sum" and not kind.is_integer:
        yield (
            f"{field}: {column!r} is {kind}; only integer sums are exact in any order; store the value as an integer "
            "in its smallest unit"
        )
    if function in {"min", "max"} and kind is ColumnType.BLOB:
        yield (
            f"{field}: {column!r} is {kind}, and Flink has no {function} for that type; use count, or choose "
            "another column"
        )
