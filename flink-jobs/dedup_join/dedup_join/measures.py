"""Measures of totals in Flink SQL. What Flink itself leaves open is settled here: NaN, and sums beyond 64 bits.

Floats are in one order, as in DuckDB and Cassandra: NaN is above all numbers and equal to itself. Flink compares as
Java does, for which NaN is neither above nor below anything, so that its MAX depends on the order of the events. That
-0.0 is 0.0, and that all NaNs are one, is the decoders' matter.
"""

from __future__ import annotations

from dedup_join import sql
from weir.catalog.conditions import comparison
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Condition, Measure
from weir.catalog.types import ColumnType

_FLOATS = (ColumnType.FLOAT, ColumnType.DOUBLE)
_OPERATORS = {"equals": "=", "greater_than": ">", "less_than": "<"}

# Flink's widest number: 10^19 events of the greatest long fill it, which no group will ever have.
_WIDE = "DECIMAL(38, 0)"
_LEAST_LONG, _GREATEST_LONG = -(2**63), 2**63 - 1


def measure_expression(pipeline: Pipeline, measure: Measure) -> str:
    """The measure in the type of its column."""
    where = [_condition(pipeline, measure.where)] if measure.where else []
    if measure.column is None:
        return _filtered("COUNT(*)", where)
    column, kind = sql.name(measure.column), pipeline.columns[measure.column].type
    if measure.function == "sum":
        return _sum(column, kind, where)
    aggregate = f"{measure.function.upper()}({column})"
    if kind not in _FLOATS or measure.function == "count":
        return _filtered(aggregate, where)
    numbers, nans = (_filtered(aggregate, [*where, test]) for test in (_is_number(column), _is_nan(column)))
    # Flink's MIN or MAX of NaNs alone is NaN, and of nothing null.
    return f"COALESCE({nans}, {numbers})" if measure.function == "max" else f"COALESCE({numbers}, {nans})"


def _sum(column: str, kind: ColumnType, where: list[str]) -> str:
    """A sum that cannot leave its type: it takes 2^32 events of the greatest INT in one group to fill a BIGINT.

    Sums of BIGINT are taken wide, and only what is shown is brought within 64 bits: so it does not depend on the order
    of the events, and a sum that comes back within them is exact.
    """
    if kind is not ColumnType.BIGINT:
        return _filtered(f"SUM(CAST({column} AS BIGINT))", where)
    total = _filtered(f"SUM(CAST({column} AS {_WIDE}))", where)
    return (
        f"CAST(CASE WHEN {total} > {_GREATEST_LONG} THEN {_GREATEST_LONG} "
        f"WHEN {total} < {_LEAST_LONG} THEN {_LEAST_LONG} ELSE {total} END AS BIGINT)"
    )


def _filtered(aggregate: str, conditions: list[str]) -> str:
    return f"{aggregate} FILTER (WHERE {' AND '.join(conditions)})" if conditions else aggregate


def _is_number(column: str) -> str:
    return f"ABS({column}) = ABS(-{column})"


def _is_nan(column: str) -> str:
    """True of NaN alone, which differs from everything. Flink's optimizer takes `x <> x` to be false."""
    return f"ABS({column}) <> ABS(-{column})"


def _condition(pipeline: Pipeline, condition: Condition) -> str:
    column = sql.name(condition.column)
    if condition.is_null is not None:
        return f"{column} IS {'' if condition.is_null else 'NOT '}NULL"
    kind = pipeline.columns[condition.column].type
    test, value = comparison(condition, kind)
    if kind not in _FLOATS:
        return f"{column} {_OPERATORS[test]} {_literal(value)}"
    compared = f"CAST({column} AS DOUBLE) {_OPERATORS[test]} {_double(float(value))}"
    return f"({compared} OR {_is_nan(column)})" if test == "greater_than" else compared


def _literal(value: str | float | bool) -> str:
    if isinstance(value, str):
        return sql.text(value)
    return str(value).upper() if isinstance(value, bool) else repr(value)


def _double(value: float) -> str:
    """A literal of type DOUBLE: one without an exponent would be a DECIMAL."""
    digits = repr(value).upper()
    return digits if "E" in digits else f"{digits}E0"
