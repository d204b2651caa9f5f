"""`weir letters` on the real Kafka and registry: what goes back is exact, and only once. The test plays the job."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME
from tests.contract.letters_bench import HOSTILE, LettersBench
from typer.testing import CliRunner

from weir.cli import letters as command_line
from weir.clients.letters import headers
from weir.clients.letters.courier import Courier
from weir.clients.letters.letter import Position
from weir.clients.letters.mailbox import Mailbox
from weir.clients.letters.post import Selection
from weir.clients.letters.resending import outgoing
from weir.clients.letters.work import Desk
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.local.service import Context

pytestmark = [pytest.mark.contract, pytest.mark.timeout(600)]

ORDERS = 12
STILL_BAD = {"still bad-magic": 1}


@pytest.fixture(scope="module")
def endpoints(platform_of: Callable[..., Context]) -> Endpoints:
    return platform_of("kafka", "registry").endpoints


def bench_of(endpoints: Endpoints, folder: Path, clock: str = "LogAppendTime") -> LettersBench:
    """Twelve orders that the schema does not know, one that it knows, and a record that is no order."""
    bench = LettersBench.made(endpoints, folder, {"message.timestamp.type": clock})
    bench.publish([*(bench.value(number) for number in range(ORDERS)), bench.value(99, "de"), HOSTILE])
    bench.play_the_job()
    return bench


@pytest.fixture
def bench(endpoints: Endpoints, tmp_path: Path) -> LettersBench:
    return bench_of(endpoints, tmp_path)


def quiet(_: str) -> None:
    return


@pytest.mark.parametrize("clock", ["LogAppendTime", "CreateTime"])
def test_after_a_fix_each_record_goes_back_once_as_it_was(endpoints: Endpoints, tmp_path: Path, clock: str) -> None:
    bench = bench_of(endpoints, tmp_path, clock)
    originals = {(message.partition(), message.offset()): message for message in bench.source()}
    unfixed = Desk(endpoints, bench.before).resend(Selection(), quiet)
    assert (unfixed.sent, unfixed.held) == (0, {"still incompatible-schema": ORDERS, **STILL_BAD})
    desk = Desk(endpoints, bench.after)
    rehearsed = desk.resend(Selection(), quiet, dry_run=True)
    assert (rehearsed.sent, rehearsed.held, bench.resent()) == (ORDERS, STILL_BAD, {})

    done = desk.resend(Selection(), quiet)
    assert (done.sent, done.repeated, done.held) == (ORDERS, 0, STILL_BAD)
    resent = bench.resent()
    assert [len(messages) for messages in resent.values()] == [1] * ORDERS
    for place, (message,) in resent.items():
        original, about = originals[place], headers.texts(message)
        assert (message.key(), message.value(), message.partition()) == (
            original.key(), original.value(), original.partition(),
        )  # fmt: skip
        assert about[headers.TIMESTAMP] == str(original.timestamp()[1])
        assert about[headers.TOPIC] == bench.after.source_topic.name
        assert about[headers.RESENT_FROM].startswith(f"{bench.after.dead_letter_topic.name}:0:")
        kind = TIMESTAMP_CREATE_TIME if clock == "CreateTime" else TIMESTAMP_LOG_APPEND_TIME
        assert message.timestamp()[0] == kind
        assert (message.timestamp() == original.timestamp()) == (clock == "CreateTime")

    again = desk.resend(Selection(codes=("incompatible-schema",)), quiet)
    assert (again.sent, again.is_complete) == (0, True)
    assert len(bench.source()) == ORDERS + 2 + ORDERS


def test_what_a_dead_process_had_begun_counts_for_nothing(endpoints: Endpoints, bench: LettersBench) -> None:
    mailbox = Mailbox(endpoints, bench.after)
    dead = Courier(endpoints, bench.after)
    post = dead.mailbox.read_settled(quiet)
    chosen = Selection(codes=("incompatible-schema",)).of(post.open())
    records = [outgoing(mailbox.topic, envelope) for envelope in mailbox.envelopes(chosen)]
    dead.send(records[:3])
    dead.begin(records[3:8])
    assert len(bench.resent()) == 3, "readers of committed records see what was committed"

    assert Desk(endpoints, bench.after).resend(Selection(), quiet).sent == ORDERS - 3
    with pytest.raises(WeirError, match="another `weir letters` took over"):
        dead.commit()
    assert [len(messages) for messages in bench.resent().values()] == [1] * ORDERS
    assert [letter.code for letter in mailbox.read()[0].open()] == ["bad-magic"]


def test_nothing_is_decided_behind_an_open_transaction(endpoints: Endpoints, bench: LettersBench) -> None:
    """A job that went back writes all letters again, and has not committed them yet."""
    mailbox, job = Mailbox(endpoints, bench.after), bench.begin_letters()
    _, hidden = mailbox.read()
    assert hidden >= ORDERS + 1
    told: list[str] = []
    with pytest.raises(WeirError, match=r"a transaction is still open after 1 s; nothing was sent"):
        mailbox.read_settled(told.append, wait_seconds=1)
    assert len(told) == 1
    job.commit_transaction(30)
    assert len(mailbox.read_settled(quiet).letters) == 2 * (ORDERS + 1)

    done = Desk(endpoints, bench.after).resend(Selection(codes=("incompatible-schema",)), quiet)
    assert (done.sent, done.repeated) == (ORDERS, ORDERS), "one record, one resend, however many letters"
    assert [len(messages) for messages in bench.resent().values()] == [1] * ORDERS
    post = mailbox.read_settled(quiet)
    assert list(post.implied(Selection())) == [], "each letter has a marker of its own"
    assert [letter.code for letter in post.open()] == ["bad-magic"] * 2


def test_a_letter_that_comes_after_its_marker_gets_its_own(endpoints: Endpoints, bench: LettersBench) -> None:
    """The job goes back twice: behind a resend, and behind a drop of all that is left."""
    desk, everything = Desk(endpoints, bench.after), Selection()
    assert desk.resend(everything, quiet).sent == ORDERS
    bench.play_the_job()
    assert len(list(desk.mailbox.read_settled(quiet).implied(everything))) == ORDERS
    assert desk.resend(everything, quiet, dry_run=True).sent == 0
    assert len(list(desk.mailbox.read_settled(quiet).implied(everything))) == ORDERS, "a dry run marks nothing"
    assert desk.resend(everything, quiet).sent == 0
    assert list(desk.mailbox.read_settled(quiet).implied(everything)) == []
    bench.play_the_job()
    assert desk.drop(Selection(codes=("bad-magic",)), "noise", quiet) == 3
    assert len(list(desk.mailbox.read_settled(quiet).implied(everything))) == ORDERS, "they were not selected"
    assert desk.drop(everything, "noise", quiet) == 0
    post = desk.mailbox.read_settled(quiet)
    assert (list(post.implied(everything)), list(post.open())) == ([], [])
    assert [len(messages) for messages in bench.resent().values()] == [1] * ORDERS


def test_a_dropped_record_goes_back_once(endpoints: Endpoints, bench: LettersBench) -> None:
    """It has two letters, and `drop` marked both."""
    bench.play_the_job()
    desk, chosen = Desk(endpoints, bench.after), Selection(codes=("incompatible-schema",))
    assert desk.drop(chosen, "test orders", quiet) == 2 * ORDERS
    letters = chosen.of(desk.mailbox.read()[0].letters)
    assert letters[0].origin is not None
    named = Selection(positions=(letters[0].origin,))
    assert [(done.sent, done.repeated) for done in (desk.resend(named, quiet), desk.resend(named, quiet))] == [
        (1, 1), (0, 0),
    ]  # fmt: skip
    assert [len(messages) for messages in bench.resent().values()] == [1]


def test_a_dropped_letter_stays_where_it_is_and_leaves_the_list(endpoints: Endpoints, bench: LettersBench) -> None:
    desk = Desk(endpoints, bench.after)
    chosen = Selection(codes=("incompatible-schema",))
    assert desk.drop(chosen, "test orders", quiet, dry_run=True) == ORDERS
    assert desk.drop(chosen, "test orders", quiet) == ORDERS
    assert desk.drop(chosen, "test orders", quiet) == 0
    post, _ = desk.mailbox.read()
    assert len(post.letters) == ORDERS + 1
    assert [letter.code for letter in post.open()] == ["bad-magic"]
    dropped = next(letter for letter in post.letters if letter.code == "incompatible-schema")
    marker = post.marker(dropped)
    assert marker is not None
    assert marker.note == "test orders"
    assert desk.resend(chosen, quiet).sent == 0
    assert desk.resend(Selection(positions=(dropped.position,)), quiet).sent == 1, "it was named"
    assert desk.resend(Selection(positions=(dropped.position,)), quiet).sent == 0
    with pytest.raises(WeirError, match="no dead letter 0:999999"):
        desk.resend(Selection(positions=(Position(0, 999_999),)), quiet)


def test_the_commands_say_what_is_there_and_are_harmless(
    endpoints: Endpoints, bench: LettersBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipeline is not one of the repository, so the commands are told where it is."""
    monkeypatch.setattr(command_line, "desk_of", lambda *_: Desk(endpoints, bench.after))

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(command_line.commands, list(arguments), catch_exceptions=False)
        return result.exit_code, result.stdout

    code, text = run("list", "orders", "--json")
    document = json.loads(text)
    assert (code, document["open"]) == (0, ORDERS + 1)
    groups = {(group["code"], group["field"]): group for group in document["groups"]}
    assert {place: group["letters"] for place, group in groups.items()} == {
        ("incompatible-schema", "country"): ORDERS, ("bad-magic", ""): 1,
    }  # fmt: skip
    code, text = run("show", "orders", groups["bad-magic", ""]["example"])
    assert code == 0
    assert "still a dead letter, bad-magic" in text
    assert "\\x1b]0;owned\\x07 this is no event" in text
    assert "\x1b" not in text
    code, text = run("show", "orders", groups["incompatible-schema", "country"]["example"])
    assert code == 0
    assert 'now       decodes: {"country": "es"' in text
    assert run("resend", "orders", "--dry-run", "--code", "incompatible-schema")[0] == 0
    code, text = run("resend", "orders", "--json")
    assert (code, json.loads(text)) == (
        1, {"dry_run": False, "sent": ORDERS, "repeated": 0, "held": STILL_BAD},
    )  # fmt: skip
    assert run("drop", "orders", "--code", "bad-magic", "--reason", "noise") == (0, "1 letters dropped\n")
    document = json.loads(run("list", "orders", "--json", "--all")[1])
    assert (document["listed"], document["open"], document["resent"], document["dropped"]) == (
        ORDERS + 1, 0, ORDERS, 1,
    )  # fmt: skip
