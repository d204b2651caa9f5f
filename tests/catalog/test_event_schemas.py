"""Avro files that a registry or a decoder would refuse, or read in another way than meant, are refused first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from weir.catalog.avro import earlier_schema, event_schema
from weir.catalog.types import ColumnType
from weir.config.errors import ConfigError

pytestmark = pytest.mark.unit

ID = {"name": "id", "type": "string"}
COUNTRY = {"type": "enum", "name": "Country", "symbols": ["de", "fr"]}


def record(*fields: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "record", "name": "Event", "namespace": "shop.v1", "fields": [ID, *fields], **changes}


def field(kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": "x", "type": kind, **more}


REFUSED: list[tuple[Any, str]] = [
    ([], "type: not a record; an event schema must be an Avro `record`"),
    ({"type": ["null", "string"]}, "type: not a record; an event schema must be an Avro `record`"),
    ({"type": {"type": "string"}}, "type: not a record; an event schema must be an Avro `record`"),
    ({"type": "record", "fields": [ID]}, "name: missing, not a string; every record needs a name"),
    (record(name="Bad-Name"), 'name: "Bad-Name" is not a valid Avro name; use letters'),
    (record(namespace="shop-1"), 'namespace: "shop-1" is not a valid Avro namespace; use letters'),
    (record(namespace=None), "namespace: null is not a valid Avro namespace"),
    (record(aliases="Old"), 'aliases: "Old" is not a list; write a list'),
    (record(fields={}), "fields: not a list of fields"),
    (record("x"), 'fields.1: "x" is not a field; write {"name": ..., "type": ...}'),
    (record({"type": "int"}), "fields.1.name: missing, not a string; name the field"),
    (record({"name": "x"}), "fields.x.type: missing; add it"),
    (record(ID), "fields.id: two fields have this name; rename one of them"),
    (record(field("int", aliases=["id"])), "fields.x.aliases: 'id' is also a name of field 'id'; remove one of them"),
    (record(field("int", order="up")), 'fields.x.order: "up" is not one of ascending, descending, ignore'),
    (record(field("int", default="five")), 'fields.x.default: "five" is not a valid int; correct or remove it'),
    (record(field("int", default=2**31)), "fields.x.default: 2147483648 is not a valid int"),
    (record(field("int", default=True)), "fields.x.default: true is not a valid int"),
    (record(field("float", default=1e39)), "fields.x.default: 1e+39 is not a valid float"),
    (record(field("bytes", default="€")), "fields.x.default:"),
    (
        record(field(["null", "int"], default=5)),
        "fields.x.default: 5 is not a valid null; a union's default must be of its first type",
    ),
    (record(field(COUNTRY, default="pt")), 'fields.x.default: "pt" is not a valid enum'),
    (record(field({**COUNTRY, "default": "pt"})), 'fields.x.default: "pt" is not one of the enum\'s symbols'),
    (
        record(field({**COUNTRY, "symbols": ["de", "f r"]})),
        'fields.x.symbols: "f r" is not a valid symbol; use letters',
    ),
    (record(field({**COUNTRY, "symbols": ["de", "de"]})), "fields.x.symbols: 'de' is listed twice; remove one"),
    (record(field({**COUNTRY, "symbols": []})), "fields.x.symbols: not a list of symbols"),
    (record(field({**COUNTRY, "name": "Event"})), "fields.x.name: 'shop.v1.Event' is already the name of another type"),
    (
        record(field({"type": "enum", "symbols": ["de"]})),
        "fields.x.name: missing, not a string; every enum needs a name",
    ),
    (record(field({"type": {"type": "string"}})), "fields.x: Avro type"),
    (record(field({"type": ["null", "string"]})), "fields.x: Avro type"),
    (record(field(["null"])), "fields.x: Avro type"),
    (record(field(["null", "null", "int"])), "fields.x: Avro type"),
    (record(field("Country")), 'fields.x: Avro type "Country" cannot be stored in a table column'),
    (record(field({"type": "long", "logicalType": ["a"]})), "fields.x: Avro type"),
    (record(field({"type": "long", "logicalType": "timestamp-micros"})), "fields.x: Avro type"),
    (record(field(None)), "fields.x: Avro type null cannot be stored in a table column"),
]


@pytest.mark.parametrize(("schema", "told"), REFUSED, ids=[told[:60] for _, told in REFUSED])
def test_a_schema_that_avro_does_not_take_is_refused_in_one_line(schema: Any, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        event_schema(json.dumps(schema), "event.avsc")
    (problem,) = caught.value.problems
    assert problem.startswith(told)
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"type": "record", "type": "enum"}', "key 'type' appears twice in one object"),
        ('{"type": "record", "x": NaN}', "NaN is not a JSON value"),
        ('{"type": "record", "x": 1e999}', "not valid JSON"),
        (r'{"type": "record", "doc": "\ud800"}', "not valid JSON"),
    ],
)
def test_a_text_that_is_no_json_is_refused_in_one_line(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        event_schema(text, "event.avsc")
    (problem,) = caught.value.problems
    assert told in problem


def test_an_enum_is_used_again_by_its_name() -> None:
    names = ["Country", "shop.v1.Country", ["null", "Country"]]
    again = [{"name": f"x{number}", "type": name} for number, name in enumerate(names)]
    columns = event_schema(json.dumps(record(field(COUNTRY), *again)), "event.avsc").columns
    assert [(column.type, column.nullable) for column in columns[1:]] == [
        (ColumnType.TEXT, False),
        (ColumnType.TEXT, False),
        (ColumnType.TEXT, False),
        (ColumnType.TEXT, True),
    ]


def test_an_earlier_version_may_be_one_that_would_be_refused_now() -> None:
    wrong = record(field(["null", "int"], default=5), {"name": "y", "type": {"type": "array", "items": "int"}})
    assert [column.name for column in earlier_schema(json.dumps(wrong)).columns] == ["id", "x"]


def test_defaults_of_their_type_are_taken() -> None:
    defaults = [
        ("boolean", False),
        ("int", -(2**31)),
        ("long", 2**63 - 1),
        ("float", 1),
        ("double", 1e300),
        ("bytes", "ÿ"),
        ("string", ""),
        (["null", "int"], None),
        (["int", "null"], 5),
        (COUNTRY, "fr"),
        ("Country", "de"),
    ]
    fields = [{"name": f"x{i}", "type": kind, "default": value} for i, (kind, value) in enumerate(defaults)]
    assert len(event_schema(json.dumps(record(*fields)), "event.avsc").columns) == 1 + len(defaults)
