"""Columns for JSON objects that were seen: paths, names and types in which every value fits. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from weir.catalog.json_path import Step, path_text
from weir.catalog.spec_source import ENCODINGS, Encoding
from weir.catalog.types import ColumnType
from weir.clients.events.json_reader import Repeating, parse_object
from weir.clients.events.json_values import CONVERSIONS, BadValueError, Number
from weir.clients.events.letter_codes import UnreadableError
from weir.clients.letters.shown import printable
from weir.config.errors import WeirError

DEEPEST = 8
"""Steps of a path that is proposed."""
MOST_PATHS = 500
USUAL_SHARE = 0.95
"""Of records or values: what differs from them is damage rather than a meaning of its own."""
LONGEST_NAME = 48
TIME_WORDS = frozenset({"at", "date", "day", "time", "timestamp", "ts", "when", "created", "updated", "occurred"})
"""A number is proposed as a time only under such a name."""
EPOCH_UNITS = {Encoding.EPOCH_SECONDS: 1, Encoding.EPOCH_MILLIS: 10**3, Encoding.EPOCH_MICROS: 10**6}
FIRST_SECOND, LAST_SECOND = 631_152_000, 4_102_444_800
"""1990 and 2100: a number outside, in a unit, is no time in this unit."""

TEXT = (ColumnType.TEXT, Encoding.PLAIN)
DOUBLE = (ColumnType.DOUBLE, Encoding.PLAIN)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")


@dataclass(frozen=True)
class SeenColumn:
    """A proposed column, with its value in every record, None where there is none."""

    name: str
    type: ColumnType
    values: Sequence[Any]
    nullable: bool
    """Whether a record may lack it, as far as one knows."""
    path: str = ""
    encoding: Encoding | None = None
    """None: the type's default."""
    nearly: str = ""
    """Of a text, which other type nearly all values have."""

    @property
    def present(self) -> int:
        """Records with a value."""
        return sum(value is not None for value in self.values)


@dataclass
class _Found:
    values: dict[int, Any] = field(default_factory=dict)
    """Record -> a scalar."""
    nested: int = 0
    """Records with an object or an array here."""


@dataclass(frozen=True)
class Shape:
    """The columns of records, and paths without one, each with the reason."""

    columns: list[SeenColumn]
    left_out: dict[str, str]


def event_of(value: bytes) -> dict[str, Any] | None:
    """The object that a record is; None where it would be a dead letter, whichever columns `shape_of` finds in it."""
    try:
        event, rest = parse_object(value)
        # Half a surrogate pair is no text, and a member that stands twice cannot be read.
        json.dumps(event, ensure_ascii=False).encode()
    except (UnreadableError, UnicodeEncodeError):
        return None
    repeating = isinstance(event, Repeating) or any(isinstance(value, Repeating) for _, value in scalars(event))
    return None if rest or repeating else event


def shape_of(records: Sequence[Mapping[str, Any]]) -> Shape:
    """Columns for these objects, in the order in which their members were first seen.

    Raises:
        WeirError: they have so many different paths that names must be data.
    """
    found: dict[tuple[Step, ...], _Found] = {}
    for position, record in enumerate(records):
        for path, value in scalars(record):
            at = found.setdefault(path, _Found())
            if len(found) > MOST_PATHS:
                raise WeirError(f"more than {MOST_PATHS} different paths are too many for columns; {_widest(found)}")
            if isinstance(value, dict | list):
                at.nested += 1
            elif value is not None:
                at.values[position] = value
    columns: list[SeenColumn] = []
    left_out: dict[str, str] = {}
    for path, at in found.items():
        text = path_text(path)
        if at.nested and at.values:
            left_out[text] = "an object or array in some records, a single value in others"
        elif not at.values:
            if not at.nested:
                left_out[text] = "never has a value"
        else:
            values = [at.values.get(position) for position in range(len(records))]
            try:
                column = _column(_unique(path, columns), path, values)
            except ValueError:
                left_out[text] = "no column holds values like it"
            else:
                columns.append(column)
    inside = {text for text, why in left_out.items() if why.startswith("an object")}
    return Shape([column for column in columns if not _below(column, inside)], left_out)


def _widest(found: Mapping[tuple[Step, ...], _Found]) -> str:
    """Where most members are: their names are data there, as in an object by customer."""
    parents = Counter(path[:-1] for path in found)
    parent, members = parents.most_common(1)[0]
    where = printable(path_text(parent)) if parent else "the events themselves"
    return f"look at {where}, with at least {members:,} different names: a name that is data has no column"


def _below(column: SeenColumn, mixed: set[str]) -> bool:
    """Whether a column lies in what is sometimes no object: a record with a single value there would be refused."""
    return any((column.path or column.name).startswith((f"{text}.", f"{text}[")) for text in mixed)


def scalars(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Any]]:
    """What stands where: of an array the first element; objects and arrays besides what is in them."""
    if path:
        yield path, value
    if len(path) >= DEEPEST:
        return
    if isinstance(value, dict):
        for name, member in value.items():
            yield from scalars(member, (*path, name))
    elif isinstance(value, list) and value:
        yield from scalars(value[0], (*path, 0))


def _column(name: str, path: tuple[Step, ...], values: list[Any]) -> SeenColumn:
    present = [value for value in values if value is not None]
    kind, encoding = _type_of(words(name), present)
    convert = CONVERSIONS[kind, encoding]
    return SeenColumn(
        name,
        kind,
        [None if value is None else convert(value) for value in values],
        nullable=None in values,
        path="" if path == (name,) else path_text(path),
        encoding=None if encoding == ENCODINGS[kind][0] else encoding,
        nearly=_nearly(words(name), present) if kind is ColumnType.TEXT else "",
    )


def _nearly(name: set[str], values: Sequence[Any]) -> str:
    """The type that all but a few of the values have, with the number of those that have it."""
    kinds = Counter[tuple[ColumnType, Encoding]]()
    for value in values:
        kind = _type_of(name, [value])
        kinds[kind] += 1
        if kinds[TEXT] > (1 - USUAL_SHARE) * len(values):
            return ""
    if kinds[DOUBLE]:
        kinds[DOUBLE] += kinds[ColumnType.BIGINT, Encoding.PLAIN]
    del kinds[TEXT]
    (kind, encoding), count = kinds.most_common(1)[0]
    told = kind.value if encoding == ENCODINGS[kind][0] else f"{kind.value} with encoding {encoding.value}"
    return f"{count:,} of {len(values):,} values fit {told}" if count >= USUAL_SHARE * len(values) else ""


def words(name: str) -> set[str]:
    """The words of a column's name."""
    return set(name.split("_"))


def _type_of(name: set[str], values: Sequence[Any]) -> tuple[ColumnType, Encoding]:
    """The narrowest type in which every value fits; text takes them all."""
    if all(isinstance(value, Number) for value in values):
        if name & TIME_WORDS:
            for encoding in EPOCH_UNITS:
                if all(is_epoch(value, encoding) for value in values):
                    return ColumnType.TIMESTAMP, encoding
        whole = all(_INTEGER.fullmatch(value) for value in values)
        numbers = [ColumnType.BIGINT, ColumnType.DOUBLE] if whole else [ColumnType.DOUBLE]
        return _first_that_fits([(kind, Encoding.PLAIN) for kind in numbers], values)
    if all(isinstance(value, bool) for value in values):
        return ColumnType.BOOLEAN, Encoding.PLAIN
    if any(isinstance(value, Number | bool) for value in values):
        return TEXT
    times = [(ColumnType.TIMESTAMP, Encoding.ISO_8601), (ColumnType.DATE, Encoding.ISO_8601)]
    return _first_that_fits(times, values)


def is_epoch(value: Number, encoding: Encoding) -> bool:
    """Whether a number is a time of our days in this unit."""
    unit = EPOCH_UNITS[encoding]
    return FIRST_SECOND * unit <= float(value) <= LAST_SECOND * unit


def _first_that_fits(
    candidates: Sequence[tuple[ColumnType, Encoding]], values: Sequence[Any]
) -> tuple[ColumnType, Encoding]:
    for candidate in candidates:
        try:
            for value in values:
                CONVERSIONS[candidate](value)
        except BadValueError:
            continue
        return candidate
    return TEXT


def _unique(path: tuple[Step, ...], columns: Sequence[SeenColumn]) -> str:
    taken = {column.name for column in columns}
    name = column_name(path)
    number = 2
    while name in taken:
        name = f"{column_name(path)[: LONGEST_NAME - 4]}_{number}"
        number += 1
    return name


def column_name(path: Sequence[Step]) -> str:
    """A column's name for a path: `customer.vatId` is `customer_vat_id`."""
    parts = [str(step) for step in path]
    text = "_".join(re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", part) for part in parts)
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return (plain if plain[:1].isalpha() else f"c_{plain}".rstrip("_"))[:LONGEST_NAME].rstrip("_")
