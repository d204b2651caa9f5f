"""What a JSON value is as a column, by the type and encoding; apart from the decoders of the engines."""

from __future__ import annotations

import base64
import datetime
import math
import re
import struct
from collections.abc import Callable
from typing import Any

from weir.catalog.spec_source import Encoding
from weir.catalog.types import ColumnType
from weir.clients.events.avro_reader import EPOCH, FarTime

LONGEST_NUMBER = 1000
"""Characters of a literal that a column reads."""
LONGEST_SHOWN = 60
DIGITS_OF_64_BITS = 19

NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
"""JSON's grammar of numbers (RFC 8259, section 6): sign, whole, fraction, exponent."""
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(?:([Zz])|([+-])([0-9]{2})(?::?([0-9]{2}))?)?"
)
_MILLISECONDS_PER_DAY = 86_400_000


class Number(str):
    """A number, as its literal is written."""

    __slots__ = ()


class BadValueError(ValueError):
    """A value that its column cannot hold; the message says what was found and what it is not."""


def shown(value: Any) -> str:
    """What was found, shortened, for a message."""
    match value:
        case dict():
            return "an object"
        case list():
            return "an array"
        case None:
            return "null"
        case bool():
            return str(value).lower()
    text = str(value) if isinstance(value, Number) else repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Number():
            _require_short(value)
            return str(value)
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise BadValueError(f"{shown(value)} is not a text, for it has half a surrogate pair") from None
            return value
    raise BadValueError(f"{shown(value)} is not a text")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and not isinstance(value, Number) and value in {"true", "false"}:
        return value == "true"
    raise BadValueError(f"{shown(value)} is not true or false")


def _require_short(literal: str) -> None:
    if len(literal) > LONGEST_NUMBER:
        raise BadValueError(f"{shown(literal)} is not a number of at most {LONGEST_NUMBER} characters")


def _literal(value: Any, what: str) -> re.Match[str]:
    """A number, or a text that is one."""
    found = NUMBER.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise BadValueError(f"{shown(value)} is not {what}")
    _require_short(value)
    return found


def _scaled(found: re.Match[str]) -> tuple[int, int]:
    """The number as digits x 10^scale, with the fewest digits."""
    sign, whole, fraction, exponent = found.groups(default="")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return 0, 0
    shortest = digits.rstrip("0")
    scale = int(exponent or "0") - len(fraction) + len(digits) - len(shortest)
    return int(sign + shortest), scale


def _integer(value: Any, bits: int, what: str) -> int:
    number, scale = _scaled(_literal(value, what))
    if scale >= 0 and len(str(number)) + scale <= DIGITS_OF_64_BITS + 1:
        whole = number * 10**scale
        if -(2 ** (bits - 1)) <= whole < 2 ** (bits - 1):
            return whole
    raise BadValueError(f"{shown(value)} is not {what}")


def _int(value: Any) -> int:
    return _integer(value, 32, "an integer of 32 bits")


def _bigint(value: Any) -> int:
    return _integer(value, 64, "an integer of 64 bits")


def _double(value: Any) -> float:
    # Adding 0 turns the negative zero, which equals zero, into zero.
    number = float(_literal(value, "a number").group()) + 0.0
    if math.isinf(number):
        raise BadValueError(f"{shown(value)} is not a number that a double can hold")
    return number


def _float(value: Any) -> float:
    """Rounded to a double first, and then to 32 bits."""
    try:
        return struct.unpack("<f", struct.pack("<f", _double(value)))[0] + 0.0
    except OverflowError:
        raise BadValueError(f"{shown(value)} is not a number that a float can hold") from None


def _instant(milliseconds: int) -> datetime.datetime | FarTime:
    try:
        return EPOCH + datetime.timedelta(milliseconds=milliseconds)
    except OverflowError:
        return FarTime(milliseconds)


def _epoch(shift: int, value: Any) -> datetime.datetime | FarTime:
    """A number in units of 10^shift milliseconds, cut to the millisecond before."""
    number, scale = _scaled(_literal(value, "a time as a number"))
    scale += shift
    if scale < 0:
        # Below one unit: 0, or the one before.
        whole = number // 10**-scale if -scale <= len(str(number)) else -(number < 0)
    elif len(str(number)) + scale <= DIGITS_OF_64_BITS + 1:
        whole = number * 10**scale
    else:
        whole = 2**63
    if not -(2**63) <= whole < 2**63:
        raise BadValueError(f"{shown(value)} is not a time that 64 bits of milliseconds can hold")
    return _instant(whole)


def _timestamp(value: Any) -> datetime.datetime | FarTime:
    what = "a time such as 2026-01-31T12:00:00Z"
    found = _TIME.fullmatch(value) if _is_text(value) else None
    if found is None:
        raise BadValueError(f"{shown(value)} is not {what}")
    day, hour, minute, second, fraction, zulu, sign, east, east_minutes = found.groups(default="")
    if not (zulu or sign):
        raise BadValueError(f"{shown(value)} is not {what}: it has no offset, such as Z or +01:00")
    hours, minutes, seconds = int(hour), int(minute), int(second or 0)
    offset_hours, offset_minutes = int(east or 0), int(east_minutes or 0)
    if hours > 23 or minutes > 59 or seconds > 59 or offset_hours > 23 or offset_minutes > 59:
        raise BadValueError(f"{shown(value)} is not {what}")
    days = (_day(day, value, what) - EPOCH.date()).days
    offset = (offset_hours * 60 + offset_minutes) * (-1 if sign == "-" else 1)
    since_midnight = ((hours * 60 + minutes - offset) * 60 + seconds) * 1000 + int((fraction + "000")[:3])
    return _instant(days * _MILLISECONDS_PER_DAY + since_midnight)


def _date(value: Any) -> datetime.date:
    return _day(value, value, "a date such as 2026-01-31")


def _day(text: Any, value: Any, what: str) -> datetime.date:
    found = _DATE.fullmatch(text) if _is_text(text) else None
    try:
        if found:
            return datetime.date(*map(int, found.groups()))
    except ValueError:
        pass
    raise BadValueError(f"{shown(value)} is not {what}")


def _epoch_days(value: Any) -> datetime.date | FarTime:
    days = _integer(value, 32, "a number of days of 32 bits")
    try:
        return EPOCH.date() + datetime.timedelta(days=days)
    except OverflowError:
        return FarTime(days)


def _blob(value: Any) -> bytes:
    if _is_text(value) and _BASE64.fullmatch(value):
        return base64.b64decode(value)
    raise BadValueError(f"{shown(value)} is not base64 with padding")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Number)


CONVERSIONS: dict[tuple[str, str], Callable[[Any], Any]] = {
    (ColumnType.TEXT, Encoding.PLAIN): _text,
    (ColumnType.INT, Encoding.PLAIN): _int,
    (ColumnType.BIGINT, Encoding.PLAIN): _bigint,
    (ColumnType.FLOAT, Encoding.PLAIN): _float,
    (ColumnType.DOUBLE, Encoding.PLAIN): _double,
    (ColumnType.BOOLEAN, Encoding.PLAIN): _boolean,
    (ColumnType.BLOB, Encoding.BASE64): _blob,
    (ColumnType.DATE, Encoding.ISO_8601): _date,
    (ColumnType.DATE, Encoding.EPOCH_DAYS): _epoch_days,
    (ColumnType.TIMESTAMP, Encoding.ISO_8601): _timestamp,
    (ColumnType.TIMESTAMP, Encoding.EPOCH_SECONDS): lambda value: _epoch(3, value),
    (ColumnType.TIMESTAMP, Encoding.EPOCH_MILLIS): lambda value: _epoch(0, value),
    (ColumnType.TIMESTAMP, Encoding.EPOCH_MICROS): lambda value: _epoch(-3, value),
}
"""Type and encoding of a column -> what makes its value of one that is not null, or raises BadValueError."""
