"""What must come of the events: enriched rows and aggregates, computed in DuckDB from the original files.

The pipeline file's meaning in SQL, written apart from the job:
- a row is an event with its derived columns (UTC truncations), its bucket (a truncation, or a part of its id's SHA-256)
  and the selected columns of its references (LEFT joins; a null matches nothing);
- an aggregate groups rows, `when_null` standing in for a missing dimension; a count of nothing is 0, any other measure
  of nothing but nulls is null;
- of floats NaN is the greatest and equal to itself, as DuckDB has it, and -0.0 is 0.0, which DuckDB groups with it but
  may show;
- a sum beyond 64 bits is the greatest or the least of them; DuckDB itself sums in 128.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from weir.catalog.pipeline import Pipeline, group_columns
from weir.catalog.spec import Aggregate, Condition, Dimension, Measure
from weir.catalog.types import ColumnType
from weir.verify.dataset import EVENT_INDEX, EVENTS, SQL_TYPES, listed, quoted, reference_table, scalar
from weir.verify.refusals import usable_reference

if TYPE_CHECKING:
    import duckdb


LEAST_LONG, GREATEST_LONG = -9223372036854775808, 9223372036854775807

_FLOATS = (ColumnType.FLOAT, ColumnType.DOUBLE)
# DuckDB itself would compare a float with a fraction in 32 bits.
_COMPARED_AS = {
    **SQL_TYPES,
    **dict.fromkeys(_FLOATS, "DOUBLE"),
    **dict.fromkeys((ColumnType.INT, ColumnType.BIGINT), "HUGEINT"),
}


def expected_table(name: str) -> str:
    """The DuckDB table of what `name` must hold."""
    return f"expected_{name}"


def compute(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, sent: np.ndarray) -> int:
    """Creates `expected_table(name)` of the row table and of every aggregate; returns the number of distinct events."""
    distinct = compute_rows(connection, pipeline, sent)
    compute_totals(connection, pipeline)
    return distinct


def compute_rows(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, sent: np.ndarray) -> int:
    """Creates `expected_table(name)` of the row table; returns the number of distinct events.

    `connection` comes from `open_dataset`; `sent` holds the indices of the events that were sent, in any order.
    """
    sent_events = {"sent_index": np.unique(sent.astype(np.int64))}
    connection.register("sent_events", sent_events)
    connection.execute(f"CREATE TABLE {expected_table(pipeline.row_table.name)} AS {rows_query(pipeline)}")
    connection.unregister("sent_events")
    return scalar(connection, f"SELECT count(*) FROM {expected_table(pipeline.row_table.name)}")


def compute_totals(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline) -> None:
    """Creates `expected_table(name)` of every aggregate, from that of the rows."""
    for aggregate in pipeline.spec.aggregates:
        query = aggregate_query(pipeline, aggregate)
        connection.execute(f"CREATE TABLE {expected_table(aggregate.table)} AS {query}")


def rows_query(pipeline: Pipeline) -> str:
    """The enriched rows of the distinct events of `sent_events`."""
    columns = [_unsigned_zero(quoted(name), column.type, name) for name, column in pipeline.event_columns.items()]
    distinct = (
        f"SELECT DISTINCT {', '.join(columns)} FROM {EVENTS} "
        f"WHERE {EVENT_INDEX} IN (SELECT sent_index FROM sent_events)"
    )
    return f"SELECT {', '.join(_row_columns(pipeline))} FROM ({distinct}) AS e {' '.join(_joins(pipeline))}"


def numbered_rows_query(pipeline: Pipeline) -> str:
    """The enriched row of every single event of `EVENTS`, in their order; behind it whether each join found a row."""
    columns = [_unsigned_zero(quoted(name), column.type, name) for name, column in pipeline.event_columns.items()]
    matched = [
        f"j{index}.{quoted(next(iter(join.match)))} IS NOT NULL" for index, join in enumerate(pipeline.spec.joins)
    ]
    return (
        f"SELECT {', '.join([*_row_columns(pipeline), *matched])} "
        f"FROM (SELECT {EVENT_INDEX}, {', '.join(columns)} FROM {EVENTS}) AS e {' '.join(_joins(pipeline))} "
        f"ORDER BY e.{EVENT_INDEX}"
    )


def aggregate_query(pipeline: Pipeline, aggregate: Aggregate) -> str:
    """The totals of the enriched rows."""
    keys = [f"{_dimension(key)} AS {quoted(key.output)}" for key in group_columns(aggregate)]
    measures = [f"{_measure(pipeline, measure)} AS {quoted(name)}" for name, measure in aggregate.measures.items()]
    groups = ", ".join(str(position + 1) for position in range(len(keys)))
    rows = expected_table(pipeline.row_table.name)
    return f"SELECT {', '.join(keys + measures)} FROM {rows} GROUP BY {groups}"


def _row_columns(pipeline: Pipeline) -> Iterator[str]:
    yield listed(pipeline.event_columns, "e.")
    for name, derived in pipeline.spec.truncated.items():
        truncated = f"date_trunc('{derived.truncate_to}', e.{quoted(derived.source)})"
        yield f"CAST({truncated} AS {SQL_TYPES[pipeline.columns[name].type]}) AS {quoted(name)}"
    bucket = pipeline.spec.rows.bucket
    if bucket and bucket.hash:
        key = {f"e.{quoted(name)}": pipeline.columns[name].type for name in pipeline.spec.deduplication.key}
        yield f"{hash_bucket(key, bucket.hash)} AS {quoted(bucket.column)}"
    for index, join in enumerate(pipeline.spec.joins):
        for column, name in join.select.items():
            yield _unsigned_zero(f"j{index}.{quoted(column)}", pipeline.columns[name].type, name)


def hash_bucket(key: Mapping[str, ColumnType], buckets: int) -> str:
    """In DuckDB's SQL, the bucket of a row from the expressions of its deduplication key, in order."""
    texts = [
        f"epoch_ms({column})" if kind is ColumnType.TIMESTAMP else f"CAST({column} AS VARCHAR)"
        for column, kind in key.items()
    ]
    digits = f"substr(sha256(concat_ws(chr(31), {', '.join(texts)})), 1, 8)"
    return f"CAST(CAST('0x' || {digits} AS UBIGINT) % {buckets} AS INTEGER)"


def _joins(pipeline: Pipeline) -> Iterator[str]:
    for index, join in enumerate(pipeline.spec.joins):
        matches = (f"j{index}.{quoted(column)} = e.{quoted(event)}" for column, event in join.match.items())
        usable = usable_reference(pipeline, join.reference, f"j{index}")
        yield f"LEFT JOIN {reference_table(join.reference)} AS j{index} ON {' AND '.join(matches)} AND {usable}"


def _dimension(key: Dimension) -> str:
    if key.when_null is None:
        return quoted(key.column)
    return f"coalesce({quoted(key.column)}, {_literal(key.when_null)})"


def _unsigned_zero(value: str, kind: ColumnType, name: str) -> str:
    column = f"CASE WHEN {value} = 0 THEN 0 ELSE {value} END" if kind in _FLOATS else value
    return f"{column} AS {quoted(name)}"


def _measure(pipeline: Pipeline, measure: Measure) -> str:
    argument = "*" if measure.column is None else quoted(measure.column)
    where = "" if measure.where is None else f" FILTER (WHERE {_condition(pipeline, measure.where)})"
    value = f"{measure.function}({argument}){where}"
    if measure.function == "sum":
        beyond = f"CASE WHEN {value} < 0 THEN {LEAST_LONG} WHEN {value} > 0 THEN {GREATEST_LONG} END"
        return f"coalesce(TRY_CAST({value} AS BIGINT), {beyond})"
    return f"CAST({value} AS {SQL_TYPES[pipeline.measure_type(measure)]})"


def _condition(pipeline: Pipeline, condition: Condition) -> str:
    column = quoted(condition.column)
    if condition.is_null is not None:
        return f"{column} IS {'' if condition.is_null else 'NOT '}NULL"
    kind = pipeline.columns[condition.column].type
    compared_as = _COMPARED_AS[kind]
    tests = {"=": condition.equals, ">": condition.greater_than, "<": condition.less_than}
    operator, value = next((operator, value) for operator, value in tests.items() if value is not None)
    if kind.is_integer and isinstance(value, float):
        value = math.floor(value) if operator == ">" else math.ceil(value)
    return f"CAST({column} AS {compared_as}) {operator} CAST({_literal(value)} AS {compared_as})"


def _literal(value: str | float | bool) -> str:
    return "'" + str(value).replace("'", "''") + "'"
