"""The forms of names and values in a pipeline file that pydantic alone takes too widely, or refuses in many lines."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import Field

_LEAST, _GREATEST = -(2**63), 2**63 - 1

_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
TopicName = Annotated[
    str,
    Field(
        pattern=rf"^{_LABEL}(\.{_LABEL})*$",
        max_length=200,
        description="Lower-case letters, digits, dots and dashes; no part between dots begins or ends with a dash.",
    ),
]
TableName = Annotated[
    str,
    Field(
        pattern="^[a-z]([a-z0-9_]{0,46}[a-z0-9])?$",
        description="Lower-case letters, digits and underscores, at most 48, the last no underscore: "
        "the name of its topic, too.",
    ),
]
PipelineName = Annotated[
    str,
    Field(
        pattern="^[a-z]([a-z0-9_]{0,42}[a-z0-9])?$",
        description="The folder's name; also the keyspace's. Lower-case letters, digits and underscores, at most 44, "
        "the last no underscore: Kubernetes takes no longer name of what is made for it.",
    ),
]


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
