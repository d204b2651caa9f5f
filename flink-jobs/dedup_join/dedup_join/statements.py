"""The job as SQL: views from event to enriched row, and one INSERT for each output. Pure: a pipeline in, text out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dedup_join import sql, tables
from dedup_join.buckets import bucket_expression
from dedup_join.letters import insert_dead_letters
from dedup_join.measures import measure_expression
from dedup_join.settings import Settings, Stage
from dedup_join.times import microseconds, truncated
from weir.catalog.pipeline import Pipeline, group_columns
from weir.catalog.spec import Aggregate, Dimension, Join
from weir.catalog.types import ColumnType

DECODED = "_decoded"
DISTINCT = "_distinct"
ENRICHED = "_enriched"
ARRIVAL = "_arrival"


@dataclass(frozen=True)
class JobStatements:
    """The statements, in the order in which they are run.

    `core` is the statement set of rows and dead letters; each of `totals`, by table, reads the rows from a placeholder
    of them (see `plan`).
    """

    definitions: tuple[str, ...]
    core: str
    totals: dict[str, str]


def job_statements(pipeline: Pipeline, settings: Settings) -> JobStatements:
    """The job of `pipeline`, as far as `settings.last_stage`."""
    spec = pipeline.spec
    distinct = settings.last_stage.includes(Stage.DEDUPLICATE)
    joins = spec.joins if settings.last_stage.includes(Stage.JOIN) else []
    aggregates = spec.aggregates if settings.last_stage.includes(Stage.AGGREGATE) else []
    left_out = {column for join in spec.joins if join not in joins for column in join.select.values()}
    columns = [name for name in pipeline.columns if name not in left_out]
    definitions = [
        tables.source_table(pipeline, settings),
        _decoded(pipeline),
        *([_distinct(pipeline)] if distinct else []),
        *(tables.reference_table(pipeline, settings, name) for name in dict.fromkeys(join.reference for join in joins)),
        _enriched(pipeline, DISTINCT if distinct else DECODED, joins),
        tables.row_table(pipeline, columns, settings),
        *(_totals_table(pipeline, aggregate, settings) for aggregate in aggregates),
        tables.dead_letter_table(pipeline, settings),
        *([tables.placeholder_table(pipeline)] if aggregates else []),
    ]
    core = f"STATEMENT SET BEGIN\n{_insert_rows(pipeline, columns)};\n{insert_dead_letters(pipeline)};\nEND"
    totals = {aggregate.table: _insert_totals(pipeline, aggregate) for aggregate in aggregates}
    return JobStatements(tuple(definitions), core, totals)


def _decoded(pipeline: Pipeline) -> str:
    query = sql.select(
        [*map(sql.name, pipeline.event_columns), f"PROCTIME() AS {sql.name(ARRIVAL)}"],
        sql.name(tables.EVENTS),
        f"WHERE {sql.name(tables.DECODE_ERROR)} IS NULL",
    )
    return sql.create_view(DECODED, query)


def _distinct(pipeline: Pipeline) -> str:
    """The first of the events of one key. Flink runs this pattern as an insert-only operator with one flag per key."""
    columns = [*map(sql.name, pipeline.event_columns), sql.name(ARRIVAL)]
    key = sql.names(pipeline.spec.deduplication.key)
    rank = f"ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {sql.name(ARRIVAL)} ASC) AS `_rank`"
    ranked = sql.select([*columns, rank], sql.name(DECODED))
    return sql.create_view(DISTINCT, sql.select(columns, f"(\n{ranked}\n)", "WHERE `_rank` = 1"))


def _enriched(pipeline: Pipeline, source: str, joins: Iterable[Join]) -> str:
    expressions = [f"`e`.{sql.name(column)}" for column in pipeline.event_columns]
    expressions += [f"{truncated(spec)} AS {sql.name(column)}" for column, spec in pipeline.spec.truncated.items()]
    expressions += _bucket(pipeline)
    clauses = []
    for number, join in enumerate(joins):
        alias = f"`r{number}`"
        expressions += [f"{alias}.{sql.name(column)} AS {sql.name(out)}" for column, out in join.select.items()]
        match = " AND ".join(f"`e`.{sql.name(event)} = {alias}.{sql.name(ref)}" for ref, event in join.match.items())
        table = f"{sql.name(join.reference)} FOR SYSTEM_TIME AS OF `e`.{sql.name(ARRIVAL)} AS {alias}"
        clauses.append(f"LEFT JOIN {table} ON {match}")
    return sql.create_view(ENRICHED, sql.select(expressions, f"{sql.name(source)} AS `e`", *clauses))


def _bucket(pipeline: Pipeline) -> list[str]:
    bucket = pipeline.spec.rows.bucket
    if bucket is None or bucket.hash is None:
        return []
    key = [(f"`e`.{sql.name(name)}", pipeline.columns[name].type) for name in pipeline.spec.deduplication.key]
    return [f"{bucket_expression(key, bucket.hash)} AS {sql.name(bucket.column)}"]


def _insert_rows(pipeline: Pipeline, columns: list[str]) -> str:
    """Rows are dated by their event: written twice, a row is the same in every cell."""
    expressions = [*map(sql.name, columns), microseconds(sql.name(pipeline.spec.event_time), ColumnType.TIMESTAMP)]
    query = sql.select(expressions, sql.name(ENRICHED))
    return sql.insert(pipeline.row_table.name, [*columns, tables.WRITE_TIMESTAMP], query)


def _totals_table(pipeline: Pipeline, aggregate: Aggregate, settings: Settings) -> str:
    table = pipeline.aggregate_tables[aggregate.table]
    return tables.output_table(pipeline, table, table.columns, settings, buffer_time=tables.TOTALS_BUFFER_TIME)


def _insert_totals(pipeline: Pipeline, aggregate: Aggregate) -> str:
    """Totals are dated by the start of their grain plus the number of their events.

    So a later total of a group is newer than an earlier one, in whatever order they arrive, and the last one has the
    same date in every run.
    """
    dimensions = group_columns(aggregate)
    groups = [_dimension(dimension) for dimension in dimensions]
    measures = [measure_expression(pipeline, measure) for measure in aggregate.measures.values()]
    version = f"{microseconds(sql.name(aggregate.grain), pipeline.columns[aggregate.grain].type)} + COUNT(*)"
    columns = [*(dimension.output for dimension in dimensions), *aggregate.measures, tables.WRITE_TIMESTAMP]
    query = sql.select([*groups, *measures, version], sql.name(tables.PLACEHOLDER), f"GROUP BY {', '.join(groups)}")
    return sql.insert(aggregate.table, columns, query)


def _dimension(dimension: Dimension) -> str:
    column = sql.name(dimension.column)
    return column if dimension.when_null is None else f"COALESCE({column}, {sql.text(dimension.when_null)})"
