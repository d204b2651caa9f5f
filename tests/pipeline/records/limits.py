"""Events that Avro can carry and no table can hold: each is a letter that says why, and the next ones go on."""

from __future__ import annotations

import json

from tests.pipeline.records.case import NOON, Case, Outcome, Sent, Wire

EARLIEST, LATEST = -2_208_988_800_000, 7_258_118_399_999
"""1900-01-01 00:00:00.000 and 2199-12-31 23:59:59.999, in milliseconds since 1970."""
UNUSABLE_SHOPS = {"nameless": "", "endless": "x" * 4_097}
"""Their city is a partition key of totals."""
LONGEST_ID = 65_535 - 4
"""What a day leaves of a clustering key of 65,535 bytes."""


def _keys(wire: Wire) -> list[Sent]:
    longest = "x" * (LONGEST_ID - len(wire.id("")))
    return [
        Sent(wire.event("empty", country="")),
        Sent(wire.event("after-empty")),
        Sent(wire.event("x" * 70_000)),
        Sent(wire.event(longest)),
        Sent(wire.event(longest + "x")),
        Sent(wire.event("wide", country="\u20ac" * 30_000)),
        Sent(wire.event("")),
        Sent(wire.event("last")),
    ]


def _check_keys(outcome: Outcome) -> None:
    reasons = [letter and letter.reason for letter in outcome.letters]
    begin = f"{70_000 + len('limits-keys/')} bytes, more than the 65531 that the clustering key of events has room for"
    shown = f"limits-keys/{'x' * 28}"
    assert reasons == [
        "empty-key: field country: it is empty, but is all of the partition key of events",
        None,
        f"key-too-long: field id: {begin}: '{shown}'...",
        None,
        f"key-too-long: field id: 65532 bytes, more than the 65531 that the clustering key of events has room for: "
        f"'{shown}'...",
        "key-too-long: field country: 90000 bytes, more than the 65535 that the partition key of events has room for: "
        f"'{'€' * 40}'...",
        None,
        None,
    ]
    longest = "x" * (LONGEST_ID - len("limits-keys/"))
    assert outcome.rows.keys() == {"after-empty", longest, "", "last"}
    assert [total["events"] for total in outcome.totals["by_country"]] == [4]
    assert [total["events"] for total in outcome.totals["by_city"]] == [4]
    empty = outcome.letters[0]
    assert empty
    assert empty.key == b"limits-keys"
    assert empty.value


def _times(wire: Wire) -> list[Sent]:
    times = {
        "microseconds": NOON * 1_000,
        "nanoseconds": NOON * 1_000_000,
        "greatest": 2**63 - 1,
        "least": -(2**63),
        "earliest": EARLIEST,
        "before": EARLIEST - 1,
        "latest": LATEST,
        "behind": LATEST + 1,
        "good": NOON,
    }
    return [Sent(wire.event(name, ts=time)) for name, time in times.items()]


def _check_times(outcome: Outcome) -> None:
    reasons = [letter.reason if letter else None for letter in outcome.letters]
    taken = "is not within 1900-01-01 to 2199-12-31"
    assert reasons == [
        f"out-of-range: field ts: {NOON * 1_000} {taken}",
        f"out-of-range: field ts: {NOON * 1_000_000} {taken}",
        f"out-of-range: field ts: {2**63 - 1} {taken}",
        f"out-of-range: field ts: {-(2**63)} {taken}",
        None,
        f"out-of-range: field ts: {EARLIEST - 1} {taken}",
        None,
        f"out-of-range: field ts: {LATEST + 1} {taken}",
        None,
    ]
    assert {name: (row["ts"].year, str(row["day"])) for name, row in outcome.rows.items()} == {
        "earliest": (1900, "1900-01-01"),
        "latest": (2199, "2199-12-31"),
        "good": (2025, "2025-01-01"),
    }
    days = {str(total["day"]): total["events"] for total in outcome.totals["by_country"]}
    assert days == {"1900-01-01": 1, "2199-12-31": 1, "2025-01-01": 1}


def _joined(wire: Wire) -> list[Sent]:
    return [Sent(wire.event(shop, shop=shop)) for shop in (*UNUSABLE_SHOPS, "s1")]


def _check_joined(outcome: Outcome) -> None:
    """A row of a reference that no table of totals could take is none: its events are kept, and counted as misses."""
    assert not any(outcome.letters)
    assert {name: row["city"] for name, row in outcome.rows.items()} == dict.fromkeys(UNUSABLE_SHOPS) | {"s1": "Faro"}
    cities = {total["city"]: total["events"] for total in outcome.totals["by_city"]}
    assert cities == {"nowhere": len(UNUSABLE_SHOPS), "Faro": 1}
    assert {shop: outcome.missed_shops.get(shop) for shop in UNUSABLE_SHOPS} == dict.fromkeys(UNUSABLE_SHOPS, 1)


def _refused(wire: Wire) -> list[Sent]:
    # Cassandra's index of a column takes values below 65,535 bytes (CassandraIndex.validateIndexedValue).
    return [Sent(wire.event("a")), Sent(wire.event("b", tag="x" * 65_535)), Sent(wire.event("c", tag="x" * 65_534))]


def _check_refused(outcome: Outcome) -> None:
    """What no limit can foresee is set aside where it is written, and the rows around it are written."""
    assert not any(outcome.letters)
    assert set(outcome.rows) == {"a", "c"}, [letter.reason for letter in outcome.refused]
    (letter,) = outcome.refused
    assert letter.reason.startswith("refused: ")
    assert letter.headers["weir.table"].endswith(".events")
    assert letter.headers["weir.timestamp"] == str(NOON)
    assert json.loads(letter.key or b"") == {"country": "limits-refused", "day": "2025-01-01", "id": "limits-refused/b"}
    row = json.loads(letter.value or b"")
    assert (row["id"], row["tag"], row["weight"]) == ("limits-refused/b", "x" * 65_535, "0.0")
    (total,) = outcome.totals["by_country"]
    assert total["events"] == 3, "the event is one; what cannot hold it is the table of rows"


CASES = [
    Case("limits-keys", _keys, _check_keys),
    Case("limits-times", _times, _check_times),
    Case("limits-joined", _joined, _check_joined),
    Case("limits-refused", _refused, _check_refused),
]
