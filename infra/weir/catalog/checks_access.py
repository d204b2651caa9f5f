"""Rules of access that would limit nothing, or something else than they say. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from weir.catalog.spec import PipelineSpec
from weir.catalog.types import ColumnType


def access_problems(spec: PipelineSpec, types: Mapping[str, ColumnType]) -> Iterator[str]:
    """Every problem of the rules, each as one line; `types` are the columns of the pipeline's rows."""
    seen: set[str] = set()
    for index, rule in enumerate(spec.access):
        field, column = f"access.{index}.column", rule.column
        if column in seen:
            yield f"{field}: {column!r} has a rule already; keep one of them"
        elif column not in types:
            yield f"{field}: the pipeline's rows have no column {column!r}; they have {', '.join(types)}"
        elif types[column] is not ColumnType.TEXT:
            yield (
                f"{field}: {column!r} is {types[column]}, but the values of a claim are text; choose a column of type "
                f"{ColumnType.TEXT}"
            )
        else:
            yield from _namesakes(spec, field, column)
        seen.add(column)


def _namesakes(spec: PipelineSpec, field: str, column: str) -> Iterator[str]:
    """Columns of totals that have the name and hold something else: the rule would compare the wrong values."""
    for aggregate in spec.aggregates:
        others = {dimension.output: f"dimension {dimension.column!r}" for dimension in aggregate.dimensions}
        others = {name: made for name, made in others.items() if made != f"dimension {name!r}"}
        others |= dict.fromkeys(aggregate.measures, "a measure")
        if column in others:
            yield (
                f"{field}: the column {column!r} of {aggregate.table} is {others[column]}, so the rule would compare "
                "something else; rename it there"
            )
