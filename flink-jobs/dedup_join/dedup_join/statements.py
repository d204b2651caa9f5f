"""The job as SQL: views from event to enriched row, and one INSERT for each output. Pure: a pipeline in, text out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dedup_join import sql, tables
from dedup_join.settings import Settings, Stage
from weir.catalog.pipeline import PIPELINE_FILE, Pipeline, group_columns
from weir.catalog.spec import Aggregate, Condition, Derived, Dimension, Join, Measure, TruncationUnit
from weir.catalog.types import ColumnType
from weir.config.errors import ConfigError

DECODED = "_decoded"
DISTINCT = "_distinct"
ENRICHED = "_enriched"
ARRIVAL = "_arrival"

MICROSECONDS_PER_SECOND = 1_000_000

_LITERAL_TYPES: dict[ColumnType, tuple[type, ...]] = {
    ColumnType.TEXT: (str,),
    ColumnType.BOOLEAN: (bool,),
    ColumnType.INT: (int, float),
    ColumnType.BIGINT: (int, float),
    ColumnType.FLOAT: (int, float),
    ColumnType.DOUBLE: (int, float),
}


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
    """The job of `pipeline`, as far as `settings.last_stage`.

    Raises:
        ConfigError: the condition of a measure compares a column with a value of another type.
    """
    spec = pipeline.spec
    distinct = settings.last_stage.includes(Stage.DEDUPLICATE)
    joins = spec.joins if settings.last_stage.includes(Stage.JOIN) else []
    aggregates = spec.aggregates if settings.last_stage.includes(Stage.AGGREGATE) else []
    joined = {column for join in joins for column in join.select.values()}
    columns = [name for name in pipeline.columns if name in pipeline.event_columns or name in {*spec.derived, *joined}]
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
    core = f"STATEMENT SET BEGIN\n{_insert_rows(pipeline, columns)};\n{_insert_dead_letters()};\nEND"
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
    expressions += [f"{_truncated(spec)} AS {sql.name(column)}" for column, spec in pipeline.spec.derived.items()]
    clauses = []
    for number, join in enumerate(joins):
        alias = f"`r{number}`"
        expressions += [f"{alias}.{sql.name(column)} AS {sql.name(out)}" for column, out in join.select.items()]
        match = " AND ".join(f"`e`.{sql.name(event)} = {alias}.{sql.name(ref)}" for ref, event in join.match.items())
        table = f"{sql.name(join.reference)} FOR SYSTEM_TIME AS OF `e`.{sql.name(ARRIVAL)} AS {alias}"
        clauses.append(f"LEFT JOIN {table} ON {match}")
    return sql.create_view(ENRICHED, sql.select(expressions, f"{sql.name(source)} AS `e`", *clauses))


def _truncated(derived: Derived) -> str:
    """The start of the hour, day, month or year in the session's time zone, which the job sets to UTC.

    Days and longer go through DATE: Flink's FLOOR of a timestamp before 1970 to a month gives the month after it.
    """
    column = f"`e`.{sql.name(derived.source)}"
    if derived.truncate_to is TruncationUnit.HOUR:
        return f"FLOOR({column} TO HOUR)"
    date = f"CAST({column} AS DATE)"
    return date if derived.truncate_to is TruncationUnit.DAY else f"FLOOR({date} TO {derived.truncate_to.upper()})"


def _insert_rows(pipeline: Pipeline, columns: list[str]) -> str:
    """Rows are dated by their event: written twice, a row is the same in every cell."""
    expressions = [*map(sql.name, columns), _microseconds(pipeline.spec.event_time, ColumnType.TIMESTAMP)]
    query = sql.select(expressions, sql.name(ENRICHED))
    return sql.insert(pipeline.row_table.name, [*columns, tables.WRITE_TIMESTAMP], query)


def _totals_table(pipeline: Pipeline, aggregate: Aggregate, settings: Settings) -> str:
    table = pipeline.aggregate_tables[aggregate.table]
    return tables.output_table(table, table.columns, settings, tables.TOTALS_BUFFER_TIME)


def _insert_totals(pipeline: Pipeline, aggregate: Aggregate) -> str:
    """Totals are dated by the start of their grain plus the number of their events.

    So a later total of a group is newer than an earlier one, in whatever order they arrive, and the last one has the
    same date in every run.
    """
    dimensions = group_columns(aggregate)
    groups = [_dimension(dimension) for dimension in dimensions]
    measures = [_measure(pipeline, aggregate.table, name, spec) for name, spec in aggregate.measures.items()]
    version = f"{_microseconds(aggregate.grain, pipeline.columns[aggregate.grain].type)} + COUNT(*)"
    columns = [*(dimension.output for dimension in dimensions), *aggregate.measures, tables.WRITE_TIMESTAMP]
    query = sql.select([*groups, *measures, version], sql.name(tables.PLACEHOLDER), f"GROUP BY {', '.join(groups)}")
    return sql.insert(aggregate.table, columns, query)


def _dimension(dimension: Dimension) -> str:
    column = sql.name(dimension.column)
    return column if dimension.when_null is None else f"COALESCE({column}, {sql.text(dimension.when_null)})"


def _measure(pipeline: Pipeline, table: str, name: str, measure: Measure) -> str:
    """The measure in the type of its column; sums are taken in that type, so that they do not overflow."""
    kind = pipeline.measure_type(measure).flink_sql
    argument = "*" if measure.column is None else sql.name(measure.column)
    if measure.function == "sum":
        argument = f"CAST({argument} AS {kind})"
    expression = f"{measure.function.upper()}({argument})"
    if measure.where is None:
        return expression
    return f"{expression} FILTER (WHERE {_condition(pipeline, f'aggregates.{table}.measures.{name}', measure.where)})"


def _condition(pipeline: Pipeline, field: str, condition: Condition) -> str:
    column = sql.name(condition.column)
    if condition.is_null is not None:
        return f"{column} IS {'' if condition.is_null else 'NOT '}NULL"
    tests = {"=": condition.equals, ">": condition.greater_than, "<": condition.less_than}
    operator, value = next((operator, value) for operator, value in tests.items() if value is not None)
    kind = pipeline.columns[condition.column].type
    if type(value) not in _LITERAL_TYPES.get(kind, ()):
        problem = f"{field}.where: {condition.column!r} is {kind}, which {value!r} is not; compare it with a {kind}"
        raise ConfigError(str(pipeline.folder / PIPELINE_FILE), [problem])
    return f"{column} {operator} {_literal(value)}"


def _literal(value: str | float | bool) -> str:
    if isinstance(value, str):
        return sql.text(value)
    return str(value).upper() if isinstance(value, bool) else repr(value)


def _microseconds(column: str, kind: ColumnType) -> str:
    """Microseconds since 1970 of a timestamp or date, exactly: EPOCH counts whole seconds, towards zero."""
    seconds = f"EXTRACT(EPOCH FROM {sql.name(column)}) * {MICROSECONDS_PER_SECOND}"
    if kind is ColumnType.DATE:
        return seconds
    return f"{seconds} + EXTRACT(MICROSECOND FROM {sql.name(column)})"


def _insert_dead_letters() -> str:
    """Header values are UTF-8 text; `weir.timestamp` is the record's own, in milliseconds since 1970."""
    timestamp = sql.name(tables.TIMESTAMP)
    values = {
        "weir.topic": sql.name(tables.TOPIC),
        "weir.partition": sql.name(tables.PARTITION),
        "weir.offset": sql.name(tables.OFFSET),
        "weir.timestamp": f"EXTRACT(EPOCH FROM {timestamp}) * 1000 + EXTRACT(MILLISECOND FROM {timestamp})",
        "weir.reason": sql.name(tables.DECODE_ERROR),
    }
    entries = ", ".join(f"{sql.text(key)}, CAST(CAST({value} AS STRING) AS BYTES)" for key, value in values.items())
    columns = [tables.KEY, tables.RAW_VALUE]
    query = sql.select(
        [*map(sql.name, columns), f"MAP[{entries}]"],
        sql.name(tables.EVENTS),
        f"WHERE {sql.name(tables.DECODE_ERROR)} IS NOT NULL",
    )
    return sql.insert(tables.DEAD_LETTERS, [*columns, tables.HEADERS], query)
