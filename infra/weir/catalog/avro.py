"""Avro record schemas read into columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weir.catalog.avro_rules import LOGICAL, PRIMITIVES, faults
from weir.catalog.avro_types import AvroField, Node, parse_avro
from weir.catalog.types import ColumnType
from weir.config.errors import ConfigError


@dataclass(frozen=True)
class Column:
    """A named, typed value; `nullable` says whether it may be absent."""

    name: str
    type: ColumnType
    nullable: bool


@dataclass(frozen=True)
class EventSchema:
    """The columns of an event, in the schema's order.

    `text` is what the engines' decoders are given: of Avro a record's canonical JSON, of JSON the document of columns.
    """

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
        raise ConfigError(
            str(path), ["source.schema_file: the file does not exist; create it, or correct its name"]
        ) from None
    except OSError as error:
        raise ConfigError(
            str(path), [f"source.schema_file: cannot be read: {error.strerror}; check the name and its permissions"]
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [f"not UTF-8: {error}; save it as UTF-8"]) from None


def event_schema(text: str, source: str) -> EventSchema:
    """The flat Avro record that `text` declares; `source` is where it comes from, for messages.

    Raises:
        ConfigError: not JSON, not a record as Avro has them, or a field of a type that no table column carries.
    """
    try:
        schema = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        canonical = json.dumps(schema, separators=(",", ":"), allow_nan=False)
        # Half a surrogate pair is not valid text, although Python accepts it.
        json.dumps(schema, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ConfigError(source, [f"not valid JSON: {error}; correct the syntax"]) from None
    if problems := faults(schema):
        raise ConfigError(source, problems)
    return EventSchema(canonical, _columns(canonical))


def earlier_schema(text: str) -> EventSchema:
    """A version that can no longer be corrected: fields without a column are left out.

    Raises:
        SchemaError: it is no Avro schema.
    """
    return EventSchema(text, _columns(text))


def _columns(text: str) -> tuple[Column, ...]:
    columns = (_column(field) for field in parse_avro(text).fields)
    return tuple(column for column in columns if column is not None)


def _column(field: AvroField) -> Column | None:
    branches = field.type.branch_list
    kinds = [branch for branch in branches if branch.kind != "null"]
    column_type = _column_type(kinds[0]) if len(kinds) == 1 else None
    return None if column_type is None else Column(field.name, column_type, nullable=len(branches) > 1)


def _column_type(kind: Node) -> ColumnType | None:
    if kind.kind == "enum":
        return ColumnType.TEXT
    logical = kind.logical.get("logicalType")
    return PRIMITIVES.get(kind.kind) if logical is None else LOGICAL.get((kind.kind, logical))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys differ: with two values under one key, the intended one would be a guess."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, _ in pairs if [other for other, _ in pairs].count(key) > 1)
        raise ValueError(f"key {twice!r} appears twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")
