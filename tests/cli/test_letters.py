"""`weir letters`: what its options mean, and that what it prints is harmless."""

from __future__ import annotations

from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from tests.catalog.with_clients import FEED, OPERATORS, flights_with
from tests.clients.letters.made import envelope, letter, marker
from typer.testing import CliRunner

from weir.cli.letters import commands, selection
from weir.cli.letters_place import desk_of, login_of, only_user
from weir.cli.letters_shown import as_document, as_table, letter_document, letter_lines, summary, time_text
from weir.clients.letters.letter import Origin, Position
from weir.clients.letters.mailbox import Envelope
from weir.clients.letters.post import Post
from weir.config.errors import WeirError

pytestmark = pytest.mark.unit

HOSTILE = "bad-magic: field \x1b[31m\x9b2J[red]x[/]: :smile: \u202e"


def test_times_are_utc_and_positions_of_both_kinds() -> None:
    chosen = selection(["0:1", "a:2:3"], ["bad-magic"], None, datetime(2026, 1, 1), datetime(2026, 1, 1, 0, 1))
    assert chosen.positions == (Position(0, 1), Origin("a", 2, 3))
    assert (chosen.since_ms, chosen.until_ms) == (1_767_225_600_000, 1_767_225_660_000)
    assert not chosen.is_everything
    assert selection(None, None, None, None, None).is_everything


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "select letters by position, --code, --field, --since or --until"),
        (["--code", "bad-magic", "--every"], "select letters by position"),
        (["--every", "--reason", " "], "--reason: between 1 and 1000 characters"),
        (["--every", "--reason", "x" * 1001], "--reason: between 1 and 1000 characters"),
        (["--every", "--registry", "http://r"], "--registry, --login and --user: only with --kafka"),
        (["--every", "--kafka", "k:9092"], "--kafka: flights reads Avro, and needs its schemas; add --registry"),
    ],
)
def test_a_drop_is_refused_before_anything_is_touched(arguments: list[str], told: str) -> None:
    reason = [] if "--reason" in arguments else ["--reason", "old"]
    result = CliRunner().invoke(commands, ["drop", "flights", *reason, *arguments])
    assert isinstance(result.exception, WeirError)
    assert told in str(result.exception)


def test_the_login_is_the_secret_of_the_only_client_with_the_role(tmp_path: Path) -> None:
    pipeline = flights_with(tmp_path / "p", {"operators": OPERATORS, "feed": FEED})
    (tmp_path / "password").write_text("canary\n")
    login = login_of(tmp_path, pipeline, None)
    assert (login.username, login.password.get_secret_value()) == ("weir-flights-operators", "canary")
    assert login.ca_file is None
    for name in ("ca.crt", "user.crt", "user.key"):
        (tmp_path / name).write_text("pem")
    login = login_of(tmp_path, pipeline, None)
    assert (login.certificate_file, login.key_file) == (tmp_path / "user.crt", tmp_path / "user.key")
    assert (login.ca_file, login.username) == (tmp_path / "ca.crt", "")


def test_without_files_or_with_two_clients_a_login_is_refused(tmp_path: Path) -> None:
    pipeline = flights_with(tmp_path / "p", {"one": OPERATORS, "two": OPERATORS})
    with pytest.raises(WeirError, match=r"neither `password` nor `user.crt` and `user.key` are there"):
        login_of(tmp_path, pipeline, None)
    with pytest.raises(WeirError, match="2 clients have `role: letters`; name the Kafka user with --user"):
        only_user(pipeline)
    (tmp_path / "password").write_text("x")
    assert login_of(tmp_path, pipeline, "somebody").username == "somebody"


def test_another_kafka_needs_nothing_of_this_machine() -> None:
    desk = desk_of("flights", "kafka:9092", "http://registry/ccompat/v7/", None, None)
    assert desk.endpoints.kafka_bootstrap_servers == "kafka:9092"
    assert desk.endpoints.registry_url == "http://registry/ccompat/v7"
    assert desk.mailbox.topic == "flights.dead-letters"


def test_json_needs_no_registry() -> None:
    desk = desk_of("orders", "kafka:9092", None, None, None)
    assert (desk.endpoints.kafka_bootstrap_servers, desk.endpoints.registry_url) == ("kafka:9092", "")
    assert desk.verdict(Envelope(letter(0), None, b"[]", {})).startswith("still a dead letter, malformed-json")


def post() -> Post:
    made = Post()
    for entry in (letter(0, reason=HOSTILE), letter(1, origin=8), letter(2, origin=9), marker(1), marker(2, "dropped")):
        made.add(entry)
    return made


def test_a_list_counts_what_is_open_and_what_was_done() -> None:
    text = summary("t", post(), list(post().open()), 0)
    assert text == "t: 1 letters listed; 1 open, 1 resent, 1 dropped"
    assert summary("t", post(), [], 3).endswith("; 3 more are in a transaction that is still open")
    document = as_document("t", post(), post().letters, 3)
    assert {name: document[name] for name in ("listed", "open", "resent", "dropped", "uncommitted")} == {
        "listed": 3, "open": 1, "resent": 1, "dropped": 1, "uncommitted": 3,
    }  # fmt: skip
    assert document["groups"][0] == {
        "code": "out-of-range",
        "field": "time_hour",
        "letters": 2,
        "first": "1970-01-01T00:00:00Z",
        "last": "1970-01-01T00:00:00Z",
        "example": "0:2",
        "reason": letter(2).reason,
    }


def test_a_table_of_hostile_reasons_has_no_command_and_no_markup() -> None:
    out = StringIO()
    Console(file=out, width=200, force_terminal=True, color_system=None).print(as_table(post().letters))
    text = out.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert "\\x1b[31m\\x9b2J[red]x[/]: :smile: \\u202e" in text


def test_one_letter_is_shown_whole_and_harmless() -> None:
    hostile = envelope(0, key=None, value=b"\x1b]0;owned\x07 and more text", reason=HOSTILE)
    lines = list(letter_lines(hostile, marker(0, "dropped", note="by \x1b me"), "decodes: {'a': '\x9b'}", full=False))
    assert all(line.isprintable() for line in lines)
    assert "state     dropped 2023-11-14T22:13:21Z: by \\x1b me" in lines
    assert "key     null" in lines
    assert "  as text: \\x1b]0;owned\\x07 and more text" in lines
    assert any(line.endswith(".]0;owned. and m") for line in lines)


def test_the_document_of_a_letter_has_its_bytes_in_hex() -> None:
    document = letter_document(envelope(0, key=None, value=b"\x00\xff"), None, "still a dead letter")
    assert (document["key"], document["value"], document["state"]) == (None, "00ff", "open")
    assert (document["letter"], document["now"]) == ("0:0", "still a dead letter")


@pytest.mark.parametrize(("milliseconds", "text"), [(0, "1970-01-01T00:00:00Z"), (10**18, f"{10**18} ms")])
def test_a_time_is_utc_and_an_impossible_one_a_number(milliseconds: int, text: str) -> None:
    assert time_text(milliseconds) == text
