"""Whether data written with one Avro schema can be read with another, and why not. Pure.

Reference: Apache Avro 1.12 specification, "Schema Resolution". It decides for each value; a change of schema is judged
for every value that the writer may write, so one branch of a union or one symbol of an enum that the reader cannot
take is enough to refuse it. Beyond the specification, which ignores logical types: two that differ are refused, since
the numbers would be read as other times or amounts.
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


@dataclass(frozen=True)
class Mismatch:
    """One reason why the reader cannot read. `field` is a path such as `fields.address.zip`, empty for the whole."""

    field: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field or 'the record'}: {self.reason}; {self.remedy}"


def mismatches(reader: Node, writer: Node) -> list[Mismatch]:
    """Every reason why data of `writer` cannot be read with `reader`; empty when all of it can."""
    return list(_Resolution().compare(reader, writer, ""))


class _Resolution:
    """One comparison. A pair of records under comparison is taken to fit, or a recursive type would never end."""

    def __init__(self) -> None:
        self._open: set[tuple[int, int]] = set()

    def compare(self, reader: Node, writer: Node, path: str) -> Iterator[Mismatch]:
        if writer.kind == "union":
            for branch in writer.branches:
                yield from self._compare_branch(reader, branch, path)
        elif reader.kind == "union":
            yield from self._compare_branch(reader, writer, path)
        elif not _same_type(reader, writer):
            yield _wrong_type(reader, writer, path)
        else:
            yield from self._compare_inside(reader, writer, path)

    def _compare_branch(self, reader: Node, writer: Node, path: str) -> Iterator[Mismatch]:
        """A type that is no union against a reader's that may be one: the first branch of the same type takes it."""
        candidates = [branch for branch in reader.branch_list if _same_type(branch, writer)]
        exact = [branch for branch in candidates if branch.kind == writer.kind]
        for candidate in exact or candidates:
            found = list(self.compare(candidate, writer, path))
            if not found or candidate is (exact or candidates)[-1]:
                yield from found
                return
        yield _wrong_type(reader, writer, path)

    def _compare_inside(self, reader: Node, writer: Node, path: str) -> Iterator[Mismatch]:
        if reader.logical and writer.logical and reader.logical != writer.logical:
            yield _other_logical_type(reader, writer, path)
        match reader.kind:
            case "record":
                yield from self._compare_records(reader, writer, path)
            case "enum":
                yield from _missing_symbols(reader, writer, path)
            case "fixed" if reader.size != writer.size:
                reason = f"fixed {reader.short_name} has {writer.size} bytes in the data and {reader.size} here"
                yield Mismatch(path, reason, "keep the size, or give the new type another field")
            case "array" | "map" if reader.items is not None and writer.items is not None:
                yield from self.compare(reader.items, writer.items, f"{path}[]")

    def _compare_records(self, reader: Node, writer: Node, path: str) -> Iterator[Mismatch]:
        pair = (id(reader), id(writer))
        if pair in self._open:
            return
        self._open.add(pair)
        for field in reader.fields:
            inner = f"{path}.{field.name}" if path else f"fields.{field.name}"
            written = _written(field, writer)
            if written is not None:
                yield from self.compare(field.type, written.type, inner)
            elif not field.has_default:
                reason = "it is not in the data and has no default"
                yield Mismatch(inner, reason, "give it a default (null first in a union with null), or leave it out")
        self._open.discard(pair)


def _same_type(reader: Node, writer: Node) -> bool:
    """The specification's "match": kinds, and names of named types; not what is inside."""
    if reader.kind != writer.kind:
        return reader.kind in PROMOTIONS.get(writer.kind, ())
    if reader.kind in {"record", "enum", "fixed"}:
        return reader.short_name == writer.short_name or writer.name in reader.aliases
    return True


def _written(field: AvroField, writer: Node) -> AvroField | None:
    """The writer's field that fills `field`: of its name, or else of one of its aliases."""
    names = {entry.name: entry for entry in writer.fields}
    return names.get(field.name) or next((names[alias] for alias in sorted(field.aliases) if alias in names), None)


def _missing_symbols(reader: Node, writer: Node, path: str) -> Iterator[Mismatch]:
    missing = [symbol for symbol in writer.symbols if symbol not in reader.symbols]
    if missing and reader.default is None:
        reason = f"enum {reader.short_name} lacks the symbol(s) {', '.join(missing)}, which the data may hold"
        yield Mismatch(path, reason, "keep the symbol(s), or give the enum a default symbol")


def _wrong_type(reader: Node, writer: Node, path: str) -> Mismatch:
    if writer.kind == "null":
        return Mismatch(path, f"it may be null in the data and is {reader} here", "keep it in a union with null")
    if reader.kind == writer.kind:
        reason = f"{reader.kind} {writer.name} of the data is called {reader.name} here"
        return Mismatch(path, reason, f"keep the name, or add the alias {writer.name!r}")
    readable = sorted({writer.kind, *PROMOTIONS.get(writer.kind, ())})
    reason = f"it is {writer} in the data, which cannot be read as {reader}"
    return Mismatch(path, reason, f"keep a type that reads it ({', '.join(readable)}), or add a field of another name")


def _other_logical_type(reader: Node, writer: Node, path: str) -> Mismatch:
    words = [" ".join(str(value) for value in node.logical.values()) for node in (writer, reader)]
    reason = f"the same numbers mean {words[0]} in the data and {words[1]} here"
    return Mismatch(path, reason, "keep the logical type, or add a field of another name")
