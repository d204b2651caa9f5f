"""What must hold between the fields of a pipeline file and its schema. Pure; every finding is one line for a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from weir.catalog.avro import EventSchema
from weir.catalog.buckets import bucket_problems
from weir.catalog.checks_access import access_problems
from weir.catalog.checks_clients import client_problems, group_problems
from weir.catalog.checks_names import name_problems
from weir.catalog.checks_totals import totals_problems
from weir.catalog.enriched import enriched_columns
from weir.catalog.json_columns import path_problems
from weir.catalog.sizes import problem_of
from weir.catalog.spec import Join, PipelineSpec
from weir.catalog.types import ColumnType

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")


def problems_of(spec: PipelineSpec, schema: EventSchema) -> list[str]:
    """Every problem of a pipeline, each as `field: what is wrong; what to do`; empty when it is sound."""
    early = [
        *_schema(schema),
        *path_problems(spec.source.columns),
        *_derived(spec, schema),
        *_references(spec),
        *_joins(spec, schema),
        *_event_time(spec, schema),
        *bucket_problems(spec, schema),
    ]
    if early:
        return early
    return [
        *_deduplication(spec, schema),
        *_rows(spec, schema),
        *totals_problems(spec, schema),
        *name_problems(spec),
        *client_problems(spec),
        *workload_problems(spec),
        *_of_rows(spec, schema),
    ]


def _of_rows(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    types = {name: column.type for name, column in enriched_columns(spec, schema).items()}
    yield from access_problems(spec, types)
    if problem := problem_of(spec, types):
        yield problem


def _schema(schema: EventSchema) -> Iterator[str]:
    for column in schema.columns:
        if not _NAME.fullmatch(column.name):
            yield (
                f"source.schema_file: field {column.name!r} is not a valid column name; use lower-case letters, "
                "digits and _"
            )


def _derived(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    types = {column.name: column.type for column in schema.columns}
    for name, derived in spec.derived.items():
        if name in types:
            yield f"derived.{name}: the event already has a column with this name; choose another"
        if types.get(derived.source) is not ColumnType.TIMESTAMP:
            yield f"derived.{name}.from: {derived.source!r} is not a timestamp column of the event; choose one that is"


def _references(spec: PipelineSpec) -> Iterator[str]:
    for name, reference in spec.references.items():
        for column in reference.primary_key:
            if column not in reference.columns:
                yield f"references.{name}.primary_key: {column!r} is not in its columns; add it there"
        if all(join.reference != name for join in spec.joins):
            yield f"references.{name}: not used by any join; add a join, or remove it"


def _joins(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    taken = {column.name for column in schema.columns} | set(spec.derived)
    for index, join in enumerate(spec.joins):
        yield from _join(spec, schema, join, f"joins.{index}", taken)
        taken |= set(join.select.values())


def _join(spec: PipelineSpec, schema: EventSchema, join: Join, field: str, taken: set[str]) -> Iterator[str]:
    reference = spec.references.get(join.reference)
    if reference is None:
        yield f"{field}.reference: {join.reference!r} is not declared under references; declare it there"
        return
    types = {column.name: column.type for column in schema.columns}
    for column, event_column in join.match.items():
        if column not in reference.columns:
            yield f"{field}.match: {join.reference} has no column {column!r}; it has {', '.join(reference.columns)}"
        elif event_column not in types:
            yield f"{field}.match: the event has no column {event_column!r}; choose a column of its schema"
        elif types[event_column] is not reference.columns[column]:
            yield (
                f"{field}.match: {join.reference}.{column} is {reference.columns[column]} but the event's "
                f"{event_column} is {types[event_column]}; use the same type for both"
            )
    if set(reference.primary_key) - set(join.match):
        yield (
            f"{field}.match: the primary key of {join.reference} is {reference.primary_key}, but only a part of it is "
            "matched, so one event could match several rows; match the whole key"
        )
    for column, name in join.select.items():
        if column not in reference.columns:
            yield f"{field}.select: {join.reference} has no column {column!r}; it has {', '.join(reference.columns)}"
        if name in taken or list(join.select.values()).count(name) > 1:
            yield f"{field}.select: column {name!r} already exists; choose another name"


def _deduplication(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    columns = {column.name: column for column in schema.columns}
    for name in spec.deduplication.key:
        if name not in columns:
            yield f"deduplication.key: the event has no column {name!r}; use columns of its schema"
        elif columns[name].nullable:
            yield f"deduplication.key: {name!r} may be null; make it required in the schema, or choose another column"
    if spec.deduplication.horizon_hours < spec.source.retention_hours:
        yield (
            f"deduplication.horizon_hours: {spec.deduplication.horizon_hours} is shorter than source.retention_hours "
            f"{spec.source.retention_hours}, so replaying the topic would count events twice; raise it"
        )


def _event_time(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    column = next((column for column in schema.columns if column.name == spec.event_time), None)
    if column is None or column.type is not ColumnType.TIMESTAMP or column.nullable:
        yield f"event_time: {spec.event_time!r} is not a required timestamp column of the event; choose one that is"


def _rows(spec: PipelineSpec, schema: EventSchema) -> Iterator[str]:
    required = {column.name for column in schema.columns if not column.nullable}
    required |= {name for name, derived in spec.derived.items() if derived.source in required}
    key = [*spec.rows.partition_key, *spec.rows.clustering_key]
    for name in key:
        if name not in required:
            yield (
                f"rows: key column {name!r} is not a required event or derived column; Cassandra keys cannot be "
                "null, so make it required or choose another"
            )
    if len(set(key)) != len(key):
        yield "rows: a column appears twice in partition_key and clustering_key; list it once"
    missing = [name for name in spec.deduplication.key if name not in key]
    if missing:
        yield (
            f"rows: the key lacks the deduplication column(s) {', '.join(missing)}, so distinct events would "
            "overwrite each other; add them to clustering_key"
        )


def workload_problems(spec: PipelineSpec) -> Iterator[str]:
    """What does not fit between the numbers of the workload."""
    peak, mean = spec.workload.peak_events_per_second, spec.workload.mean_events_per_second
    if peak < mean:
        yield f"workload.peak_events_per_second: {peak:g} is below mean_events_per_second {mean:g}; correct one of them"
    yield from group_problems(spec)
    keys = {*spec.rows.partition_key, *(name for aggregate in spec.aggregates for name in aggregate.partition_key)}
    for name in spec.workload.expected_values:
        if name not in keys - set(spec.derived):
            yield (
                f"workload.expected_values.{name}: no partition_key has a column of this name that is not a derived "
                "time; correct or remove it"
            )
