"""Texts of others as a terminal may have them."""

from __future__ import annotations


def visible(text: str) -> str:
    """The text with what is no printable character written as an escape: such characters steer a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
