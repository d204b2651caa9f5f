"""What two schemas say of every value, before any is read. Pure."""

from __future__ import annotations

from functools import lru_cache

from weir.catalog.avro_types import Node
from weir.catalog.resolution import branch_for, field_sources, same_meaning

FIXED_SIZES = {"null": 0, "float": 4, "double": 8}


@lru_cache(maxsize=4096)
def never_readable(reader: Node, writer: Node) -> bool:
    """Whether not one value of `writer` can be read: damage in its bytes does not matter then.

    An item of an array or a map, a branch of a union and a symbol of an enum are faults of the values that have them.
    """
    return _never(reader, writer, set())


def _never(reader: Node, writer: Node, above: set[tuple[int, int]]) -> bool:
    if writer.kind == "union":
        return bool(writer.branches) and all(_never(reader, branch, above) for branch in writer.branches)
    taken = branch_for(reader, writer)
    if taken is None or not same_meaning(taken, writer):
        return True
    match taken.kind:
        case "fixed":
            return taken.size != writer.size
        case "record":
            return _record_never(taken, writer, above)
        case _:
            return False


def _record_never(reader: Node, writer: Node, above: set[tuple[int, int]]) -> bool:
    pair = (id(reader), id(writer))
    if pair in above:
        return False
    sources = field_sources(reader, writer)
    for field in reader.fields:
        written = sources.get(field.name)
        missing = written is None and not field.has_default
        if missing or (written is not None and _never(field.type, written.type, above | {pair})):
            return True
    return False


@lru_cache(maxsize=4096)
def least_bytes(writer: Node) -> int:
    """The fewest bytes that a value can have, which bounds how many of them there may be."""
    return _least(writer, frozenset())


def _least(writer: Node, above: frozenset[int]) -> int:
    if writer.kind == "record":
        if id(writer) in above:
            return 0
        return sum(_least(field.type, above | {id(writer)}) for field in writer.fields)
    return writer.size if writer.kind == "fixed" else FIXED_SIZES.get(writer.kind, 1)
