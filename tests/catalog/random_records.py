"""Random records that together hold all that a schema can."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

from tests.catalog.random_pairs import MAX_DEPTH

from weir.catalog.avro_types import Node

TEXTS = ("", "EWR", "München", "東京")
INT_LIMIT = 700_000
"""Days around 1970 that every calendar has."""
LONG_LIMIT = 2**42
"""Milliseconds around 1970 that most pipelines take: years from 1830 to 2109."""


def records(writer: Node, seed: int, texts: Sequence[str] = TEXTS) -> list[bytes]:
    """Encoded values that together use every branch, every symbol and every field, items too."""
    return _Encoder(random.Random(seed), texts).values(writer, MAX_DEPTH + 2)


class _Encoder:
    def __init__(self, source: random.Random, texts: Sequence[str]) -> None:
        self._random = source
        self._texts = texts

    def values(self, node: Node, depth: int) -> list[bytes]:
        match node.kind:
            case "record":
                fields = [self.values(field.type, depth - 1) for field in node.fields]
                count = max((len(values) for values in fields), default=1)
                return [b"".join(values[i % len(values)] for values in fields) for i in range(count)]
            case "union":
                return [
                    _long(index) + value
                    for index, branch in enumerate(node.branches)
                    if depth > 0 or branch.kind != "record"
                    for value in self.values(branch, depth)
                ]
            case "enum":
                return [_long(index) for index in range(len(node.symbols))]
            case "array" | "map" as kind if node.items is not None:
                key = _text("k") if kind == "map" else b""
                items = self.values(node.items, depth - 1)
                return [b"\0", *(_long(1) + key + item + b"\0" for item in items)]
            case _:
                return [self._scalar(node)]

    def _scalar(self, node: Node) -> bytes:
        chosen = self._random
        # Text also where bytes are wanted, which may be read as such.
        value = _text(chosen.choice(self._texts))
        match node.kind:
            case "null":
                value = b""
            case "boolean":
                value = bytes([chosen.randint(0, 1)])
            case "int":
                value = _long(chosen.randint(-INT_LIMIT, INT_LIMIT))
            case "long":
                value = _long(chosen.randint(-LONG_LIMIT, LONG_LIMIT))
            case "float":
                value = struct.pack("<f", chosen.gauss(0, 1000))
            case "double":
                value = struct.pack("<d", chosen.gauss(0, 1000))
            case "fixed":
                value = chosen.randbytes(node.size)
        return value


def _long(number: int) -> bytes:
    zigzag = number << 1 if number >= 0 else (-number << 1) - 1
    out = bytearray()
    while zigzag > 0x7F:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    return bytes([*out, zigzag])


def _text(text: str) -> bytes:
    return _long(len(text.encode())) + text.encode()
