"""One Avro value read with another schema than it was written with; apart from the decoders of the engines.

Reference: Apache Avro 1.12 specification, "Binary Encoding" and "Schema Resolution". An Avro library is not enough:
fastavro takes the first branch of a union that could be read and gives a field two values or none where aliases meet.
"""

from __future__ import annotations

import datetime
import itertools
import math
import struct
from collections.abc import Iterator
from typing import Any

from weir.catalog.avro_types import AvroField, Node
from weir.catalog.resolution import branch_for, field_sources
from weir.clients.events.avro_fit import least_bytes, never_readable
from weir.clients.events.letter_codes import LetterCode, UnreadableError

MAX_VARINT_BYTES = 10
FLOAT_DIGITS = 24
GREATEST_INT = 2**31 - 1
MAX_ZERO_SIZE_ITEMS = 65_536
"""Items without any bytes, such as nulls, whose number nothing else bounds."""
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MILLISECOND, _DAY = datetime.timedelta(milliseconds=1), datetime.timedelta(days=1)


class FarTime(int):
    """A time or a date outside of the years 1 to 9999, as the number that Avro holds."""


def read_value(reader: Node, writer: Node, body: bytes) -> Any:
    """The value in `body`: timestamps as datetimes in UTC, dates as dates, everything else as Avro holds it.

    Times that Python's calendar has not are `FarTime`s.

    Raises:
        UnreadableError: there is none.
    """
    _require_readable(reader, writer)
    source = _Source(body)
    try:
        value = source.value(reader, writer)
    except (UnicodeDecodeError, RecursionError) as error:
        raise _malformed(str(error)) from None
    if source.left:
        raise UnreadableError(LetterCode.TRAILING_BYTES, f"{source.left} extra bytes after the value")
    return value


def _require_readable(reader: Node | None, writer: Node) -> None:
    if reader is not None and never_readable(reader, writer):
        raise _incompatible(f"{writer} cannot be read as {reader}")


def _malformed(reason: str) -> UnreadableError:
    return UnreadableError(LetterCode.MALFORMED_AVRO, reason)


def _incompatible(reason: str) -> UnreadableError:
    return UnreadableError(LetterCode.INCOMPATIBLE_SCHEMA, reason)


class _Source:
    """A cursor over the bytes of one value."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = 0
        self._item_count = 0

    @property
    def left(self) -> int:
        return len(self._body) - self._position

    def value(self, reader: Node | None, writer: Node) -> Any:
        """The next value as the reader wants it; without a reader it is skipped."""
        if writer.kind == "union":
            branch = writer.branches[self._index(len(writer.branches))]
            _require_readable(reader, branch)
            return self.value(reader, branch)
        taken = None if reader is None else branch_for(reader, writer)
        read = {"record": self._record, "enum": self._symbol, "string": self._bytes, "bytes": self._bytes}
        match writer.kind:
            case "array":
                value = [self._item(taken, items) for items in self._items(writer)]
            case "map":
                value = {self._key(taken): self._item(taken, items) for items in self._items(writer)}
            case "fixed":
                value = self._take(writer.size)
            case kind if kind in read:
                value = read[kind](taken, writer)
            case kind:
                value = _as(taken, self._number(kind))
        return value

    def _item(self, taken: Node | None, writer: Node) -> Any:
        """An item of an array, or a value of a map."""
        _require_readable(taken and taken.items, writer)
        return self.value(taken and taken.items, writer)

    def _record(self, reader: Node | None, writer: Node) -> dict[str, Any]:
        sources = {} if reader is None else field_sources(reader, writer)
        targets = {source.name: name for name, source in sources.items()}
        fields = {} if reader is None else {field.name: field for field in reader.fields}
        record = {}
        for written in writer.fields:
            name = targets.get(written.name, "")
            value = self.value(fields[name].type if name else None, written.type)
            if name:
                record[name] = value
        for name in fields.keys() - sources.keys():
            record[name] = _default(fields[name])
        return {name: record[name] for name in fields}

    def _symbol(self, reader: Node | None, writer: Node) -> str | None:
        symbol = writer.symbols[self._index(len(writer.symbols))]
        if reader is None or symbol in reader.symbols:
            return symbol
        if reader.default is None:
            raise _incompatible(f"symbol {symbol} is unknown")
        return reader.default

    def _number(self, kind: str) -> Any:
        match kind:
            case "null":
                return None
            case "boolean":
                if (byte := self._take(1)) not in {b"\0", b"\1"}:
                    raise _malformed(f"invalid boolean byte {byte!r}")
                return byte == b"\1"
            case "float" | "double":
                # Adding 0 turns the negative zero, which equals zero, into zero.
                return struct.unpack(*(("<f", self._take(4)) if kind == "float" else ("<d", self._take(8))))[0] + 0.0
            case _:
                return self._int() if kind == "int" else self._long()

    def _int(self) -> int:
        number = self._long()
        if not -GREATEST_INT - 1 <= number <= GREATEST_INT:
            raise _malformed(f"{number} does not fit in an int")
        return number

    def _long(self) -> int:
        raw = 0
        for position in range(MAX_VARINT_BYTES):
            byte = self._take(1)[0]
            raw |= (byte & 0x7F) << 7 * position
            if byte < 0x80 and raw < 2**64:
                return (raw >> 1) ^ -(raw & 1)
        raise _malformed("a number does not fit in 64 bits")

    def _length(self) -> int:
        length = self._long()
        if not 0 <= length <= GREATEST_INT:
            raise _malformed(f"invalid length {length}")
        return length

    def _index(self, count: int) -> int:
        index = self._int()
        if not 0 <= index < count:
            raise _malformed(f"index {index} is out of range; there are {count}")
        return index

    def _key(self, taken: Node | None) -> str:
        """Of a map. What is skipped may be any bytes."""
        raw = self._take(self._length())
        return raw.decode() if taken is not None else ""

    def _bytes(self, reader: Node | None, _: Node) -> str | bytes:
        raw = self._take(self._length())
        return raw.decode() if reader is not None and reader.kind == "string" else raw

    def _items(self, writer: Node) -> Iterator[Node]:
        """The type of each item of an array, or of each value of a map."""
        items = _items(writer)
        least = least_bytes(items) + (writer.kind == "map")
        while (count := self._block()) != 0:
            if least == 0:
                self._item_count += count
            elif count * least > self.left:
                raise UnreadableError(LetterCode.TRUNCATED, f"{count} items, but only {self.left} bytes are left")
            if self._item_count > MAX_ZERO_SIZE_ITEMS:
                raise _malformed(f"{self._item_count} items of zero bytes")
            yield from itertools.repeat(items, count)

    def _block(self) -> int:
        """How many items come next; a negative number has the size of the block behind it."""
        count = self._long()
        if count < 0:
            self._long()
        if abs(count) > GREATEST_INT:
            raise _malformed(f"invalid block of {count} items")
        return abs(count)

    def _take(self, size: int) -> bytes:
        if size > self.left:
            raise UnreadableError(LetterCode.TRUNCATED, f"{size} bytes needed, {self.left} left")
        self._position += size
        return self._body[self._position - size : self._position]


def _items(node: Node) -> Node:
    """What an array or a map holds, which the parser has seen to."""
    return node.items or Node("null")


def _as(reader: Node | None, number: Any) -> Any:
    """A number in the form of the type that takes it."""
    if reader is None:
        return None
    match reader.kind, reader.logical.get("logicalType"):
        case "long", "timestamp-millis":
            return _time(EPOCH, number, _MILLISECOND)
        case "int", "date":
            return _time(EPOCH.date(), number, _DAY)
        case "float", _:
            return _float_of_integer(number) if isinstance(number, int) else number
        case "double", _:
            return float(number) + 0.0
        case _:
            return number


def _float_of_integer(number: int) -> float:
    """The nearest float of 32 bits: rounded once, ties to even. By way of a double, a long would be rounded twice."""
    unit = 1 << max(number.bit_length() - FLOAT_DIGITS, 0)
    floor, rest = divmod(number, unit)
    return float((floor + (2 * rest + (floor & 1) > unit)) * unit)


def _float_of_number(number: float) -> float:
    """The nearest float of 32 bits; infinite where that is out of its range."""
    try:
        return struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)


def _time(since: datetime.date, number: int, unit: datetime.timedelta) -> datetime.date | FarTime:
    try:
        return since + number * unit
    except OverflowError:
        return FarTime(number)


def _default(field: AvroField) -> Any:
    if not field.has_default:
        raise _incompatible(f"{field.name} is missing in the data and has no default")
    return _declared(field.type, field.default)


def _declared(node: Node, default: Any) -> Any:
    """A default of a schema, as a value that was read."""
    value = default
    match node.kind:
        case "union":
            value = _declared(next(branch for branch in node.branches if _holds(branch, default)), default)
        case "record":
            value = {field.name: _declared(field.type, default.get(field.name, field.default)) for field in node.fields}
        case "array":
            value = [_declared(_items(node), item) for item in default]
        case "map":
            value = {key: _declared(_items(node), item) for key, item in default.items()}
        case "bytes" | "fixed":
            value = default.encode("latin-1")
        case "float":
            value = _float_of_number(default) + 0.0
        case "int" | "long" | "double":
            value = _as(node, default)
    return value


def _holds(branch: Node, default: Any) -> bool:
    """Whether a default may be of this branch; specified is the first, and libraries take the first that fits."""
    kinds = {
        "null": type(None),
        "boolean": bool,
        "int": int,
        "long": int,
        "float": (int, float),
        "double": (int, float),
        "array": list,
        "map": dict,
        "record": dict,
    }
    expected = kinds.get(branch.kind, str)
    return isinstance(default, expected) and (branch.kind == "boolean" or not isinstance(default, bool))
