"""What becomes of records: rows, duplicates and dead letters, joined with reference rows as given; and how it looks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest
from rich.console import Console

from weir.catalog.pipeline import load_pipeline
from weir.cli import shared
from weir.clients.events.decoder import Decoder
from weir.config.repository import REPOSITORY
from weir.sampling import joining, shown
from weir.sampling.outcomes import Outcome, judge
from weir.sampling.records import Record, newest, windows
from weir.sampling.sample import Sample, events_of, sampled

pytestmark = pytest.mark.unit

ORDERS = load_pipeline(REPOSITORY / "pipelines" / "orders")
REFERENCES = {
    "customers": [("c7", "Ada \x1b[31m", None)],
    "products": [("sku-4", "Product 4", "toys", 248), ("sku-5", "Product 5", None, 285)],
}
EVENT: dict[str, Any] = {
    "orderId": "A-1",
    "placedAt": "2026-03-28T23:10:00+01:00",
    "customer": {"id": "c7"},
    "lines": [{"sku": "sku-4", "quantity": 2}],
    "amounts": {"netCents": 1250},
}


def event(number: int, **changed: Any) -> bytes:
    return json.dumps({**EVENT, "orderId": f"A-{number}", **changed}).encode()


def sample_of(*values: bytes | None) -> Sample:
    records = [Record(1_774_735_800_000 + offset, offset % 2, offset, value) for offset, value in enumerate(values)]
    judged = list(judge(records, Decoder("", ORDERS).read, ORDERS.spec.deduplication.key))
    return sampled(ORDERS, judged, REFERENCES)


MIXED = (
    event(1),
    event(2, customer={"id": "c99"}, lines=[{"sku": "sku-5", "quantity": 1}]),
    event(1),
    None,
    event(3, customer=None),
    event(2, gift=True),
    b"[1]",
    event(4, placedAt="\x1b]0;owned\x07"),
)


def printed(sample: Sample, width: int) -> str:
    console = Console(width=width, force_terminal=False, soft_wrap=True)
    with console.capture() as capture:
        console.print(shown.as_tables(sample, width))
    return capture.get()


def test_names_of_emojis_in_values_are_printed_as_they_are() -> None:
    found = sample_of(event(1, customer={"id": "c:id:"}), event(2, placedAt=":id:"))
    for part, markup in ((shown.as_json(found), False), (shown.as_tables(found, 160), True), (":id:", True)):
        for console in (shared.console, shared.errors):
            with console.capture() as capture:
                console.print(part, markup=markup, highlight=False)
            assert ":id:" in capture.get()
            assert "\N{SQUARED ID}" not in capture.get()


def test_each_record_is_a_row_a_duplicate_or_a_dead_letter() -> None:
    told = [(judged.outcome.value, judged.detail) for judged in sample_of(*MIXED).judged]
    assert told == [
        ("row", ""),
        ("row", ""),
        ("duplicate", "of 0:0"),
        ("dead letter", "null-value: the value is null"),
        ("row", ""),
        ("duplicate", "of 1:1, with other values in customer_id, first_sku, first_quantity, gift"),
        ("dead letter", "malformed-json: an event is an object, not an array"),
        (
            "dead letter",
            "bad-value: field placed_at: '\\x1b]0;owned\\x07' is not a time such as 2026-01-31T12:00:00Z",
        ),
    ]


def test_counts_add_up_to_the_records() -> None:
    sample = sample_of(*MIXED)
    assert sample.counts == {Outcome.ROW: 3, Outcome.DUPLICATE: 2, Outcome.DEAD_LETTER: 3}
    assert len(sample.rows) == 3
    assert [row and row["order_id"] for _, row in sample.with_rows()][:5] == ["A-1", "A-2", None, None, "A-3"]


def test_a_row_has_derived_columns_its_bucket_and_what_is_joined() -> None:
    first, second, guest = sample_of(*MIXED).rows
    assert list(first) == list(ORDERS.columns)
    assert first["placed_at"] == datetime(2026, 3, 28, 22, 10)
    assert (first["placed_day"], first["placed_month"]) == (date(2026, 3, 28), date(2026, 3, 1))
    # The first four bytes of the SHA-256 of `A-1`, modulo 16.
    assert first["bucket"] == 9
    assert (first["customer_name"], first["segment"], first["first_title"]) == ("Ada \x1b[31m", None, "Product 4")
    assert (second["customer_name"], second["first_title"], second["first_list_cents"]) == (None, "Product 5", 285)
    assert (guest["customer_name"], guest["category"]) == (None, "toys")


def test_a_join_says_how_many_rows_have_no_match() -> None:
    # An order of an unknown customer, and one of a guest. A null in a row that matched is no miss.
    assert sample_of(*MIXED).misses == [2, 0]


def test_references_are_asked_for_each_key_once_and_never_for_null() -> None:
    events = events_of(sample_of(*MIXED).judged)
    assert joining.keys_of(ORDERS, "customers", events) == [("c7",), ("c99",)]
    assert joining.keys_of(ORDERS, "products", events) == [("sku-4",), ("sku-5",)]


def test_a_sample_without_rows_shows_its_letters() -> None:
    text = printed(sample_of(None, b"{}"), 160)
    assert "2 records: 0 rows, 0 duplicates, 2 dead letters" in text
    assert "missing-value: field order_id" in text


@pytest.mark.parametrize("width", [80, 160, 600])
def test_no_terminal_escape_reaches_the_terminal(width: int) -> None:
    text = printed(sample_of(*MIXED), width)
    assert {each for each in text if not each.isprintable()} == {"\n"}
    assert r"Ada \x1b[31m" in text


def test_rows_are_transposed_where_they_are_too_wide() -> None:
    wide, narrow = printed(sample_of(*MIXED), 600), printed(sample_of(*MIXED), 80)
    (header,) = [line for line in wide.splitlines() if "customer_name" in line]
    assert "order_id" in header
    (line,) = [line for line in narrow.splitlines()[20:] if " order_id " in line and "A-1" in line]
    assert "A-2" in line
    assert "rows 1 to 2" in narrow
    assert "row 3" in [line.strip() for line in narrow.splitlines()]


def test_a_table_needs_twelve_characters_for_each_column() -> None:
    width = 12 * len(ORDERS.columns)
    assert "rows 1 to 3" not in printed(sample_of(*MIXED), width)
    assert "rows 1 to 3" in printed(sample_of(*MIXED), width - 1)


def test_the_counts_name_joins_and_say_that_nothing_was_written() -> None:
    lines = printed(sample_of(*MIXED), 160).splitlines()
    assert lines[-4:] == [
        "8 records: 3 rows, 2 duplicates, 3 dead letters",
        "customers: 2 rows of 3 without a match",
        "products: 0 rows of 3 without a match",
        "Nothing was written.",
    ]


def test_json_has_the_same_in_ascii() -> None:
    text = shown.as_json(sample_of(*MIXED, event(5, channel="\x7f\x9b☕")))
    assert {each for each in text if not 32 <= ord(each) < 127} == {"\n"}
    document = json.loads(text)
    assert document["counts"] == {"row": 4, "duplicate": 2, "dead letter": 3}
    assert document["joins"] == [
        {"reference": "customers", "without_match": 2},
        {"reference": "products", "without_match": 0},
    ]
    first, *_, last = document["records"]
    assert (first["partition"], first["offset"], first["timestamp"]) == (0, 0, "2026-03-28T22:10:00.000Z")
    assert first["row"]["placed_at"] == "2026-03-28T22:10:00.000Z"
    assert first["row"]["placed_day"] == "2026-03-28"
    assert last["row"]["channel"] == "\x7f\x9b☕"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (b"\x1b[", "1b5b"),
        (float("nan"), "nan"),
        (datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC), "2026-01-02T03:04:05.678Z"),
        ("a\nb\u202ec", r"a\nb\u202ec"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 57 + "..."),
    ],
)
def test_a_cell_is_one_printable_line(value: Any, text: str) -> None:
    assert shown.cell(value) == text


def test_a_window_is_the_end_of_each_partition() -> None:
    assert windows({0: (0, 100), 1: (95, 100), 2: (3, 3)}, 10) == {0: (90, 100), 1: (95, 100), 2: (3, 3)}


def sized(*sizes: int) -> list[Record]:
    return [Record(at, 0, at, b"x" * size) for at, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "wanted", "kept", "limited"),
    [
        ((1, 1, 1), 3, [0, 1, 2], False),
        ((1, 1, 1), 2, [1, 2], False),
        ((4, 3, 3), 3, [0, 1, 2], False),
        ((5, 3, 3), 3, [1, 2], True),
        ((5, 3, 3), 2, [1, 2], False),
        ((11,), 1, [0], False),
        ((1, 11), 2, [1], True),
        # The first is older than one that did not fit.
        ((1, 9, 5), 3, [2], True),
        ((9, 9, 1, 1), 2, [2, 3], False),
    ],
)
def test_the_newest_records_fit_in_a_number_of_bytes(
    sizes: tuple[int, ...], wanted: int, kept: list[int], limited: bool
) -> None:
    records = sized(*sizes)
    for arriving in permutations(records):
        found, fewer = newest(arriving, wanted, 10)
        assert [record.offset for record in found] == kept
        assert fewer is limited


def test_a_sample_of_a_limited_size_says_so() -> None:
    full, limited = sample_of(event(1)), replace(sample_of(event(1)), limited=True)
    told = "More records were not read: a sample has at most 64 MiB."
    assert (told in printed(full, 160), told in printed(limited, 160)) == (False, True)
    found = [json.loads(shown.as_json(each))["size_limit_reached"] for each in (full, limited)]
    assert found == [False, True]
