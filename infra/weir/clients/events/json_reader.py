"""One JSON event read into columns; apart from the decoders of the engines.

Reference: RFC 8259 (JSON), RFC 3629 (UTF-8), RFC 3339 (times with an offset), RFC 4648 section 4 (base64). Whatever a
column cannot hold exactly is refused, but for digits beyond a float's or a millisecond's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from weir.catalog.json_path import Step
from weir.clients.events.json_values import CONVERSIONS, BadValueError, Number, shown
from weir.clients.events.letter_codes import LetterCode, UnreadableError

MAX_DEPTH = 500
"""Objects and arrays in each other; the event itself is the first."""
WHITESPACE = " \t\n\r"


class Repeating(dict[str, Any]):
    """An object that has `repeated` members more than once, with the last value of each."""

    repeated: frozenset[str]
    pairs: Sequence[tuple[str, Any]]
    """All of its members."""


def read_json(columns: Sequence[Mapping[str, Any]], value: bytes) -> dict[str, Any]:
    """The event in `value`: timestamps as datetimes in UTC, dates as dates; times beyond the calendar are `FarTime`s.

    `columns` is the document of `weir.catalog.json_columns.columns_document`.

    Raises:
        UnreadableError: there is none.
    """
    event, rest = parse_object(value)
    for column in columns:
        _require_single(event, column["path"])
    if rest:
        raise UnreadableError(LetterCode.TRAILING_BYTES, f"{len(rest)} more characters after the object")
    return {column["name"]: _cell(event, column) for column in columns}


def _malformed(reason: str) -> UnreadableError:
    return UnreadableError(LetterCode.MALFORMED_JSON, reason)


def parse_object(value: bytes) -> tuple[dict[str, Any], str]:
    """The object that the text begins with, numbers as they are written, and what stands behind it besides blanks.

    Raises:
        UnreadableError: it begins with none. Members that stand twice make the object a `Repeating`.
    """
    try:
        text = value.decode("utf-8").lstrip(WHITESPACE)
        event, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(str(error)) from None
    if not isinstance(event, dict):
        raise _malformed(f"an event is an object, not {shown(event)}")
    # Python's own limit is another one, and higher. Few texts have so many brackets.
    if text.count("{") + text.count("[") > MAX_DEPTH and depth_of(event) > MAX_DEPTH:
        raise _malformed(f"objects and arrays are nested more than {MAX_DEPTH} deep")
    return event, text[end:].strip(WHITESPACE)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeating = Repeating(members)
    repeating.repeated = frozenset(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    repeating.pairs = pairs
    return repeating


# The literals of numbers stay as they are written.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=Number, parse_float=Number, parse_constant=_no_constant
)


def depth_of(event: dict[str, Any]) -> int:
    """How many objects and arrays lie in each other, the event itself included."""
    depth, level = 0, list[dict[str, Any] | list[Any]]([event])
    while level:
        depth += 1
        level = [item for part in level for item in _inside(part) if isinstance(item, dict | list)]
    return depth


def _inside(part: dict[str, Any] | list[Any]) -> Iterable[Any]:
    """The values in an object or array, those of repeated members among them."""
    if isinstance(part, Repeating):
        return [value for _, value in part.pairs]
    return part.values() if isinstance(part, dict) else part


def _require_single(at: Any, path: Sequence[Step]) -> None:
    """Refuses an object on the path that has the next member twice: the intended value would be a guess."""
    for step in path:
        if step in _repeated(at):
            raise _malformed(f"an object has the member {shown(step)} more than once")
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            return


def _repeated(at: Any) -> frozenset[str]:
    return at.repeated if isinstance(at, Repeating) else frozenset()


def _cell(event: dict[str, Any], column: Mapping[str, Any]) -> Any:
    try:
        found = _at(event, column["path"])
        value = None if found is None else CONVERSIONS[column["type"], column["encoding"]](found)
    except BadValueError as error:
        raise UnreadableError(LetterCode.BAD_VALUE, f"field {column['name']}: {error}") from None
    if value is None and not column["nullable"]:
        raise UnreadableError(
            LetterCode.MISSING_VALUE, f"field {column['name']}: there is no value, and it is required"
        )
    return value


def _at(event: dict[str, Any], path: Sequence[Step]) -> Any:
    """What stands at the path; None where something on it is missing or null."""
    at: Any = event
    for step in path:
        if at is None:
            return None
        if isinstance(step, str):
            if not isinstance(at, dict):
                raise BadValueError(f"{shown(at)} is not an object with the member {shown(step)}")
            at = at.get(step)
        else:
            if not isinstance(at, list):
                raise BadValueError(f"{shown(at)} is not an array with an element {step}")
            at = at[step] if step < len(at) else None
    return at
