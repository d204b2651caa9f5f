"""What must come of the events: enriched rows and aggregates, computed in DuckDB from the original files.

The pipeline file's meaning in SQL, written apart from the job:
- a row is an event with its derived columns (UTC truncations) and the selected columns of its references (LEFT joins;
  a null matches nothing);
- an aggregate groups rows, `when_null` standing in for a missing dimension; a count of nothing is 0, any other measure
  of nothing but nulls is null.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from weir.catalog.pipeline import Pipeline, group_columns
from weir.catalog.spec import Aggregate, Condition, Dimension, Measure
from weir.proof.dataset import EVENT_INDEX, EVENTS, SQL_TYPES, listed, quoted, reference_table, scalar

if TYPE_CHECKING:
    import duckdb


def expected_table(name: str) -> str:
    """The DuckDB table of what `name` must hold."""
    return f"expected_{name}"


def compute(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, sent: np.ndarray) -> int:
    """Creates `expected_table(name)` of the row table and of every aggregate; returns the number of distinct events.

    `connection` comes from `open_dataset`; `sent` holds the indices of the events that were sent, in any order.
    """
    sent_events = {"sent_index": np.unique(sent.astype(np.int64))}
    connection.register("sent_events", sent_events)
    connection.execute(f"CREATE TABLE {expected_table(pipeline.row_table.name)} AS {rows_query(pipeline)}")
    connection.unregister("sent_events")
    for aggregate in pipeline.spec.aggregates:
        query = aggregate_query(pipeline, aggregate)
        connection.execute(f"CREATE TABLE {expected_table(aggregate.table)} AS {query}")
    return scalar(connection, f"SELECT count(*) FROM {expected_table(pipeline.row_table.name)}")


def rows_query(pipeline: Pipeline) -> str:
    """The enriched rows of the distinct events of `sent_events`."""
    distinct = (
        f"SELECT DISTINCT {listed(pipeline.event_columns)} FROM {EVENTS} "
        f"WHERE {EVENT_INDEX} IN (SELECT sent_index FROM sent_events)"
    )
    return f"SELECT {', '.join(_row_columns(pipeline))} FROM ({distinct}) AS e {' '.join(_joins(pipeline))}"


def aggregate_query(pipeline: Pipeline, aggregate: Aggregate) -> str:
    """The totals of the enriched rows."""
    keys = [f"{_dimension(key)} AS {quoted(key.output)}" for key in group_columns(aggregate)]
    measures = [
        f"CAST({_measure(pipeline, measure)} AS {SQL_TYPES[pipeline.measure_type(measure)]}) AS {quoted(name)}"
        for name, measure in aggregate.measures.items()
    ]
    groups = ", ".join(str(position + 1) for position in range(len(keys)))
    rows = expected_table(pipeline.row_table.name)
    return f"SELECT {', '.join(keys + measures)} FROM {rows} GROUP BY {groups}"


def _row_columns(pipeline: Pipeline) -> Iterator[str]:
    yield listed(pipeline.event_columns, "e.")
    for name, derived in pipeline.spec.derived.items():
        truncated = f"date_trunc('{derived.truncate_to}', e.{quoted(derived.source)})"
        yield f"CAST({truncated} AS {SQL_TYPES[pipeline.columns[name].type]}) AS {quoted(name)}"
    for index, join in enumerate(pipeline.spec.joins):
        yield from (f"j{index}.{quoted(column)} AS {quoted(name)}" for column, name in join.select.items())


def _joins(pipeline: Pipeline) -> Iterator[str]:
    for index, join in enumerate(pipeline.spec.joins):
        matches = (f"j{index}.{quoted(column)} = e.{quoted(event)}" for column, event in join.match.items())
        yield f"LEFT JOIN {reference_table(join.reference)} AS j{index} ON {' AND '.join(matches)}"


def _dimension(key: Dimension) -> str:
    if key.when_null is None:
        return quoted(key.column)
    return f"coalesce({quoted(key.column)}, {_literal(key.when_null)})"


def _measure(pipeline: Pipeline, measure: Measure) -> str:
    argument = "*" if measure.column is None else quoted(measure.column)
    where = "" if measure.where is None else f" FILTER (WHERE {_condition(pipeline, measure.where)})"
    return f"{measure.function}({argument}){where}"


def _condition(pipeline: Pipeline, condition: Condition) -> str:
    column = quoted(condition.column)
    if condition.is_null is not None:
        return f"{column} IS {'' if condition.is_null else 'NOT '}NULL"
    if condition.equals is not None:
        return f"{column} = CAST({_literal(condition.equals)} AS {SQL_TYPES[pipeline.columns[condition.column].type]})"
    if condition.greater_than is not None:
        return f"{column} > {condition.greater_than}"
    return f"{column} < {condition.less_than}"


def _literal(value: str | int | bool) -> str:
    return "'" + str(value).replace("'", "''") + "'"
