"""What must hold between the fields of a pipeline file and its schema. Pure; every finding is one line for a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from weir.catalog.avro import EventSchema
from weir.catalog.spec import Aggregate, Join, Measure, PipelineSpec, TruncationUnit
from weir.catalog.types import ColumnType

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")


def problems_of(spec: PipelineSpec, schema: EventSchema) -> list[str]:
    """Every problem of a pipeline, each as `field: what is wrong; what to do`; empty when it is sound."""
    early = [*_schema(schema), *_derived(spec, schema), *_references(spec), *_joins(spec, schema)]
    if early:
        return early
    return [
        *_deduplication(spec, schema),
        *_event_time(spec, schema),
        *_rows(spec, schema),
        *_aggregates(spec, schema),
        *_names(spec),
        *_workload(spec),
    ]


def _schema(schema: EventSchema) -> Iterator[str]:
    for column in schema.columns:
        if not _NAME.fullmatch(column.name):
            yield f"source.schema_file: field {column.name!r} is no column name; use lower-case letters, digits, _"


def _derived(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    types = {column.name: column.type for column in schema.columns}
    for name, derived in spec.derived.items():
        if name in types:
            yield f"derived.{name}: the event has a column of this name; choose another"
        if types.get(derived.source) is not ColumnType.TIMESTAMP:
            yield f"derived.{name}.from: {derived.source!r} is not a timestamp column of the event; name one"


def _references(spec: PipelineSpec) -> Iterator[str]:
    for name, reference in spec.references.items():
        for column in reference.primary_key:
            if column not in reference.columns:
                yield f"references.{name}.primary_key: {column!r} is not among its columns; add it there"
        if all(join.reference != name for join in spec.joins):
            yield f"references.{name}: no join uses it; add a join or remove it"


def _joins(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    taken = {column.name for column in schema.columns} | set(spec.derived)
    for index, join in enumerate(spec.joins):
        yield from _join(spec, schema, join, f"joins.{index}", taken)
        taken |= set(join.select.values())


def _join(spec: PipelineSpec, schema: EventSchema, join: Join, field: str, taken: set[str]) -> Iterator[str]:
    reference = spec.references.get(join.reference)
    if reference is None:
        yield f"{field}.reference: {join.reference!r} is not below references; declare it there"
        return
    types = {column.name: column.type for column in schema.columns}
    for column, event_column in join.match.items():
        if column not in reference.columns:
            yield f"{field}.match: {join.reference} has no column {column!r}; it has {', '.join(reference.columns)}"
        elif event_column not in types:
            yield f"{field}.match: the event has no column {event_column!r}; name one of its schema"
        elif types[event_column] is not reference.columns[column]:
            yield (
                f"{field}.match: {join.reference}.{column} is {reference.columns[column]} but the event's "
                f"{event_column} is {types[event_column]}; make the types equal"
            )
    if set(reference.primary_key) - set(join.match):
        yield (
            f"{field}.match: the primary key of {join.reference} is {reference.primary_key}, not all of it is matched; "
            "several rows would match one event: match the whole key"
        )
    for column, name in join.select.items():
        if column not in reference.columns:
            yield f"{field}.select: {join.reference} has no column {column!r}; it has {', '.join(reference.columns)}"
        if name in taken or list(join.select.values()).count(name) > 1:
            yield f"{field}.select: column {name!r} exists already; give it another name"


def _deduplication(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    columns = {column.name: column for column in schema.columns}
    for name in spec.deduplication.key:
        if name not in columns:
            yield f"deduplication.key: the event has no column {name!r}; name columns of its schema"
        elif columns[name].nullable:
            yield f"deduplication.key: {name!r} may be null; make it required in the schema or choose another column"
    if spec.deduplication.horizon_hours < spec.source.retention_hours:
        yield (
            f"deduplication.horizon_hours: {spec.deduplication.horizon_hours} is less than source.retention_hours "
            f"{spec.source.retention_hours}; replaying the topic would count events twice: raise it"
        )


def _event_time(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    column = next((column for column in schema.columns if column.name == spec.event_time), None)
    if column is None or column.type is not ColumnType.TIMESTAMP or column.nullable:
        yield f"event_time: {spec.event_time!r} is not a required timestamp column of the event; name one"


def _rows(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    required = {column.name for column in schema.columns if not column.nullable}
    required |= {name for name, derived in spec.derived.items() if derived.source in required}
    key = [*spec.rows.partition_key, *spec.rows.clustering_key]
    for name in key:
        if name not in required:
            yield f"rows: key column {name!r} is not a required event or derived column; a Cassandra key holds no null"
    if len(set(key)) != len(key):
        yield "rows: a column stands twice in partition_key and clustering_key; name it once"
    missing = [name for name in spec.deduplication.key if name not in key]
    if missing:
        yield (
            f"rows: the key lacks the deduplication column(s) {', '.join(missing)}; distinct events would "
            "overwrite each other: add them to clustering_key"
        )


def _aggregates(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    types = {column.name: (column.type, column.nullable) for column in schema.columns}
    for name, derived in spec.derived.items():
        kind = ColumnType.TIMESTAMP if derived.truncate_to is TruncationUnit.HOUR else ColumnType.DATE
        types[name] = (kind, types[derived.source][1])
    for join in spec.joins:
        columns = spec.references[join.reference].columns
        types |= {name: (columns[source], True) for source, name in join.select.items()}
    for aggregate in spec.aggregates:
        yield from _aggregate(spec, aggregate, types)


def _aggregate(spec: PipelineSpec, aggregate: Aggregate, types: dict[str, tuple[ColumnType, bool]]) -> Iterator[str]:
    field = f"aggregates.{aggregate.table}"
    outputs = [dimension.output for dimension in aggregate.dimensions]
    keys = outputs + [name for name in aggregate.partition_key if name not in outputs]
    if aggregate.grain not in spec.derived:
        yield f"{field}.grain: {aggregate.grain!r} is not below derived; declare a truncated time column there"
    elif aggregate.grain not in keys:
        yield f"{field}.grain: {aggregate.grain!r} is neither in partition_key nor a dimension; add it"
    for dimension in aggregate.dimensions:
        if dimension.column not in types:
            yield f"{field}.dimensions: no column {dimension.column!r}; name an event, derived or joined column"
            continue
        kind, nullable = types[dimension.column]
        if nullable and dimension.when_null is None:
            yield f"{field}.dimensions: {dimension.column!r} may be null, which no key can hold; give it when_null"
        if dimension.when_null is not None and kind is not ColumnType.TEXT:
            yield f"{field}.dimensions: when_null of {dimension.column!r} stands for text, but it is {kind}; remove it"
    for name in aggregate.partition_key:
        if name not in outputs and types.get(name, (None, True))[1]:
            yield f"{field}.partition_key: {name!r} is not a required column; name one, or add it as a dimension"
    for name, measure in aggregate.measures.items():
        if name in keys:
            yield f"{field}.measures.{name}: a key column has this name; choose another"
        yield from _measure(f"{field}.measures.{name}", measure, types)


def _measure(field: str, measure: Measure, types: dict[str, tuple[ColumnType, bool]]) -> Iterator[str]:
    used = [measure.column] if measure.column else []
    used += [measure.where.column] if measure.where else []
    for column in used:
        if column not in types:
            yield f"{field}: no column {column!r}; name an event, derived or joined column"
    if measure.function == "sum" and measure.column in types and not types[measure.column][0].is_integer:
        yield (
            f"{field}: {measure.column!r} is {types[measure.column][0]}; only sums of integers "
            "are exact in any order: store it as an integer of its smallest unit"
        )


def _names(spec: PipelineSpec) -> Iterator[str]:
    tables = [spec.rows.table, *(aggregate.table for aggregate in spec.aggregates), *spec.references]
    for name in sorted({name for name in tables if tables.count(name) > 1}):
        yield f"tables: two tables are called {name!r}; rename one"
    if spec.dead_letters.topic == spec.source.topic:
        yield "dead_letters.topic: it is the source topic; dead letters would be read again: choose another"


def _workload(spec: PipelineSpec) -> Iterator[str]:
    if spec.workload.peak_events_per_second < spec.workload.mean_events_per_second:
        yield "workload.peak_events_per_second: below the mean; correct one of them"
