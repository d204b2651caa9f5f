"""Whether a value, as JSON holds it, is a value of an Avro type. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

_BITS = {"int": 31, "long": 63}
_GREATEST = {"float": 3.4028235e38, "double": float("inf")}
_LATIN_1 = 0xFF


def fits(value: Any, kind: str, symbols: Collection[str]) -> bool:
    """Whether `value` may be the default of a field of type `kind`: a primitive, or an enum with `symbols`."""
    return _TESTS.get(kind, lambda found: isinstance(found, str) and found in symbols)(value)


def _integer(bits: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and -(2**bits) <= value < 2**bits


def _number(greatest: float) -> Callable[[Any], bool]:
    return lambda value: type(value) in (int, float) and abs(value) <= greatest


def _bytes(value: Any) -> bool:
    """JSON holds bytes as text, a character each."""
    return isinstance(value, str) and all(ord(character) <= _LATIN_1 for character in value)


_TESTS: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "bytes": _bytes,
    **{kind: _integer(bits) for kind, bits in _BITS.items()},
    **{kind: _number(greatest) for kind, greatest in _GREATEST.items()},
}
