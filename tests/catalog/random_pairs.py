"""Random readers' and writers' schemas."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from weir.catalog.avro_types import SchemaError, parse_avro

NAMES = ("E", "G", "Old")
NAMESPACES = ("", "a", "b")
LOGICAL = (
    ("int", "date"),
    ("long", "timestamp-millis"),
    ("long", "timestamp-micros"),
    ("long", "local-timestamp-millis"),
    ("string", "timestamp-millis"),
)
"""The last one is none: text has no unit."""
READ_BY = {"long": "int", "float": "long", "double": "float", "string": "bytes", "bytes": "string"}
SCALARS = ("boolean", "int", "long", "float", "double", "string", "bytes")
MAX_DEPTH = 2


@dataclass(frozen=True)
class RandomPair:
    """A reader's schema and a writer's, as JSON text."""

    reader: str
    writer: str
    one_type_a_field: bool
    """Whether the reader has no union but of null and one type, and does not contain itself: a table's can."""


def random_pair(seed: int) -> RandomPair:
    """The same pair for the same seed; both are Avro schemas."""
    while True:
        maker = _Maker(random.Random(seed))
        reader = maker.root()
        pair = RandomPair(json.dumps(reader), json.dumps(maker.written(reader)), one_type_a_field=not maker.free)
        try:
            parse_avro(pair.reader)
            parse_avro(pair.writer)
        except SchemaError:
            # A name that is defined twice, or a union with one type twice.
            seed += 1_000_003
            continue
        return pair


def random_writer(reader: str, seed: int) -> str:
    """What a producer may write for a reader of this schema, more or less compatible; both are JSON text."""
    while True:
        written = json.dumps(_Maker(random.Random(seed)).written(json.loads(reader)))
        try:
            parse_avro(written)
        except SchemaError:
            seed += 1_000_003
            continue
        return written


class _Maker:
    """One pair of schemas."""

    def __init__(self, source: random.Random) -> None:
        self._random = source
        self._fields = 0
        self._root = ""
        self._written_root = ""
        self.free = self._chance(0.25)
        """Whether the reader may be any schema."""

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def root(self) -> dict[str, Any]:
        """A record, perhaps one that contains itself."""
        reader = self._record(0)
        if self.free and self._chance(0.3):
            self._root = _full(reader)
            reader["fields"].append({"name": "next", "type": ["null", self._root], "default": None})
        return reader

    def _named(self, kind: str) -> dict[str, Any]:
        pick = self._random.choice
        named: dict[str, Any] = {"type": kind, "name": pick(NAMES), "namespace": pick(NAMESPACES)}
        if self._chance(0.4):
            named["aliases"] = [pick(("Old", "a.Old", "b.Old", "G", "a.G"))]
        return named

    def _record(self, depth: int) -> dict[str, Any]:
        fields = [self._field(depth) for _ in range(self._random.randint(1, 4))]
        return {**self._named("record"), "fields": fields}

    def _field(self, depth: int) -> dict[str, Any]:
        self._fields += 1
        kind = self._type(depth)
        field: dict[str, Any] = {"name": f"f{self._fields}", "type": kind}
        if self._chance(0.5) and (default := _default(kind)) is not _NONE:
            field["default"] = default
        if self._chance(0.4):
            field["aliases"] = [f"f{self._random.randint(1, self._fields + 2)}", "old"]
        return field

    def _type(self, depth: int) -> Any:
        present = self._present(depth)
        if self.free and self._chance(0.3):
            return [present, *(self._present(MAX_DEPTH) for _ in range(self._random.randint(1, 2)))]
        return self._random.choice((present, present, ["null", present], [present, "null"]))

    def _present(self, depth: int) -> Any:
        makers = (self._scalar, self._scalar, self._logical, self._enum, self._fixed)
        nested = (self._nested, self._nested) if depth < MAX_DEPTH else ()
        return self._random.choice((*makers, *nested))(depth)

    def _scalar(self, _: int) -> str:
        return self._random.choice(SCALARS)

    def _logical(self, _: int) -> dict[str, Any]:
        kind, logical = self._random.choice(LOGICAL)
        return {"type": kind, "logicalType": logical}

    def _enum(self, _: int) -> dict[str, Any]:
        symbols = self._random.sample("ABCD", self._random.randint(1, 4))
        default = {"default": symbols[0]} if self._chance(0.3) else {}
        return {**self._named("enum"), "symbols": symbols, **default}

    def _fixed(self, _: int) -> dict[str, Any]:
        return {**self._named("fixed"), "size": self._random.choice((2, 4))}

    def _nested(self, depth: int) -> dict[str, Any]:
        match self._random.randrange(3):
            case 0:
                return self._record(depth + 1)
            case 1:
                return {"type": "array", "items": self._type(depth + 1)}
            case _:
                return {"type": "map", "values": self._type(depth + 1)}

    def written(self, reader: Any) -> Any:
        """What a producer with another version of the type may write, or with another type."""
        if isinstance(reader, list):
            if reader[-1] == self._root:
                # A type that always holds itself has no values.
                return ["null", self._written_root]
            branches = [self.written(branch) for branch in reader]
            self._random.shuffle(branches)
            if self._chance(0.15):
                branches.append(self._random.choice(SCALARS))
            return self._random.choice(branches) if self._chance(0.2) else branches
        if self._chance(0.03):
            return self._present(MAX_DEPTH)
        changed = self._changed(reader)
        return ["null", changed] if self._written_root and self._chance(0.05) else changed

    def _changed(self, reader: Any) -> Any:
        if isinstance(reader, str):
            return READ_BY[reader] if reader in READ_BY and self._chance(0.15) else reader
        changed = dict(reader)
        match reader["type"]:
            case "record":
                self._rename(changed)
                self._written_root = self._written_root or _full(changed)
                changed["fields"] = self._written_fields(reader["fields"])
            case "enum":
                self._rename(changed)
                changed["symbols"] = self._random.sample(
                    reader["symbols"], self._random.randint(1, len(reader["symbols"]))
                )
                changed["symbols"] += ["X"] if self._chance(0.15) else []
                changed.pop("default", None)
            case "fixed":
                self._rename(changed)
                changed["size"] = reader["size"] * (2 if self._chance(0.1) else 1)
            case "array" | "map" as kind:
                key = "items" if kind == "array" else "values"
                changed[key] = self.written(reader[key])
            case kind if self._chance(0.3):
                return self._random.choice((kind, {"type": kind, "logicalType": self._random.choice(LOGICAL)[1]}))
        return changed

    def _rename(self, named: dict[str, Any]) -> None:
        aliases = named.pop("aliases", [])
        if self._chance(0.3):
            named["namespace"] = self._random.choice(NAMESPACES)
        if aliases and self._chance(0.4):
            namespace, _, named["name"] = aliases[0].rpartition(".")
            named["namespace"] = namespace or named["namespace"]
        elif self._chance(0.06):
            named["name"] = self._random.choice(NAMES)

    def _written_fields(self, fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept: dict[str, Any] = {}
        for field in fields:
            name = field["name"]
            if self._chance(0.3 if "default" in field else 0.03):
                continue
            if "aliases" in field and self._chance(0.3):
                name = self._random.choice(field["aliases"])
            kept.setdefault(name, self.written(field["type"]))
        for _ in range(self._random.randint(0, 1)):
            kept.setdefault(f"w{self._random.randint(1, 9)}", self._random.choice(SCALARS))
        written = [{"name": name, "type": kind} for name, kind in kept.items()]
        self._random.shuffle(written)
        return written


def _full(named: dict[str, Any]) -> str:
    return ".".join(part for part in (named["namespace"], named["name"]) if part)


_NONE = object()


def _default(kind: Any) -> Any:
    """A default of a type, or of the first of a union; `_NONE` for what has no short one."""
    first = kind[0] if isinstance(kind, list) else kind
    if isinstance(first, dict) and first["type"] == "enum":
        return first["symbols"][-1]
    if isinstance(first, dict) and first["type"] == "fixed":
        return "\u00ff" * first["size"]
    declared = first["type"] if isinstance(first, dict) else first
    defaults = {
        "null": None,
        "boolean": True,
        "int": 7,
        "long": 86_400_000,
        "float": 1.5,
        "double": 2.25,
        "string": "dflt",
        "bytes": "\u0001\u00ff",
        "array": [],
        "map": {},
    }
    return defaults.get(declared, _NONE)
