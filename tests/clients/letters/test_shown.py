"""Nothing that a stranger wrote commands a terminal, and all of it can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.clients.letters.shown import as_text, hex_lines, printable

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("abc\u202etxt.exe", "abc\\u202etxt.exe"),
        ("\u2028", "\\u2028"),
        ("\udc80", "\\udc80"),
        ("\U000e0041", "\\U000e0041"),
        ("läuten 日本 [red] :smile:", "läuten 日本 [red] :smile:"),
    ],
)
def test_what_a_terminal_could_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(alphabet=st.characters()))
def test_whatever_is_shown_can_be_printed_and_encoded(text: str) -> None:
    assert printable(text).isprintable()
    printable(text).encode()


@given(st.binary(max_size=200))
def test_a_dump_holds_every_byte_and_only_printable_ascii(value: bytes) -> None:
    lines = list(hex_lines(value))
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert bytes.fromhex("".join(line[10:57] for line in lines)) == value


def test_a_dump_looks_like_every_other_dump() -> None:
    assert list(hex_lines(b"\x00\x1b[31mABCDEFGHIJKLM")) == [
        "00000000  00 1b 5b 33 31 6d 41 42 43 44 45 46 47 48 49 4a  ..[31mABCDEFGHIJ",
        "00000010  4b 4c 4d                                         KLM",
    ]


def test_a_long_value_is_cut_and_says_so() -> None:
    assert list(hex_lines(bytes(40), 32))[2:] == ["... 8 bytes more"]
    assert len(list(hex_lines(bytes(32), 32))) == 2
    assert len(list(hex_lines(bytes(5000), None))) == 313


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b'{"id": 1}', '{"id": 1}'),
        (b"{\n\x1b[2J}", "{\\n\\x1b[2J}"),
        (b"", None),
        (b"\x00\x00\x00\x00\x07\x02a", None),
        (b"\xff\xfe", None),
        (b"\x01ab", None),
        (b"\x01abc", "\\x01abc"),
    ],
)
def test_text_is_shown_as_text_and_other_bytes_are_not(value: bytes, text: str | None) -> None:
    assert as_text(value) == text
