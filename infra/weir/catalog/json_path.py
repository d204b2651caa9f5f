"""Where a value stands in a JSON document: member names with dots and `[n]`, as in `lines[0].sku`. Pure.

These are the name and index steps of JSONPath (RFC 9535, sections 2.3.1 and 2.3.3) without the `$` that stands for the
document. A name may also begin with a digit or hold a dash; any other stands in quotes, as JSON writes a string.
"""

from __future__ import annotations

import json
import re

Step = str | int
"""A member of an object, or an element of an array, counted from 0."""

GREATEST_INDEX = 1_000
"""A replay writes the array up to the element that is read."""
_NAME = re.compile(r"[\w-]+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_INDEX = re.compile(r"\[(0|[1-9][0-9]*)\]")
_EXAMPLE = "write member names with dots and [n], such as customer.id or lines[0].sku"


def parse_path(text: str) -> tuple[Step, ...]:
    """The steps of a path, the first of which is a member: an event is an object.

    Raises:
        ValueError: says where the text is no path, and what to write.
    """
    if text.startswith("$"):
        raise ValueError("begins with $, but a path here has no `$`; write it without `$.`, or the name in quotes")
    steps: list[Step] = []
    position = 0
    while position < len(text) or not steps:
        step, position = _step(text, position, first=not steps)
        steps.append(step)
    return tuple(steps)


def path_text(steps: tuple[Step, ...]) -> str:
    """The path that `parse_path` reads as `steps`."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{_name_text(step)}" for step in steps]
    return "".join(parts).removeprefix(".")


def _name_text(name: str) -> str:
    return name if _NAME.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _step(text: str, position: int, *, first: bool) -> tuple[Step, int]:
    """The step that begins at `position`, and where it ends."""
    if text.startswith("[", position):
        if first:
            raise ValueError("begins with an index, but an event is an object; begin with the name of a member")
        return _index(text, position)
    if not first:
        if not text.startswith(".", position):
            raise ValueError(f"has {text[position:]!r} after {text[:position]!r}; {_EXAMPLE}")
        position += 1
    if text.startswith('"', position):
        return _quoted(text, position)
    found = _NAME.match(text, position)
    if found is None:
        rest = repr(text[position:]) if position < len(text) else "nothing"
        raise ValueError(f"has {rest} where a member's name is expected; {_EXAMPLE}, and any other name in quotes")
    return found.group(), found.end()


def _index(text: str, position: int) -> tuple[int, int]:
    found = _INDEX.match(text, position)
    if found is None:
        raise ValueError(f"has {text[position:]!r}, which is not an index; write the element's number, such as [0]")
    if int(found.group(1)) > GREATEST_INDEX:
        raise ValueError(f"has {found.group()}, but an index is at most {GREATEST_INDEX:,}; read an element before it")
    return int(found.group(1)), found.end()


def _quoted(text: str, position: int) -> tuple[str, int]:
    found = _QUOTED.match(text, position)
    name = _unquoted(found.group()) if found else None
    if found is None or name is None:
        raise ValueError(f'has {text[position:]!r}, which is not a name in quotes; write one as in JSON: "total.net"')
    return name, found.end()


def _unquoted(text: str) -> str | None:
    """The text that JSON writes so; None where it is none, or has half a surrogate pair."""
    try:
        name = json.loads(text)
        name.encode()
    except ValueError:
        return None
    return name
