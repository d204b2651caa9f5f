"""The hash bucket of a row in Flink SQL, as `weir.catalog.buckets` defines it, by built-in functions alone."""

from __future__ import annotations

from collections.abc import Iterable

from dedup_join.times import microseconds
from weir.catalog.buckets import HASH_BYTES, SEPARATOR
from weir.catalog.types import ColumnType

MICROSECONDS_PER_MILLISECOND = 1_000
_BITS_PER_DIGIT = 4
_HASH_DIGITS = 2 * HASH_BYTES
_DIGITS = "0123456789abcdef"


def bucket_expression(key: Iterable[tuple[str, ColumnType]], buckets: int) -> str:
    """The bucket as an INT.

    Flink reads no hexadecimal number. `buckets` is a power of two, so that the hash modulo it is in its last digits:
    each is looked up, and nothing is computed of the others.

    Args:
        key: the deduplication key, each column as an expression with its type.
        buckets: how many there are.
    """
    joined = f" || {_separator()} || ".join(_text(column, kind) for column, kind in key)
    digits = -(-(buckets - 1).bit_length() // _BITS_PER_DIGIT)
    value = " + ".join(
        f"{16**place} * (POSITION(SUBSTRING(SHA256({joined}) FROM {_HASH_DIGITS - place} FOR 1) IN '{_DIGITS}') - 1)"
        for place in reversed(range(digits))
    )
    return f"MOD({value}, {buckets})"


def _separator() -> str:
    return f"U&'\\{ord(SEPARATOR):04X}'"


def _text(column: str, kind: ColumnType) -> str:
    match kind:
        case ColumnType.TEXT:
            return column
        case ColumnType.BOOLEAN:
            return f"LOWER(CAST({column} AS STRING))"
        case ColumnType.TIMESTAMP:
            return f"CAST(({microseconds(column, kind)}) / {MICROSECONDS_PER_MILLISECOND} AS STRING)"
        case _:
            return f"CAST({column} AS STRING)"
