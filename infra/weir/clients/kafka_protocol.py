"""Values as Kafka's protocol writes them, in its versions without compact types."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

NOTHING = -1


def int8(value: int) -> bytes:
    """One byte."""
    return struct.pack(">b", value)


def int16(value: int) -> bytes:
    """Two bytes."""
    return struct.pack(">h", value)


def int32(value: int) -> bytes:
    """Four bytes."""
    return struct.pack(">i", value)


def float64(value: float) -> bytes:
    """Eight bytes."""
    return struct.pack(">d", value)


def boolean(value: bool) -> bytes:
    """One byte."""
    return struct.pack(">?", value)


def string(value: str | None) -> bytes:
    """Its length in bytes before it; nothing has a length of its own."""
    if value is None:
        return int16(NOTHING)
    text = value.encode()
    return int16(len(text)) + text


def array(items: Sequence[bytes]) -> bytes:
    """How many there are before them."""
    return int32(len(items)) + b"".join(items)


class Reader:
    """Values one after the other.

    Raises:
        struct.error: from every method, when the bytes end before the value does.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def int16(self) -> int:
        """Two bytes."""
        return self._next(">h")

    def int32(self) -> int:
        """Four bytes; also how many values an array has."""
        return self._next(">i")

    def float64(self) -> float:
        """Eight bytes."""
        return self._next(">d")

    def string(self) -> str | None:
        """Its length in bytes before it; nothing has a length of its own."""
        size = self.int16()
        return None if size == NOTHING else self._next(f"{size}s").decode()

    def _next(self, kind: str) -> Any:
        (value,) = struct.unpack_from(kind, self._data, self._at)
        self._at += struct.calcsize(kind)
        return value
