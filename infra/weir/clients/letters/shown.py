"""Bytes and texts of strangers, made safe for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

BYTES_A_LINE = 16
SHOWN_BYTES = 4096
"""Of a value, unless all of it is asked for."""


def printable(text: str) -> str:
    """The text with everything escaped that a terminal could take for a command, or not show.

    `str.isprintable` is false for control characters (ESC and the eight-bit CSI among them), line ends, marks that
    turn the direction of writing (Unicode's category Cf), lone surrogates, and unassigned characters.
    """
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def hex_lines(value: bytes, most_bytes: int | None = SHOWN_BYTES) -> Iterator[str]:
    """Offset, 16 bytes in hex, and the same as ASCII with dots for what is not printable."""
    shown = value if most_bytes is None else value[:most_bytes]
    for start in range(0, len(shown), BYTES_A_LINE):
        line = shown[start : start + BYTES_A_LINE]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in line)
        yield f"{start:08x}  {line.hex(' '):<{3 * BYTES_A_LINE - 1}}  {text}"
    if len(shown) < len(value):
        yield f"... {len(value) - len(shown):,} bytes more"


def as_text(value: bytes) -> str | None:
    """A value that is UTF-8 text, made printable; None for other bytes."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return None
    readable = sum(char.isprintable() or char in "\t\r\n" for char in text)
    # A few control characters are an accident, or an attack; a third of them is no text.
    return printable(text) if text and 3 * readable > 2 * len(text) else None
