"""Which letters are open, which of them a selection means, and how they are counted."""

from __future__ import annotations

import pytest
from tests.clients.letters.made import BAD_TIME, letter, marker, origin

from weir.clients.letters import resending
from weir.clients.letters.letter import Letter, Marker, Position, marker_of
from weir.clients.letters.post import Group, Post, Selection, grouped
from weir.config.errors import WeirError

pytestmark = pytest.mark.unit

MAGIC = "bad-magic: the first byte is 31"


def post(*entries: Letter | Marker) -> Post:
    made = Post()
    for entry in entries:
        made.add(entry)
    return made


def offsets(letters: list[Letter]) -> list[int]:
    return [found.position.offset for found in letters]


def test_a_letter_is_open_until_a_marker_names_it() -> None:
    found = post(letter(0, origin=1), letter(1, origin=2), marker(0), letter(3, origin=3))
    assert offsets(list(found.open())) == [1, 3]


def test_what_was_done_about_a_record_holds_for_its_other_letters() -> None:
    found = post(letter(0, origin=1), marker(0, origin=1), letter(2, origin=1), letter(3, origin=2))
    assert offsets(list(found.open())) == [3]


def test_a_place_that_is_used_again_is_another_record() -> None:
    """The source topic was deleted and made again, and its offsets begin anew."""
    found = post(letter(0, origin=1), marker(0, origin=1), letter(2, origin=1, timestamp="1800000000000"))
    assert offsets(list(found.open())) == [2]


def test_letters_without_an_origin_are_not_taken_for_one_another() -> None:
    found = post(letter(0, origin=None), letter(1, origin=None), marker(0))
    assert offsets(list(found.open())) == [1]


def test_a_dropped_letter_goes_back_only_when_it_is_named() -> None:
    found = post(letter(0, origin=1), letter(1, origin=2), marker(0, "dropped", origin=1), marker(1, "resent"))
    assert found.sendable(Selection()) == []
    assert found.sendable(Selection(codes=("out-of-range",))) == []
    assert offsets(found.sendable(Selection(positions=(Position(0, 0), Position(0, 1))))) == [0]


RESENT, DROPPED = "resent", "dropped"


@pytest.mark.parametrize(
    ("markers", "expected"),
    [
        ([marker(0, DROPPED, 1), marker(0, RESENT, 1)], RESENT),
        ([marker(0, RESENT, 1), marker(0, DROPPED, 1)], RESENT),
        ([marker(0, RESENT, 1), marker(1, DROPPED, 1)], RESENT),
        ([marker(0, DROPPED, 1), marker(1, DROPPED, 1), marker(0, RESENT, 1)], RESENT),
        ([marker(0, DROPPED, 1), marker(1, DROPPED, 1), marker(1, RESENT, 1)], RESENT),
        ([marker(0, DROPPED, 1), marker(1, DROPPED, 1)], DROPPED),
    ],
)
def test_a_record_that_was_sent_never_goes_again(markers: list[Marker], expected: str) -> None:
    """Both letters are of one record. One that was only dropped may still go when it is named."""
    found = post(letter(0, origin=1), letter(1, origin=1), *markers)
    known = [found.marker(each) for each in found.letters]
    assert [None if each is None else each.done for each in known] == [expected, expected]
    named = found.sendable(Selection(positions=(origin(1),)))
    assert offsets(named) == ([0, 1] if expected == DROPPED else [])


def test_of_two_words_about_a_letter_the_last_counts() -> None:
    found = post(letter(0, origin=1), marker(0, DROPPED, 1, "noise"), marker(0, DROPPED, 1, "load test"))
    known = found.marker(found.letters[0])
    assert known is not None
    assert known.note == "load test"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Selection(), [(1, RESENT, ""), (3, RESENT, ""), (5, DROPPED, "noise")]),
        (Selection(positions=(origin(1),)), [(1, RESENT, ""), (3, RESENT, "")]),
        (Selection(positions=(Position(0, 0),)), [(1, RESENT, ""), (3, RESENT, "")]),
        (Selection(positions=(Position(0, 5),)), [(5, DROPPED, "noise")]),
        (Selection(codes=("bad-magic",)), [(1, RESENT, ""), (3, RESENT, "")]),
        (Selection(positions=(Position(0, 6), Position(0, 7))), []),
    ],
)
def test_letters_closed_by_another_one_need_a_marker(chosen: Selection, expected: list[tuple[int, str, str]]) -> None:
    """Record 1 was sent again through letter 0, and record 2 dropped through letter 4; 6 is open, 7 has no record."""
    letters = [
        *(letter(offset, origin=1, reason=MAGIC if offset == 3 else BAD_TIME) for offset in (0, 1, 3)),
        *(letter(offset, origin=record) for offset, record in {4: 2, 5: 2, 6: 3, 7: None, 8: None}.items()),
    ]
    markers = [marker(1, DROPPED, 1), marker(0, RESENT, 1), marker(4, DROPPED, 2, "noise"), marker(8, DROPPED)]
    found = [(each.position.offset, known.done, known.note) for each, known in post(*letters, *markers).implied(chosen)]
    assert found == expected


def test_a_letter_outlives_the_marker_of_another_one() -> None:
    """The marker of letter 0 expired with it; letter 2 came later, and has its own."""
    chosen, entries = Selection(), [letter(0, origin=1), marker(0, RESENT, 1), letter(2, origin=1)]
    ((later, known),) = post(*entries).implied(chosen)
    own = marker_of(known.at_ms, {name: text.decode() for name, text in resending.marker(later, known.done)})
    assert own is not None
    assert list(post(later, own).open()) == []
    assert list(post(later).open()) == [later]
    assert list(post(*entries, own).implied(chosen)) == []


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Selection(), [0, 1, 2]),
        (Selection(codes=("bad-magic",)), [1]),
        (Selection(codes=("bad-magic", "out-of-range")), [0, 1, 2]),
        (Selection(fields=("time_hour",)), [0, 2]),
        (Selection(codes=("bad-magic",), fields=("time_hour",)), []),
        (Selection(since_ms=20), [1, 2]),
        (Selection(since_ms=21), [2]),
        (Selection(until_ms=20), [0]),
        (Selection(until_ms=21), [0, 1]),
        (Selection(positions=(Position(0, 1), origin(9))), [1, 2]),
        (Selection(positions=(Position(0, 1),), codes=("out-of-range",)), []),
    ],
)
def test_a_selection_is_what_passes_every_filter(chosen: Selection, expected: list[int]) -> None:
    letters = [letter(0, arrived_ms=10), letter(1, arrived_ms=20, reason=MAGIC), letter(2, arrived_ms=30, origin=9)]
    assert offsets(chosen.of(letters)) == expected


def test_a_position_without_a_letter_is_named() -> None:
    chosen = Selection(positions=(Position(0, 0), Position(0, 8), origin(7), origin(8)))
    with pytest.raises(WeirError, match=r"no dead letter 0:8, flights\.events:2:8; `weir letters list`"):
        chosen.require_all([letter(0)])
    Selection(positions=(Position(0, 0), origin(7))).require_all([letter(0)])


def test_one_letter_is_found_by_its_place_or_by_that_of_its_record() -> None:
    found = post(letter(0, origin=1), letter(1, origin=7), letter(2, origin=7))
    assert found.find(Position(0, 2)).position.offset == 2
    assert found.find(origin(7)).position.offset == 1
    with pytest.raises(WeirError, match="no dead letter 0:9"):
        found.find(Position(0, 9))


def test_letters_are_counted_by_code_and_field_the_largest_group_first() -> None:
    other = BAD_TIME.replace("time_hour", "arrived_at")
    letters = [
        letter(0, arrived_ms=40, reason=MAGIC),
        letter(1, arrived_ms=20, reason=other),
        letter(2, arrived_ms=30),
        letter(3, arrived_ms=10),
        letter(4, arrived_ms=30, reason=BAD_TIME.replace("45000", "46000")),
    ]
    assert grouped(letters) == [
        Group("out-of-range", "time_hour", 3, 10, 30, Position(0, 4), letters[4].reason),
        Group("bad-magic", "", 1, 40, 40, Position(0, 0), MAGIC),
        Group("out-of-range", "arrived_at", 1, 20, 20, Position(0, 1), other),
    ]
    assert grouped([]) == []
