"""What the condition of a measure compares, the same for every engine."""

from __future__ import annotations

import math
from collections.abc import Iterator

from weir.catalog.spec import Condition
from weir.catalog.types import ColumnType

Value = str | int | float | bool

_VALUES: dict[ColumnType, tuple[type, ...]] = {
    ColumnType.TEXT: (str,),
    ColumnType.BOOLEAN: (bool,),
    ColumnType.INT: (int, float),
    ColumnType.BIGINT: (int, float),
    ColumnType.FLOAT: (int, float),
    ColumnType.DOUBLE: (int, float),
}
"""Type of a column -> Python's types of what it may be compared with; what is not here is compared with nothing."""
_ORDERED = frozenset(_VALUES) - {ColumnType.TEXT, ColumnType.BOOLEAN}
_LEAST, _GREATEST = -(2**63), 2**63 - 1


def condition_problems(field: str, condition: Condition, kind: ColumnType) -> Iterator[str]:
    """What no engine can compare, or what can never hold, of a condition on a column of type `kind`."""
    if condition.is_null is not None:
        return
    test, value = _given(condition)
    column = f"{condition.column!r}"
    if kind not in _VALUES:
        yield f"{field}.{test}: {column} is {kind}, which cannot be compared; use is_null, or another column"
    elif type(value) not in _VALUES[kind]:
        yield f"{field}.{test}: {column} is {kind}, but {value!r} is not; use a {kind} value"
    elif kind.is_integer and not (isinstance(value, int | float) and _LEAST <= value <= _GREATEST):
        yield f"{field}.{test}: {value!r} does not fit in 64 bits, so {column} can never hold it; correct the value"


def comparison(condition: Condition, kind: ColumnType) -> tuple[str, Value]:
    """The test (`equals`, `greater_than` or `less_than`) and the value that a column of type `kind` is compared with.

    A column of integers is compared with an integer, so that no engine rounds a large one to compare it with a
    fraction: above 5.5 means above 5, and below 5.5 means below 6. Floats of both widths are compared as doubles.
    """
    test, value = _given(condition)
    if kind.is_integer and isinstance(value, float):
        return test, math.floor(value) if test == "greater_than" else math.ceil(value)
    return test, value


def _given(condition: Condition) -> tuple[str, Value]:
    tests = {name: getattr(condition, name) for name in ("equals", "greater_than", "less_than")}
    return next((name, value) for name, value in tests.items() if value is not None)
