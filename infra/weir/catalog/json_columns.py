"""The columns of a JSON source: the document that the decoders of both engines get, and how it may change. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from weir.catalog.avro import Column, EventSchema
from weir.catalog.compatibility import NEW_READS_OLD, Finding
from weir.catalog.json_path import Step, path_text
from weir.catalog.resolution import Mismatch
from weir.catalog.spec_source import JsonColumn, SourceFormat
from weir.catalog.types import ColumnType

COLUMNS_PLACE = "source.columns"
NEW_TOPIC = "use a new topic"
_LONG = (ColumnType.TEXT, ColumnType.BLOB)


def json_schema(columns: Mapping[str, JsonColumn]) -> EventSchema:
    """The columns as an event's schema, whose text is the document of `columns_document`."""
    return schema_of(columns_document(columns))


def schema_of(document: Sequence[Mapping[str, Any]]) -> EventSchema:
    """The same of a document that there is already."""
    text = json.dumps(document, separators=(",", ":"))
    return EventSchema(
        text, tuple(Column(entry["name"], ColumnType(entry["type"]), entry["nullable"]) for entry in document)
    )


def columns_document(columns: Mapping[str, JsonColumn]) -> list[dict[str, Any]]:
    """As `io.weir.json` reads it: an entry for each column, in their order, its path as a list of steps."""
    return [
        {
            "name": name,
            "type": column.type.value,
            "path": list(column.steps(name)),
            "nullable": not column.required,
            "encoding": column.read_as.value,
        }
        for name, column in columns.items()
    ]


def earlier_columns(text: str) -> EventSchema | None:
    """The schema whose text is a document of columns; None where the text is something else, such as an Avro schema."""
    try:
        return schema_of(json.loads(text))
    except (ValueError, TypeError, KeyError):
        return None


def path_problems(columns: Mapping[str, JsonColumn]) -> Iterator[str]:
    """Columns of which one can never have a value, and texts that are read twice."""
    paths = {name: column.steps(name) for name, column in columns.items()}
    kinds: dict[tuple[Step, ...], tuple[str, type]] = {}
    for name, path in paths.items():
        for length in range(1, len(path)):
            above, step = path[:length], path[length]
            owner, kind = kinds.setdefault(above, (name, type(step)))
            if not isinstance(step, kind):
                yield (
                    f"{COLUMNS_PLACE}.{name}.path: takes {path_text(above)} for {_kind(type(step))}, but {owner} takes "
                    f"it for {_kind(kind)}; correct one of them"
                )
    for name, path in paths.items():
        if path in kinds:
            owner = kinds[path][0]
            yield (
                f"{COLUMNS_PLACE}.{name}.path: {path_text(path)} is {_kind(kinds[path][1])}, in which {owner} is read, "
                "and no value of a column; add the name of a member or correct it"
            )
    yield from _read_twice(columns, paths)


def _read_twice(columns: Mapping[str, JsonColumn], paths: Mapping[str, tuple[Step, ...]]) -> Iterator[str]:
    """All limits of size count on a row to be no larger than its event (`weir.catalog.sizes`)."""
    long: dict[tuple[Step, ...], str] = {}
    for name, column in columns.items():
        owner = long.setdefault(paths[name], name) if column.type in _LONG else name
        if owner != name:
            yield (
                f"{COLUMNS_PLACE}.{name}.path: {path_text(paths[name])} is stored by {owner} already, and a row with a "
                "long text twice may be larger than any service takes; read it once"
            )


def _kind(step: type) -> str:
    return "an array" if step is int else "an object"


def changed_reading(new: EventSchema, old: EventSchema, origin: str) -> list[Finding]:
    """Columns of JSON that would take events already in the topic for something else, or for dead letters.

    A column that is not required may get another path. A changed type is `changed_columns`'s to find.
    """
    before = {entry["name"]: entry for entry in json.loads(old.text)}
    return [
        Finding(origin, NEW_READS_OLD, mismatch)
        for entry in json.loads(new.text)
        for mismatch in _mismatches(entry, before.get(entry["name"], {"nullable": True}))
    ]


def changed_format(new: SourceFormat, old: SourceFormat, origin: str) -> list[Finding]:
    """A topic holds events of one format: the decoder of another would make dead letters of all that are there."""
    if new is old:
        return []
    return [Finding(origin, NEW_READS_OLD, Mismatch("source.format", f"it is {old} and would be {new}", NEW_TOPIC))]


def _mismatches(new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[Mismatch]:
    field = f"{COLUMNS_PLACE}.{new['name']}"
    if old["nullable"] and not new["nullable"]:
        yield Mismatch(
            field, "it would be required, but earlier events may lack it", f"leave `required` out, or {NEW_TOPIC}"
        )
    elif not new["nullable"] and old["path"] != new["path"]:
        # A column that is not required becomes null where the new path has nothing; this one makes dead letters, or
        # an id or a key of another value.
        yield Mismatch(
            field,
            f"it is required, and is read from {path_text(old['path'])} and would be from {path_text(new['path'])}",
            f"keep the path, or {NEW_TOPIC}",
        )
    if "type" not in old or old["type"] != new["type"]:
        return
    if old["encoding"] != new["encoding"]:
        yield Mismatch(
            field,
            f"its encoding is {old['encoding']} and would be {new['encoding']}",
            "keep it, and add a column with another name",
        )
