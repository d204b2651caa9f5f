"""Bits that flip, bytes that are cut off, added or lost on the way: as `Damage.java` of the decoders' tests."""

from __future__ import annotations

import random

MAX_DAMAGES = 3
MAX_TRAILING = 8
MAX_NOISE = 60
MAX_RUN = 12
"""Of bytes that say that a number goes on: longer than any number may be."""


def damaged(value: bytes, chance: random.Random) -> bytes:
    """A copy of `value` that is damaged one to three times."""
    for _ in range(chance.randint(1, MAX_DAMAGES)):
        value = _once(value, chance)
    return value


def _once(value: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(value)) if value else 0
    match chance.randrange(8):
        case 0:
            return value[:at]
        case 1:
            return value + bytes(chance.randint(1, MAX_TRAILING))
        case 2:
            return chance.randbytes(chance.randrange(MAX_NOISE))
        case 3:
            run = chance.randrange(MAX_RUN)
            return value[:at] + b"\xff" * run + value[at + run :] + bytes(MAX_RUN)
        case 4:
            return value[:at] + value[at + chance.randint(1, MAX_TRAILING) :]
        case _:
            return _flipped(value, at, 1 << chance.randrange(8))


def _flipped(value: bytes, at: int, bit: int) -> bytes:
    return value and value[:at] + bytes([value[at] ^ bit]) + value[at + 1 :]
