"""Pairs of schemas and what the Avro specification says of them: may the new one read the old one's data, and back?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Pair:
    """`backward`: data of `old` can be read with `new`; `forward`: data of `new` with `old`."""

    name: str
    old: Any
    new: Any
    backward: bool
    forward: bool
    field: str = "fields.x"
    """Where a refusal must point to."""
    remedy: str = ""
    """A part of the remedy that a backward refusal must name."""

    @property
    def texts(self) -> tuple[str, str]:
        """The schemas as JSON, old and new."""
        return json.dumps(self.old), json.dumps(self.new)


def record(*fields: Any, name: str = "R", **more: Any) -> dict[str, Any]:
    """A record of field `id` and of `fields`."""
    return {"type": "record", "name": name, "fields": [{"name": "id", "type": "int"}, *fields], **more}


def x(kind: Any, **more: Any) -> dict[str, Any]:
    """The field that changes."""
    return {"name": "x", "type": kind, **more}


def of(old: Any, new: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two records whose field x has another type."""
    return record(x(old)), record(x(new))


def enum(*symbols: str, name: str = "E", **more: Any) -> dict[str, Any]:
    """An enum."""
    return {"type": "enum", "name": name, "symbols": list(symbols), **more}


def fixed(size: int, name: str = "F", **more: Any) -> dict[str, Any]:
    """A fixed."""
    return {"type": "fixed", "name": name, "size": size, **more}


def array(items: Any) -> dict[str, Any]:
    """An array."""
    return {"type": "array", "items": items}


def map_of(values: Any) -> dict[str, Any]:
    """A map."""
    return {"type": "map", "values": values}


INNER = record({"name": "y", "type": "int"}, name="Inner")
INNER_WIDE = record({"name": "y", "type": "int"}, {"name": "z", "type": "int"}, name="Inner")
INNER_DEFAULTED = record({"name": "y", "type": "int"}, {"name": "z", "type": "int", "default": 0}, name="Inner")
LIST = record(x(["null", "R"], default=None))
LIST_WIDE = record(x(["null", "R"], default=None), {"name": "y", "type": "int"})

PAIRS = [
    Pair("the same", *of("int", "int"), True, True),
    Pair("a field added with a default", record(), record(x("int", default=0)), True, True),
    Pair("a nullable field added", record(), record(x(["null", "int"], default=None)), True, True),
    Pair("a field added without a default", record(), record(x("int")), False, True, remedy="give it a default"),
    Pair("a nullable field added without a default", record(), record(x(["null", "int"])), False, True),
    Pair("a field removed", record(x("int")), record(), True, False),
    Pair("a field with a default removed", record(x("int", default=1)), record(), True, True),
    Pair("fields in another order", record(x("int"), {"name": "y", "type": "string"}),
         record({"name": "y", "type": "string"}, x("int")), True, True),
    Pair("int to long", *of("int", "long"), True, False),
    Pair("int to float", *of("int", "float"), True, False),
    Pair("int to double", *of("int", "double"), True, False),
    Pair("long to int", *of("long", "int"), False, True, remedy="double, float, long"),
    Pair("long to double", *of("long", "double"), True, False),
    Pair("float to double", *of("float", "double"), True, False),
    Pair("double to float", *of("double", "float"), False, True, remedy="double"),
    Pair("string to bytes", *of("string", "bytes"), True, True),
    Pair("int to string", *of("int", "string"), False, False, remedy="add a field with another name"),
    Pair("boolean to int", *of("boolean", "int"), False, False, remedy="boolean"),
    Pair("a type made nullable", *of("int", ["null", "int"]), True, False),
    Pair("a nullable type made required", *of(["null", "int"], "int"), False, True, remedy="union with null"),
    Pair("a branch added", *of(["null", "int"], ["null", "int", "string"]), True, False),
    Pair("a branch removed", *of(["null", "int", "string"], ["null", "int"]), False, True, remedy="string"),
    Pair("branches in another order", *of(["null", "int"], ["int", "null"]), True, True),
    Pair("a branch promoted", *of(["null", "int"], ["null", "long"]), True, False),
    Pair("a union narrowed to a promotion", *of(["int", "long"], "double"), True, False),
    Pair("a symbol added", *of(enum("A", "B"), enum("A", "B", "C")), True, False),
    Pair("a symbol removed", *of(enum("A", "B"), enum("A")), False, True, remedy="give the enum a default"),
    Pair("a symbol removed, with a default", *of(enum("A", "B"), enum("A", default="A")), True, True),
    Pair("an enum renamed", *of(enum("A"), enum("A", name="G")), False, False, remedy="alias"),
    Pair("an enum in another namespace", *of(enum("A", namespace="a"), enum("A", namespace="b")), True, True),
    Pair("a nullable enum in another namespace, a symbol added",
         *of(["null", enum("A", namespace="a")], ["null", enum("B", "A", namespace="b")]), True, False),
    Pair("a nullable enum renamed", *of(["null", enum("A")], ["null", enum("A", name="G")]), False, False,
         remedy="add the alias 'E'"),
    Pair("another record", record(), record(name="S"), False, False, field="", remedy="add the alias 'R'"),
    Pair("a record renamed, with an alias", record(), record(name="S", aliases=["R"]), True, False),
    Pair("a record in another namespace, a field renamed with an alias", record(x("int"), namespace="a"),
         record({"name": "y", "type": ["null", "int"], "default": None, "aliases": ["x"]}, namespace="b"), True, False),
    Pair("a fixed of another size", *of(fixed(4), fixed(8)), False, False, remedy="keep the size"),
    Pair("a fixed renamed", *of(fixed(4), fixed(4, name="G")), False, False, remedy="alias"),
    Pair("items promoted", *of(array("int"), array("long")), True, False, field="fields.x[]"),
    Pair("items of another type", *of(array("int"), array("string")), False, False, field="fields.x[]"),
    Pair("values promoted", *of(map_of("float"), map_of("double")), True, False, field="fields.x[]"),
    Pair("an array made a map", *of(array("int"), map_of("int")), False, False),
    Pair("an inner field added without a default", *of(INNER, INNER_WIDE), False, True, field="fields.x.z"),
    Pair("an inner field added with a default", *of(INNER, INNER_DEFAULTED), True, True, field="fields.x.z"),
    Pair("a field renamed", record(x("int")), record({"name": "y", "type": "int"}), False, False, field=""),
    Pair("a field renamed with an alias", record(x("int")), record({"name": "y", "type": "int", "aliases": ["x"]}),
         True, False),
    Pair("a recursive type, a field added without a default", LIST, LIST_WIDE, False, True, field="fields.y"),
    Pair("a recursive type, the same", LIST, LIST, True, True),
]  # fmt: skip

SHORT_ALIAS = Pair("a record of another namespace renamed, with an alias that has none", record(namespace="a"),
                   record(name="S", namespace="b", aliases=["R"]), False, False, field="",
                   remedy="add the alias 'a.R'")  # fmt: skip
"""Readable, but a registry refuses it."""
