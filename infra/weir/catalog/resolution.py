"""Whether data written with one Avro schema can be read with another, and why not. Pure.

Reference: Apache Avro 1.12 specification, "Schema Resolution". It decides for each value; a change of schema is judged
for every value that the writer may write, so one branch of a union or one symbol of an enum that the reader cannot
take is enough to refuse it. Beyond the specification, which ignores logical types: two that differ are refused, since
the numbers would be read as other times or amounts. Namespaces do not matter, of types and of the fields in them.

The decoders follow the same rules: `io.weir.registry.Resolution` those of both engines, and weir's own reader,
`weir.clients.events.avro_reader`. tests/contract/test_decoders_agree.py holds them against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weir.catalog.avro_types import AvroField, Node

PROMOTIONS = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
"""Writer's type -> the other types it may be read as."""

OTHER = 4
"""How far a type is from one that it does not match."""


@dataclass(frozen=True)
class Mismatch:
    """One reason why the reader cannot read. `field` is a path such as `fields.address.zip`, empty for the whole."""

    field: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field or 'the record'}: {self.reason}; {self.remedy}"


def mismatches(reader: Node, writer: Node, *, as_registries: bool = False) -> list[Mismatch]:
    """Every reason why data of `writer` cannot be read with `reader`; empty when all of it can.

    `as_registries`: also where a registry would say so. It compares an alias with the full name alone, and refuses
    an alias that is another field's name.
    """
    return list(_Resolution(as_registries=as_registries).compare(reader, writer, ""))


class _Resolution:
    """One comparison. A pair of records under comparison is taken to fit, or a recursive type would never end."""

    def __init__(self, *, as_registries: bool) -> None:
        self._as_registries = as_registries
        self._open: set[tuple[int, int]] = set()

    def compare(self, reader: Node, writer: Node, path: str) -> Iterator[Mismatch]:
        if writer.kind == "union":
            for branch in writer.branches:
                yield from self.compare(reader, branch, path)
            return
        taken = branch_for(reader, writer, full_aliases=self._as_registries)
        if taken is None:
            yield _wrong_type(reader, writer, path)
        else:
            yield from self._compare_inside(taken, writer, path)

    def _compare_inside(self, reader: Node, writer: Node, path: str) -> Iterator[Mismatch]:
        if not same_meaning(reader, writer):
            yield _other_logical_type(reader, writer, path)
        match reader.kind:
            case "record":
                yield from self._compare_records(reader, writer, path)
            case "enum":
                yield from _missing_symbols(reader, writer, path)
            case "fixed" if reader.size != writer.size:
                reason = f"fixed {reader.short_name} has {writer.size} bytes in the data and {reader.size} here"
                yield Mismatch(path, reason, "keep the size, or add a new field for the new type")
            case "array" | "map" if reader.items is not None and writer.items is not None:
                yield from self.compare(reader.items, writer.items, f"{path}[]")

    def _compare_records(self, reader: Node, writer: Node, path: str) -> Iterator[Mismatch]:
        pair = (id(reader), id(writer))
        if pair in self._open:
            return
        self._open.add(pair)
        sources = field_sources(reader, writer)
        for field in reader.fields:
            inner = f"{path}.{field.name}" if path else f"fields.{field.name}"
            written = sources.get(field.name)
            if self._as_registries:
                yield from _ambiguous(field, written, writer, inner)
            if written is not None:
                yield from self.compare(field.type, written.type, inner)
            elif not field.has_default:
                reason = "it is missing in the data and has no default"
                yield Mismatch(inner, reason, "give it a default (null first in a union with null), or leave it out")
        self._open.discard(pair)


def branch_for(reader: Node, writer: Node, *, full_aliases: bool = False) -> Node | None:
    """The type that takes the writer's, which is no union: the reader, or a branch of it; None where none does.

    It is the nearest by name, and the first of those.
    """
    distances = [(_distance(branch, writer, full_aliases), branch) for branch in reader.branch_list]
    nearest, branch = min(distances, key=lambda entry: entry[0], default=(OTHER, reader))
    return None if nearest == OTHER else branch


def _distance(reader: Node, writer: Node, full_aliases: bool) -> int:
    """The specification's "match": kinds, and names of named types, not what is inside; 0 is the nearest."""
    if reader.kind != writer.kind:
        return 3 if reader.kind in PROMOTIONS.get(writer.kind, ()) else OTHER
    if reader.name == writer.name:
        return 0
    if reader.short_name == writer.short_name:
        return 1
    # An alias in the reader's own namespace stands for that name in every one.
    namespace, _, _ = reader.name.rpartition(".")
    in_namespace = f"{namespace}.{writer.short_name}" if namespace else writer.short_name
    known = {writer.name} if full_aliases else {writer.name, in_namespace}
    return 2 if known & reader.aliases else OTHER


def same_meaning(reader: Node, writer: Node) -> bool:
    """Whether numbers mean the same: no logical type on one of the sides, or one and the same."""
    return not reader.logical or not writer.logical or reader.logical == writer.logical


def field_sources(reader: Node, writer: Node) -> dict[str, AvroField]:
    """The writer's field that fills each of the reader's, by the name of the reader's.

    A field has its own name before it has an alias, and fills one field.
    """
    names = {field.name for field in reader.fields}
    sources = {field.name: field for field in writer.fields if field.name in names}
    free = {field.name: field for field in writer.fields if field.name not in names}
    for field in reader.fields:
        # Sorted, as the order of aliases means nothing.
        alias = next((alias for alias in sorted(field.aliases) if alias in free), None)
        if field.name not in sources and alias is not None:
            sources[field.name] = free.pop(alias)
    return sources


def _ambiguous(field: AvroField, written: AvroField | None, writer: Node, path: str) -> Iterator[Mismatch]:
    in_data = {entry.name for entry in writer.fields}
    found = [name for name in (field.name, *sorted(field.aliases)) if name in in_data]
    if len(found) > 1 or (found and written is None):
        reason = f"its name and aliases match several fields of the data ({', '.join(found)})"
        yield Mismatch(path, reason, "remove an alias that is another field's name")


def _missing_symbols(reader: Node, writer: Node, path: str) -> Iterator[Mismatch]:
    missing = [symbol for symbol in writer.symbols if symbol not in reader.symbols]
    if missing and reader.default is None:
        reason = f"enum {reader.short_name} lacks the symbol(s) {', '.join(missing)}, which the data may contain"
        yield Mismatch(path, reason, "keep the symbol(s), or give the enum a default")


def _wrong_type(reader: Node, writer: Node, path: str) -> Mismatch:
    if writer.kind == "null":
        return Mismatch(path, f"it may be null in the data but is {reader} here", "keep it in a union with null")
    if renamed := next((branch for branch in reader.branch_list if branch.name and branch.kind == writer.kind), None):
        reason = f"{writer.kind} {writer.name} of the data is named {renamed.name} here"
        return Mismatch(path, reason, f"keep the name, or add the alias {writer.name!r}")
    readable = sorted({writer.kind, *PROMOTIONS.get(writer.kind, ())})
    reason = f"it is {writer} in the data and cannot be read as {reader}"
    return Mismatch(
        path, reason, f"use a type that can read it ({', '.join(readable)}), or add a field with another name"
    )


def _other_logical_type(reader: Node, writer: Node, path: str) -> Mismatch:
    words = [" ".join(str(value) for value in node.logical.values()) for node in (writer, reader)]
    reason = f"the same number means {words[0]} in the data and {words[1]} here"
    return Mismatch(path, reason, "keep the logical type, or add a field with another name")
