"""The clauses of Superset's row level security, as text."""

from __future__ import annotations

import re

import pytest

from weir.superset.access import rules_of

pytestmark = pytest.mark.unit

IN_THE_KEY = re.compile(r"\{\{[^{}]*?cache_key_wrapper\([^)]*\)[^{}]*?\}\}")
"""What Superset looks for (`ExtraCache.regex` in its jinja_context.py) before it renders a rule for the cache's key."""


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"origin": "airports"},
            {"weir: origin from airports": '{{ cache_key_wrapper(rows_where("origin", "airports")) }}'},
        ),
        (
            {"origin": "airports", "carrier": "https://example.org/a"},
            {
                "weir: origin from airports": '{{ cache_key_wrapper(rows_where("origin", "airports")) }}',
                "weir: carrier from https://example.org/a": (
                    '{{ cache_key_wrapper(rows_where("carrier", "https://example.org/a")) }}'
                ),
            },
        ),
        ({}, {"weir: no row": "{{ cache_key_wrapper(rows_where()) }}"}),
    ],
)
def test_what_a_rule_becomes_is_part_of_the_caches_key(columns: dict[str, str], expected: dict[str, str]) -> None:
    found = dict(rules_of(columns))
    assert found == expected
    assert all(IN_THE_KEY.fullmatch(clause) for clause in found.values())
