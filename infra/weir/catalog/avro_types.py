"""Avro schemas parsed into a tree, with names resolved. Pure.

Reference: Apache Avro 1.12 specification, "Schema Declaration", "Names" and "Aliases".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
LOGICAL_TYPES = {
    "int": frozenset({"date", "time-millis"}),
    "long": frozenset(
        {"time-micros"}
        | {f"{zone}timestamp-{unit}" for zone in ("", "local-") for unit in ("millis", "micros", "nanos")}
    ),
    "bytes": frozenset({"decimal", "big-decimal"}),
    "string": frozenset({"uuid"}),
    "fixed": frozenset({"decimal", "uuid", "duration"}),
}
"""The logical types of each type. The specification: "language implementations must ignore unknown logical types"."""


class SchemaError(ValueError):
    """A text that is no Avro schema; the message says where and why."""


@dataclass(eq=False)
class Node:
    """A type. `kind` is a primitive's name, record, enum, fixed, array, map or union; only what it has is set.

    A recursive type contains itself, so nodes are compared by identity.
    """

    kind: str
    name: str = ""
    """The full name of a record, enum or fixed."""
    aliases: frozenset[str] = frozenset()
    fields: tuple[AvroField, ...] = ()
    symbols: tuple[str, ...] = ()
    default: str | None = None
    """An enum's symbol for those that it does not know."""
    size: int = 0
    items: Node | None = None
    """Of an array or a map."""
    branches: tuple[Node, ...] = ()
    logical: Mapping[str, Any] = field(default_factory=dict)
    """A logical type, a decimal's with its precision and scale; empty without one."""

    @property
    def short_name(self) -> str:
        """The name without its namespace, which is what schema resolution compares."""
        return self.name.rpartition(".")[2]

    @property
    def branch_list(self) -> tuple[Node, ...]:
        """The branches of a union; of anything else itself."""
        return self.branches if self.kind == "union" else (self,)

    def __str__(self) -> str:
        if self.kind == "union":
            return f"[{', '.join(str(branch) for branch in self.branches)}]"
        if self.kind in {"array", "map"}:
            return f"{self.kind} of {self.items}"
        shown = f"{self.kind} {self.short_name}" if self.name else self.kind
        details = ", ".join(str(value) for value in self.logical.values())
        return f"{shown} ({details})" if details else shown


@dataclass(frozen=True, eq=False)
class AvroField:
    """A field of a record."""

    name: str
    type: Node
    has_default: bool
    aliases: frozenset[str]
    default: Any = None
    """As JSON holds it: bytes as text of Latin 1."""


def parse_avro(text: str) -> Node:
    """The type that `text` declares.

    Raises:
        SchemaError: it is no JSON, or no Avro schema.
    """
    try:
        return _Parser().node(json.loads(text), "", "the schema")
    except json.JSONDecodeError as error:
        raise SchemaError(f"not valid JSON: {error}") from None
    except (TypeError, AttributeError, RecursionError) as error:
        # A number for a name, a text for a list: `avro_rules` says it better of a schema that people can correct.
        raise SchemaError(f"not a valid Avro schema: {error}") from None


class _Parser:
    """One schema's names."""

    def __init__(self) -> None:
        self._named: dict[str, Node] = {}

    def node(self, declared: Any, namespace: str, where: str) -> Node:
        if isinstance(declared, list):
            return self._union(declared, namespace, where)
        if isinstance(declared, str):
            return self._reference(declared, namespace, where)
        if not isinstance(declared, dict) or "type" not in declared:
            raise SchemaError(f"{where}: {json.dumps(declared)} is not an Avro type; write a name, an object or a list")
        kind = declared["type"]
        match kind:
            case "record" | "error" | "enum" | "fixed":
                return self._definition(declared, kind, namespace, where)
            case "array" | "map":
                key = "items" if kind == "array" else "values"
                if key not in declared:
                    raise SchemaError(f"{where}: this {kind} has no {key!r}; add it")
                return Node(kind, items=self.node(declared[key], namespace, f"{where}.{key}"))
            case _:
                node = self.node(kind, namespace, where)
                return Node(kind, logical=_logical(declared, kind)) if kind in PRIMITIVES else node

    def _reference(self, name: str, namespace: str, where: str) -> Node:
        if name in PRIMITIVES:
            return Node(name)
        found = self._named.get(_full(name, namespace)) or self._named.get(name)
        if found is None:
            raise SchemaError(f"{where}: {name!r} is neither an Avro type nor a name defined earlier; correct the name")
        return found

    def _union(self, declared: list[Any], namespace: str, where: str) -> Node:
        branches = tuple(self.node(branch, namespace, where) for branch in declared)
        names = [branch.name or branch.kind for branch in branches]
        if len(set(names)) != len(names) or "union" in names:
            raise SchemaError(
                f"{where}: a union may not repeat a type or contain a union; this one has {', '.join(names)}"
            )
        return Node("union", branches=branches)

    def _definition(self, declared: dict[str, Any], kind: str, namespace: str, where: str) -> Node:
        if "name" not in declared:
            raise SchemaError(f"{where}: this {kind} has no name; add one")
        name = _full(declared["name"], declared.get("namespace", namespace))
        inner = name.rpartition(".")[0]
        if name in self._named:
            raise SchemaError(f"{where}: {name!r} is defined twice; rename one of them")
        node = Node(
            "record" if kind == "error" else kind,
            name=name,
            aliases=frozenset(_full(alias, inner) for alias in declared.get("aliases", [])),
            symbols=tuple(declared.get("symbols", ())),
            default=declared.get("default") if kind == "enum" else None,
            size=declared.get("size", 0),
            logical=_logical(declared, kind),
        )
        # Known before its fields are read: they may name it.
        self._named[name] = node
        if node.kind == "record":
            node.fields = tuple(self._field(entry, inner, where) for entry in declared.get("fields", []))
        return node

    def _field(self, entry: dict[str, Any], namespace: str, where: str) -> AvroField:
        if "name" not in entry or "type" not in entry:
            raise SchemaError(f"{where}: the field {json.dumps(entry)} has no name or no type; add what is missing")
        node = self.node(entry["type"], namespace, f"{where}.{entry['name']}")
        aliases = frozenset(entry.get("aliases", []))
        return AvroField(entry["name"], node, "default" in entry, aliases, entry.get("default"))


def _full(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _logical(declared: Mapping[str, Any], kind: str) -> dict[str, Any]:
    name = declared.get("logicalType")
    if not isinstance(name, str) or name not in LOGICAL_TYPES.get(kind, ()):
        return {}
    if name != "decimal":
        return {"logicalType": name}
    return {"logicalType": name, "precision": declared.get("precision"), "scale": declared.get("scale", 0)}
