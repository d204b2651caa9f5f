"""The forms of names and values in a pipeline file that pydantic alone takes too widely, or refuses in many lines."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

_LEAST, _GREATEST = -(2**63), 2**63 - 1

OWN_TOPIC_LENGTH = 200
_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_OWN_TOPIC = rf"{_LABEL}(\.{_LABEL})*"
TopicName = Annotated[
    str,
    Field(
        pattern=f"^{_OWN_TOPIC}$",
        max_length=OWN_TOPIC_LENGTH,
        description="Lower-case letters, digits, dots and dashes; no part between dots may start or end with a dash.",
    ),
]


def _kafkas(name: str) -> str:
    if name in (".", ".."):
        raise ValueError(f"{name!r} is no name of a topic; correct it")
    return name


SourceTopicName = Annotated[
    str,
    Field(
        pattern="^[a-zA-Z0-9._-]+$",
        max_length=249,
        description="Of a topic that weir makes: lower-case letters, digits, dots and dashes, at most 200; no part "
        "between dots may start or end with a dash. Of another team's: any name that Kafka takes.",
    ),
    AfterValidator(_kafkas),
]
"""As Kafka's `Topic.validate` takes them."""
TableName = Annotated[
    str,
    Field(
        pattern="^[a-z]([a-z0-9_]{0,46}[a-z0-9])?$",
        description="Lower-case letters, digits and underscores, at most 48, not ending with an underscore; also the "
        "name of its topic.",
    ),
]
PipelineName = Annotated[
    str,
    Field(
        pattern="^[a-z]([a-z0-9_]{0,42}[a-z0-9])?$",
        description="The folder's name, and the name of the keyspace. Lower-case letters, digits and underscores, at "
        "most 44 (Kubernetes limits the names made from it), not ending with an underscore.",
    ),
]


def is_own_topic(name: str) -> bool:
    """Whether it has the form of `TopicName`."""
    return len(name) <= OWN_TOPIC_LENGTH and re.fullmatch(_OWN_TOPIC, name) is not None


def distinct(names: list[str]) -> list[str]:
    """Names without repetition.

    Raises:
        ValueError: one is listed twice.
    """
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name!r} is listed twice; list it once")
    return names


def without_nul(text: str) -> str:
    """A text that can stand in a statement of any engine.

    Raises:
        ValueError: it holds the character NUL.
    """
    if "\0" in text:
        raise ValueError("contains a NUL character; remove it")
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
    raise ValueError("not comparable with a column; write a text, a 64-bit integer, true or false")


def bound(value: Any, _: Any) -> int | float | None:
    """What a column may be above or below.

    Raises:
        ValueError: no integer of 64 bits and no finite number.
    """
    if value is None or (type(value) is int and _LEAST <= value <= _GREATEST):
        return value
    if type(value) is float and math.isfinite(value):
        return value
    raise ValueError("not comparable with a column; write a finite number or a 64-bit integer")
