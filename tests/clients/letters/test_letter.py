"""Letters and markers are what their headers say, and wrong headers never stop anybody from looking."""

from __future__ import annotations

from typing import Any

import pytest
from tests.clients.letters.made import BAD_TIME, SOURCE, TAKEN_MS, letter, marker, origin, texts

from weir.clients.letters import headers
from weir.clients.letters.letter import Done, Origin, Position, letter_of, marker_of, parse_position
from weir.config.errors import WeirError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("0:17", Position(0, 17)),
        ("12:0", Position(12, 0)),
        ("flights.events:2:1044", Origin("flights.events", 2, 1044)),
        ("0:999999999999999999", Position(0, 10**18 - 1)),
    ],
)
def test_a_position_is_that_of_the_letter_or_of_its_record(text: str, position: Position | Origin) -> None:
    assert parse_position(text) == position
    assert str(parse_position(text)) == text


@pytest.mark.parametrize("text", ["", "17", "0:", ":17", "0:-1", "a:1", "a b:0:1", "0:1:2:3", "0:1\n", "0:" + "9" * 19])
def test_what_is_no_position_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(WeirError, match=r"is no position; write partition:offset"):
        parse_position(text)


@pytest.mark.parametrize(
    ("reason", "code", "field"),
    [
        (BAD_TIME, "out-of-range", "time_hour"),
        ("malformed-avro: field legs.0.price: no digits", "malformed-avro", "legs.0.price"),
        ("bad-magic: the first byte is 31", "bad-magic", ""),
        ("refused: Index of flights.by_note: field too long", "refused", ""),
        ("truncated: the value says: field a: b", "truncated", ""),
        ("", "", ""),
    ],
)
def test_a_reason_begins_with_a_code_and_may_name_a_field(reason: str, code: str, field: str) -> None:
    found = letter(1, reason=reason)
    assert (found.code, found.field) == (code, field)


def test_a_letter_knows_where_its_record_was_and_when() -> None:
    found = letter(5, arrived_ms=9)
    assert (found.position, found.arrived_ms) == (Position(0, 5), 9)
    assert (found.origin, found.timestamp_ms) == (Origin(SOURCE, 2, 7), 1_700_000_000_123)
    assert found.whole


@pytest.mark.parametrize("cut", [{"truncated": "true"}, {"key_length": "70000"}])
def test_a_cut_key_or_value_is_not_whole(cut: dict[str, Any]) -> None:
    assert not letter(5, **cut).whole


@pytest.mark.parametrize("name", [headers.TOPIC, headers.PARTITION, headers.OFFSET])
@pytest.mark.parametrize("wrong", [None, "", "-1", "1.5", "x", "9" * 19, "٣"])
def test_headers_that_do_not_say_it_make_a_letter_without_a_place(name: str, wrong: str | None) -> None:
    if name == headers.TOPIC and wrong:
        return
    found = {key: text for key, text in texts().items() if key != name} | ({name: wrong} if wrong is not None else {})
    assert letter_of(Position(0, 5), 0, found).origin is None


def test_a_letter_without_any_header_is_still_a_letter() -> None:
    found = letter_of(Position(0, 5), 0, {})
    assert (found.code, found.origin, found.timestamp_ms) == ("(no reason)", None, None)


def test_a_marker_names_its_letter_and_what_was_done() -> None:
    assert marker_of(3, texts()) is None, "a letter is no marker"
    found = marker(5, "dropped", origin=7, note="old feed")
    assert (found.letter, found.record) == (Position(0, 5), (origin(7), TAKEN_MS))
    assert (found.done, found.note) == (Done.DROPPED, "old feed")


@pytest.mark.parametrize(("kind", "place"), [("moved", "0:5"), ("resent", "x"), ("resent", "flights.events:0:5")])
def test_a_marker_of_an_unknown_kind_stops_the_reader(kind: str, place: str) -> None:
    with pytest.raises(WeirError, match="marker that cannot be read"):
        marker_of(0, {headers.MARKER: kind, headers.LETTER: place})
