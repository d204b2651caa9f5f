"""How rows are put into batches: few and short enough for Cassandra not to warn, in their order, none left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.clients.cassandra_rows import batches

pytestmark = pytest.mark.unit

SHORT = [(number, "text") for number in range(25)]


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [
        ([], []),
        (SHORT[:10], [10]),
        (SHORT[:11], [10, 1]),
        (SHORT, [10, 10, 5]),
        ([("x" * 500,), ("x" * 500,)], [2]),
        ([("x" * 500,), ("x" * 501,)], [1, 1]),
        ([("x", b"y" * 1000), ("x",), ("x",)], [1, 2]),
        ([("x" * 5000,), ("x" * 5000,)], [1, 1]),
        ([(None, 10**9)] * 3, [3]),
    ],
)
def test_a_batch_has_few_rows_and_short_texts(rows: list[tuple], sizes: list[int]) -> None:
    assert [len(batch) for batch in batches(rows)] == sizes


@given(st.lists(st.tuples(st.integers(), st.text(max_size=3) | st.just("x" * 700) | st.none())))
def test_no_row_is_left_out_or_changes_its_place(rows: list[tuple]) -> None:
    assert [row for batch in batches(rows) for row in batch] == rows
