"""Values of a pipeline file that pydantic's own rules would take too widely, or refuse in more than one line."""

from __future__ import annotations

import math
from typing import Any

_LEAST, _GREATEST = -(2**63), 2**63 - 1


def distinct(names: list[str]) -> list[str]:
    """Names without repetition.

    Raises:
        ValueError: one stands twice.
    """
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name!r} stands twice; name it once")
    return names


def without_nul(text: str) -> str:
    """A text that can stand in a statement of any engine.

    Raises:
        ValueError: it holds the character NUL.
    """
    if "\0" in text:
        raise ValueError("it holds the character NUL, which ends a statement; remove it")
    return text


def compared(value: Any, _: Any) -> str | int | bool | None:
    """What a column may be equal to.

    Raises:
        ValueError: no text, no integer of 64 bits and no truth value.
    """
    if isinstance(value, str):
        return without_nul(value)
    if value is None or isinstance(value, bool) or (type(value) is int and _LEAST <= value <= _GREATEST):
        return value
    raise ValueError("a column is equal to a text, an integer of 64 bits, true or false; write one of these")


def bound(value: Any, _: Any) -> int | float | None:
    """What a column may be above or below.

    Raises:
        ValueError: no integer of 64 bits and no finite number.
    """
    if value is None or (type(value) is int and _LEAST <= value <= _GREATEST):
        return value
    if type(value) is float and math.isfinite(value):
        return value
    raise ValueError("a column is above or below a finite number, an integer of 64 bits at most; write one")
