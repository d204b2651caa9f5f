"""How schemas may change, against the Avro specification and against fastavro's own resolution."""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro
import pytest
from fastavro.read import SchemaResolutionError
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.catalog.schema_pairs import PAIRS, SHORT_ALIAS, Pair, array, enum, fixed, map_of, of, record, x

from weir.catalog.avro import event_schema
from weir.catalog.avro_types import Node, SchemaError, parse_avro
from weir.catalog.compatibility import Rule, Version, changed_columns, judge
from weir.catalog.resolution import mismatches
from weir.clients.events.avro_reader import read_value
from weir.clients.events.letter_codes import UnreadableError

pytestmark = pytest.mark.unit

SAMPLES = {
    "null": None,
    "boolean": True,
    "int": 1,
    "long": 2**40,
    "float": 0.5,
    "double": 0.25,
    "bytes": b"a",
    "string": "text",
}
by_name = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)


def judged(pair: Pair, rule: Rule) -> list:
    old, new = pair.texts
    return judge(new, [Version("the old one", old)], rule)


@by_name
def test_the_verdict_is_the_specifications(pair: Pair) -> None:
    assert (judged(pair, Rule.BACKWARD) == []) is pair.backward
    assert (judged(pair, Rule.FORWARD) == []) is pair.forward
    assert (judged(pair, Rule.FULL) == []) is (pair.backward and pair.forward)
    assert judged(pair, Rule.NONE) == []


def test_an_alias_no_registry_sees_is_refused_and_the_right_one_named() -> None:
    old, new = SHORT_ALIAS.texts
    assert mismatches(parse_avro(new), parse_avro(old)) == []
    (finding,) = judged(SHORT_ALIAS, Rule.BACKWARD)
    assert "record a.R of the data is named b.S here; keep the name, or add the alias 'a.R'" in str(finding)


def test_an_alias_that_is_another_fields_name_is_refused_as_registries_do() -> None:
    old = json.dumps(record(x("int")))
    new = json.dumps(record(x("int"), {"name": "y", "type": ["null", "int"], "default": None, "aliases": ["x"]}))
    assert mismatches(parse_avro(new), parse_avro(old)) == []
    (finding,) = judge(new, [Version("the old one", old)], Rule.BACKWARD)
    assert str(finding).startswith(
        "fields.y: its name and aliases match several fields of the data (x); remove an alias"
    )


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if not pair.backward], ids=lambda pair: pair.name)
def test_a_refusal_names_the_field_and_the_remedy(pair: Pair) -> None:
    findings = judged(pair, Rule.BACKWARD)
    texts = [str(finding) for finding in findings]
    if pair.field:
        assert [finding.mismatch.field for finding in findings] == [pair.field]
    assert all("; " in text and "the old one" in text for text in texts)
    assert any(pair.remedy in finding.mismatch.remedy for finding in findings), texts


@by_name
def test_fastavro_reads_what_is_compatible_and_nothing_else(pair: Pair) -> None:
    old, new = pair.texts
    for reader, writer, readable in ((new, old, pair.backward), (old, new, pair.forward)):
        assert fastavro_reads(json.loads(reader), json.loads(writer), parse_avro(writer)) is readable
        assert proof_reads(json.loads(reader), json.loads(writer)) is readable


def fastavro_reads(reader: Any, writer: Any, node: Node) -> bool:
    """Whether fastavro reads every sample of `writer`, written with it, with `reader`."""
    for value in samples(node, depth=2):
        body = io.BytesIO()
        fastavro.schemaless_writer(body, writer, value)
        body.seek(0)
        try:
            fastavro.schemaless_reader(body, writer, reader)
        except (SchemaResolutionError, ValueError, IndexError, TypeError, EOFError):
            return False
    return True


def proof_reads(reader: Any, writer: Any) -> bool:
    """The same of the proof's own reader."""
    reading, written = parse_avro(json.dumps(reader)), parse_avro(json.dumps(writer))
    for value in samples(written, depth=2):
        body = io.BytesIO()
        fastavro.schemaless_writer(body, writer, value)
        try:
            read_value(reading, written, body.getvalue())
        except UnreadableError:
            return False
    return True


def samples(node: Node, depth: int) -> list[Any]:
    """Values that together use every branch, every symbol and every field."""
    found: list[Any]
    match node.kind:
        case "record":
            fields = {field.name: samples(field.type, depth - 1) for field in node.fields}
            count = max((len(values) for values in fields.values()), default=1)
            found = [{name: values[i % len(values)] for name, values in fields.items()} for i in range(count)]
        case "union":
            branches = [branch for branch in node.branches if depth or branch.kind != "record"]
            found = [value for branch in branches for value in samples(branch, depth)]
        case "enum":
            found = list(node.symbols)
        case "fixed":
            found = [bytes(node.size)]
        case "array" if node.items is not None:
            found = [samples(node.items, depth)]
        case "map" if node.items is not None:
            found = [{"k": value} for value in samples(node.items, depth)]
        case _:
            simple = {
                "null": None,
                "boolean": True,
                "int": 1,
                "long": 2**40,
                "float": 0.5,
                "double": 0.25,
                "bytes": b"a",
            }
            found = [simple.get(node.kind, "text")]
    return found


def test_a_transitive_rule_looks_at_every_version() -> None:
    versions = [Version("version 1", json.dumps(record(x("string")))), Version("version 2", json.dumps(record()))]
    new = json.dumps(record(x("int", default=0)))
    assert judge(new, versions, Rule.BACKWARD) == []
    (finding,) = judge(new, versions, Rule.BACKWARD_TRANSITIVE)
    assert "version 1" in str(finding)
    assert "it is string in the data and cannot be read as int" in str(finding)


def test_another_unit_of_time_is_refused_although_avro_would_read_it() -> None:
    old, new = of(
        {"type": "long", "logicalType": "timestamp-millis"}, {"type": "long", "logicalType": "timestamp-micros"}
    )
    (finding,) = mismatches(parse_avro(json.dumps(new)), parse_avro(json.dumps(old)))
    assert "the same number means timestamp-millis in the data and timestamp-micros here" in str(finding)


def test_a_change_that_avro_allows_and_the_table_does_not_is_found() -> None:
    old, new = of("int", "long")
    (finding,) = changed_columns(
        event_schema(json.dumps(new), "new"), event_schema(json.dumps(old), "old"), "version 1"
    )
    assert str(finding).startswith("fields.x: its column is int and would be bigint; keep the type")


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("{", "not valid JSON"),
        (record(x("strnig")), "x: 'strnig' is neither an Avro type"),
        (record(x(["int", "int"])), "a union may not repeat a type"),
        (record(x({"type": "array"})), "this array has no 'items'"),
        (record(x(enum("A")), {"name": "y", "type": enum("A")}), "'E' is defined twice"),
        (record({"name": "x"}), "has no name or no type"),
    ],
)
def test_what_is_no_schema_is_refused_with_its_place(declared: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        parse_avro(declared if isinstance(declared, str) else json.dumps(declared))


SIMPLE = st.sampled_from(["null", "boolean", "int", "long", "float", "double", "bytes", "string"])
NAMED = st.one_of(
    st.lists(st.sampled_from("ABC"), min_size=1, max_size=3, unique=True).map(lambda symbols: enum(*sorted(symbols))),
    st.sampled_from([fixed(2), fixed(4)]),
)
NESTED = st.recursive(SIMPLE, lambda inner: st.one_of(inner.map(array), inner.map(map_of)), max_leaves=2)


def union(branches: list[Any]) -> list[Any]:
    """A union with at most one array and one map, which Avro asks for."""
    kinds = [branch if isinstance(branch, str) else branch["type"] for branch in branches]
    return [branch for index, branch in enumerate(branches) if kinds[index] not in kinds[:index]]


PLAIN = st.one_of(NESTED, NAMED)


@given(old=PLAIN, new=st.one_of(PLAIN, st.lists(PLAIN, min_size=1, max_size=3).map(union)))
@settings(max_examples=300, deadline=None)
def test_any_two_types_are_judged_as_fastavro_reads_them(old: Any, new: Any) -> None:
    """The old type is no union: fastavro's writer cannot always be told which branch is meant."""
    writer, reader = of(old, new)
    judged_readable = mismatches(parse_avro(json.dumps(reader)), parse_avro(json.dumps(writer))) == []
    assert fastavro_reads(reader, writer, parse_avro(json.dumps(writer))) is judged_readable
    assert proof_reads(reader, writer) is judged_readable
