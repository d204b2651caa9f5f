"""What goes back to the source topic is the record as it was, and only a record that becomes a row."""

from __future__ import annotations

from typing import Any

import pytest
from tests.clients.letters.made import SOURCE, TAKEN_MS, envelope, letter, origin, texts

from weir.catalog.pipeline import load_pipeline
from weir.clients.letters import headers, resending
from weir.clients.letters.letter import Done, Letter, Marker, Origin, Position, letter_of, marker_of
from weir.clients.letters.resending import Outgoing, batches, distinct, marker, obstacle, outgoing
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, None),
        ({"reason": "refused: no"}, "holds a row that Cassandra refused"),
        ({"origin": None}, "do not say where the record was"),
        ({"timestamp": "soon"}, "do not say where the record was"),
        ({"topic": "flights.table.rows"}, "came from another topic than flights.events"),
        ({"partition": "3"}, None),
        ({"partition": "4"}, "a partition that flights.events no longer has"),
        ({"truncated": "true"}, "its key or value was cut"),
        ({"key_length": "70000"}, "its key or value was cut"),
    ],
)
def test_a_letter_that_cannot_go_back_says_why(changes: dict[str, Any], told: str | None) -> None:
    why = obstacle(FLIGHTS, 4, letter(5, **changes))
    assert (why is None) == (told is None)
    assert (told or "") in (why or "")


def test_a_record_goes_back_as_it_was_to_where_it_was() -> None:
    record = outgoing("flights.dead-letters", envelope(5, key=None, value=b"\x00v"))
    assert (record.key, record.value, record.timestamp_ms) == (None, b"\x00v", 1_700_000_000_123)
    assert record.origin == Origin(SOURCE, 2, 7)
    assert dict(record.headers) == {
        "weir.topic": b"flights.events",
        "weir.partition": b"2",
        "weir.offset": b"7",
        "weir.timestamp": b"1700000000123",
        "weir.resent-from": b"flights.dead-letters:0:5",
    }


def test_a_letter_with_an_obstacle_is_never_sent() -> None:
    with pytest.raises(ValueError, match="letter 0:5 has an obstacle"):
        outgoing("flights.dead-letters", envelope(5, origin=None))


@pytest.mark.parametrize(("done", "note"), [(Done.RESENT, ""), (Done.DROPPED, "alter Einspeiser, läuft aus")])
def test_a_marker_is_read_as_it_was_written(done: Done, note: str) -> None:
    written = {name: text.decode() for name, text in marker(letter(5), done, note)}
    assert marker_of(9, written) == Marker(Position(0, 5), (origin(7), TAKEN_MS), done, 9, note)
    assert headers.REASON not in written, "no reader takes it for a letter's reason"


def test_one_record_goes_once_however_many_letters_it_has() -> None:
    letters = [letter(0, origin=1), letter(1, origin=2), letter(2, origin=1), letter(3, origin=None), nowhere(4)]
    letters.append(letter(5, origin=1, timestamp="1800000000000"))
    firsts, repeated = distinct(letters)
    assert [found.position.offset for found in firsts] == [0, 1, 3, 4, 5]
    assert [found.position.offset for found in repeated] == [2]


def nowhere(offset: int) -> Letter:
    return letter_of(Position(0, offset), 0, texts(origin=None))


def test_a_transaction_is_short_in_records_and_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resending, "BATCH_LETTERS", 3)
    monkeypatch.setattr(resending, "BATCH_BYTES", 10)
    sizes = [4, 6, 1, 1, 1, 1, 20, 2]
    made = [record(size) for size in sizes]
    assert [[each.size_bytes for each in batch] for batch in batches(made)] == [[4, 6], [1, 1, 1], [1], [20], [2]]
    assert list(batches([])) == []


def record(size: int) -> Outgoing:
    return outgoing("flights.dead-letters", envelope(5, key=b"", value=bytes(size)))
