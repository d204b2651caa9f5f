"""Paths into JSON: what each means, and what is refused in words that say what to write."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.catalog.json_path import GREATEST_INDEX, Step, parse_path, path_text

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("orderId", ("orderId",)),
        ("customer.id", ("customer", "id")),
        ("lines[0].sku", ("lines", 0, "sku")),
        ("grid[1][20]", ("grid", 1, 20)),
        ("a[1000]", ("a", 1000)),
        ('"total.net"."a b"', ("total.net", "a b")),
        ('a."[0]"[0]', ("a", "[0]", 0)),
        (r'"say \"hi\"\u00e9"', ('say "hi"é',)),
        ('""', ("",)),
        ('"$"', ("$",)),
        ("content-type", ("content-type",)),
        ("größe.2x", ("größe", "2x")),
    ],
)
def test_a_path_is_its_steps(text: str, steps: tuple[Step, ...]) -> None:
    assert parse_path(text) == steps
    assert parse_path(path_text(steps)) == steps


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has nothing where a member's name is expected; write member names with dots and [n]"),
        ("$.customer.id", "begins with $, but a path here has no `$`; write it without `$.`"),
        ("[0].sku", "begins with an index, but an event is an object"),
        ("a.", "has nothing where a member's name is expected"),
        ("a..b", "has '.b' where a member's name is expected"),
        (".a", "has '.a' where a member's name is expected"),
        ("total net", "has ' net' after 'total'"),
        ("a[-1]", "has '[-1]', which is not an index; write the element's number, such as [0]"),
        ("a[01]", "has '[01]', which is not an index"),
        ("a[*]", "has '[*]', which is not an index"),
        ("a[1001]", "has [1001], but an index is at most 1,000; read an element before it"),
        ("a['b']", "which is not an index"),
        ('"a', "has '\"a', which is not a name in quotes; write one as in JSON"),
        (r'"\ud800"', "which is not a name in quotes"),
        ('"a"b', "has 'b' after"),
        ("a.[0]", "has '[0]' where a member's name is expected"),
    ],
)
def test_what_is_no_path_is_refused_with_what_to_write(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        parse_path(text)


STEPS = st.tuples(st.text(st.characters(codec="utf-8"))) | st.lists(
    st.text(st.characters(codec="utf-8")) | st.integers(0, GREATEST_INDEX), min_size=1
).map(lambda steps: ("a", *steps))


@given(STEPS)
def test_any_steps_can_be_written(steps: tuple[Step, ...]) -> None:
    assert parse_path(path_text(steps)) == steps
