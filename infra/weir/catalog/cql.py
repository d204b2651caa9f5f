"""How CQL is written: names and texts in quotes. Pure.

Names are always quoted. What CQL reserves (`order`, `from`, `token`, `limit`) grows from version to version, and a
name in lower case means the same with quotes as without.
"""

from __future__ import annotations

from collections.abc import Iterable


def name(identifier: str) -> str:
    """A keyspace, table, column or role."""
    return '"' + identifier.replace('"', '""') + '"'


def names(identifiers: Iterable[str]) -> str:
    """Names, separated by commas."""
    return ", ".join(name(identifier) for identifier in identifiers)


def path(qualified: str) -> str:
    """A name with its keyspace: of `flights.planes`, both parts quoted."""
    return ".".join(name(part) for part in qualified.split("."))


def text(value: str) -> str:
    """A string."""
    return "'" + value.replace("'", "''") + "'"


def equal(identifiers: Iterable[str], separator: str = " AND ") -> str:
    """Each name set equal to a parameter of a prepared statement."""
    return separator.join(f"{name(identifier)} = ?" for identifier in identifiers)
