"""An event's Avro schema held against the Avro specification, so that no registry or decoder is the first to refuse it.

Reference: Apache Avro 1.12 specification. An event is a flat record: its fields are primitive types, enums, timestamps
and dates, each alone or in a union with null. Pure; every finding is one line for a person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from weir.catalog.avro_defaults import fits
from weir.catalog.types import ColumnType

PRIMITIVES = {
    "string": ColumnType.TEXT,
    "int": ColumnType.INT,
    "long": ColumnType.BIGINT,
    "float": ColumnType.FLOAT,
    "double": ColumnType.DOUBLE,
    "boolean": ColumnType.BOOLEAN,
    "bytes": ColumnType.BLOB,
}
LOGICAL = {
    ("long", "timestamp-millis"): ColumnType.TIMESTAMP,
    ("int", "date"): ColumnType.DATE,
    ("string", "uuid"): ColumnType.TEXT,
}

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_FULL_NAME = re.compile(rf"{_NAME}(\.{_NAME})*")
_ORDERS = ("ascending", "descending", "ignore")
_NAME_RULE = "letters, digits and _ in parts separated by dots; no part may start with a digit"


def faults(schema: Any) -> list[str]:
    """Everything that is wrong with a schema as JSON holds it, each as `field: what is wrong; what to do`."""
    if not isinstance(schema, dict) or schema.get("type") != "record":
        return ["type: not a record; an event schema must be an Avro `record`"]
    return list(_Schema().record(schema))


class _Schema:
    """One schema's named types: full name -> symbols of an enum, nothing of the record itself."""

    def __init__(self) -> None:
        self._named: dict[str, tuple[str, ...]] = {}
        self._enums: set[str] = set()

    def record(self, schema: Mapping[str, Any]) -> Iterator[str]:
        yield from self._definition(schema, "", "", ())
        fields = schema.get("fields")
        if not isinstance(fields, list) or not fields:
            yield "fields: not a list of fields; declare at least one"
            return
        namespace = _full_name(schema, "").rpartition(".")[0]
        for position, field in enumerate(fields):
            yield from self._field(field, f"fields.{position}", namespace)
        yield from _ambiguous(fields)

    def _field(self, field: Any, position: str, namespace: str) -> Iterator[str]:
        if not isinstance(field, dict):
            yield f'{position}: {_shown(field)} is not a field; write {{"name": ..., "type": ...}}'
            return
        name = field.get("name")
        if not isinstance(name, str):
            yield f"{position}.name: {_missing_or(field, 'name')} not a string; name the field"
            return
        where = f"fields.{name}"
        if "type" not in field:
            yield f"{where}.type: missing; add it"
            return
        yield from _aliases(field, where)
        if field.get("order", _ORDERS[0]) not in _ORDERS:
            yield f"{where}.order: {_shown(field['order'])} is not one of {', '.join(_ORDERS)}; correct or remove it"
        wrong = list(self._type(field["type"], where, namespace))
        yield from wrong
        if not wrong and "default" in field:
            yield from self._default(field["default"], field["type"], where, namespace)

    def _type(self, declared: Any, where: str, namespace: str) -> Iterator[str]:
        branches = declared if isinstance(declared, list) else [declared]
        concrete = [branch for branch in branches if branch != "null"]
        if len(concrete) != 1 or len(branches) > len(concrete) + 1:
            yield _no_column(declared, where)
            return
        kind = concrete[0]
        if isinstance(kind, dict) and kind.get("type") == "enum":
            yield from self._enum(kind, where, namespace)
        elif not self._has_column(kind, namespace):
            yield _no_column(declared, where)

    def _has_column(self, kind: Any, namespace: str) -> bool:
        if isinstance(kind, str):
            return kind in PRIMITIVES or self._known(kind, namespace) in self._enums
        if not isinstance(kind, dict) or not isinstance(kind.get("type"), str):
            return False
        logical = kind.get("logicalType")
        if logical is None:
            return kind["type"] in PRIMITIVES
        return isinstance(logical, str) and (kind["type"], logical) in LOGICAL

    def _enum(self, kind: Mapping[str, Any], where: str, namespace: str) -> Iterator[str]:
        symbols = kind.get("symbols")
        if not isinstance(symbols, list) or not symbols:
            yield f"{where}.symbols: not a list of symbols; declare at least one"
            return
        for symbol in symbols:
            if not isinstance(symbol, str) or not re.fullmatch(_NAME, symbol):
                yield (
                    f"{where}.symbols: {_shown(symbol)} is not a valid symbol; use letters, digits and _, and do not "
                    "start with a digit"
                )
            elif symbols.count(symbol) > 1:
                yield f"{where}.symbols: {symbol!r} is listed twice; remove one"
                return
        if kind.get("default", symbols[0]) not in symbols:
            yield f"{where}.default: {_shown(kind['default'])} is not one of the enum's symbols; choose one of them"
        yield from self._definition(kind, f"{where}.", namespace, tuple(map(str, symbols)))
        self._enums.add(_full_name(kind, namespace))

    def _definition(
        self, declared: Mapping[str, Any], where: str, namespace: str, symbols: tuple[str, ...]
    ) -> Iterator[str]:
        kind, name = declared["type"], declared.get("name")
        if not isinstance(name, str):
            yield f"{where}name: {_missing_or(declared, 'name')} not a string; every {kind} needs a name"
            return
        given = declared.get("namespace", "")
        for field, text in (("name", name), ("namespace", given)):
            if not isinstance(text, str) or ((text or field == "name") and not _FULL_NAME.fullmatch(text)):
                yield f"{where}{field}: {_shown(text)} is not a valid Avro {field}; use {_NAME_RULE}"
                return
        yield from _aliases(declared, where.removesuffix("."))
        full = _full_name(declared, namespace)
        if full in self._named or full in {*PRIMITIVES, "null", "record", "enum", "fixed", "array", "map"}:
            yield f"{where}name: {full!r} is already the name of another type; choose another"
        self._named[full] = symbols

    def _default(self, value: Any, declared: Any, where: str, namespace: str) -> Iterator[str]:
        """Readers of Avro before 1.12 take the default of a union to be of its first type."""
        first = declared[0] if isinstance(declared, list) else declared
        if isinstance(first, dict):
            kind, name = first["type"], _full_name(first, namespace)
        else:
            kind, name = first, self._known(first, namespace)
        symbols = self._named.get(name, ())
        if not fits(value, kind, symbols):
            hint = "; a union's default must be of its first type" if isinstance(declared, list) else ""
            yield f"{where}.default: {_shown(value)} is not a valid {kind}{hint}; correct or remove it"

    def _known(self, name: str, namespace: str) -> str:
        full = name if "." in name or not namespace else f"{namespace}.{name}"
        return full if full in self._named else name


def _ambiguous(fields: list[Any]) -> Iterator[str]:
    """Fields and aliases that share a name: which field a reader should use would be a guess."""
    names = [field["name"] for field in fields if isinstance(field, dict) and isinstance(field.get("name"), str)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"fields.{name}: two fields have this name; rename one of them of them"
    taken = {name: name for name in names}
    for field in fields:
        aliases = field.get("aliases") if isinstance(field, dict) else None
        for alias in aliases if isinstance(aliases, list) else []:
            owner = taken.setdefault(str(alias), str(field.get("name")))
            if owner != field.get("name"):
                yield (
                    f"fields.{field.get('name')}.aliases: {alias!r} is also a name of field {owner!r}; remove one "
                    "of them"
                )


def _aliases(declared: Mapping[str, Any], where: str) -> Iterator[str]:
    aliases = declared.get("aliases", [])
    if not isinstance(aliases, list):
        yield f"{where}.aliases: {_shown(aliases)} is not a list; write a list of names".lstrip(".")
        return
    for alias in aliases:
        if not isinstance(alias, str) or not _FULL_NAME.fullmatch(alias):
            yield f"{where}.aliases: {_shown(alias)} is not a valid Avro name; use {_NAME_RULE}".lstrip(".")


def _full_name(declared: Mapping[str, Any], namespace: str) -> str:
    name, given = declared.get("name"), declared.get("namespace", namespace)
    if not isinstance(name, str) or not isinstance(given, str) or "." in name or not given:
        return str(name)
    return f"{given}.{name}"


def _no_column(declared: Any, where: str) -> str:
    return (
        f"{where}: Avro type {_shown(declared)} cannot be stored in a table column; use a primitive type, an enum, "
        "timestamp-millis or date, optionally in a union with null"
    )


def _missing_or(declared: Mapping[str, Any], key: str) -> str:
    return f"{_shown(declared[key])} is" if key in declared else "missing,"


def _shown(value: Any) -> str:
    """As JSON, on one line, cut where it is long."""
    text = json.dumps(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
