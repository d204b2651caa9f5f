"""Avro record schemas read into columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weir.catalog.types import ColumnType
from weir.config.errors import ConfigError

_PRIMITIVES = {
    "string": ColumnType.TEXT,
    "int": ColumnType.INT,
    "long": ColumnType.BIGINT,
    "float": ColumnType.FLOAT,
    "double": ColumnType.DOUBLE,
    "boolean": ColumnType.BOOLEAN,
    "bytes": ColumnType.BLOB,
}
_LOGICAL = {
    ("long", "timestamp-millis"): ColumnType.TIMESTAMP,
    ("int", "date"): ColumnType.DATE,
    ("string", "uuid"): ColumnType.TEXT,
}


@dataclass(frozen=True)
class Column:
    """A named, typed value; `nullable` says whether it may be absent."""

    name: str
    type: ColumnType
    nullable: bool


@dataclass(frozen=True)
class EventSchema:
    """An Avro record: its canonical JSON `text` and its columns, in the schema's order."""

    text: str
    columns: tuple[Column, ...]


def load_event_schema(path: Path) -> EventSchema:
    """The flat Avro record in `path`.

    Raises:
        ConfigError: not a file, not JSON, not a record, or a field of a type that no table column carries.
    """
    try:
        return event_schema(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise ConfigError(str(path), ["the file does not exist; create it, or correct source.schema_file"]) from None


def event_schema(text: str, source: str) -> EventSchema:
    """The flat Avro record that `text` declares; `source` is where it comes from, for messages.

    Raises:
        ConfigError: not JSON, not a record, or a field of a type that no table column carries.
    """
    try:
        schema = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(source, [f"not valid JSON: {error}; correct the syntax"]) from None
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise ConfigError(source, ["type: an event schema is an Avro `record`; write one"])
    problems: list[str] = []
    columns = tuple(_column(field, problems) for field in schema.get("fields", []))
    if problems:
        raise ConfigError(source, problems)
    return EventSchema(json.dumps(schema, separators=(",", ":")), columns)


def _column(field: dict[str, Any], problems: list[str]) -> Column:
    kind = field["type"]
    branches = kind if isinstance(kind, list) else [kind]
    concrete = [branch for branch in branches if branch != "null"]
    column_type = _column_type(concrete[0]) if len(concrete) == 1 else None
    if column_type is None:
        problems.append(
            f"fields.{field['name']}: Avro type {json.dumps(kind)} has no table column; use a primitive type, an "
            "enum, a timestamp-millis or a date, each alone or in a union with null"
        )
        column_type = ColumnType.TEXT
    return Column(field["name"], column_type, nullable=len(concrete) < len(branches))


def _column_type(kind: Any) -> ColumnType | None:
    if isinstance(kind, str):
        return _PRIMITIVES.get(kind)
    if kind.get("type") == "enum":
        return ColumnType.TEXT
    logical = kind.get("logicalType")
    if logical is None:
        return _PRIMITIVES.get(kind.get("type"))
    return _LOGICAL.get((kind.get("type"), logical))
