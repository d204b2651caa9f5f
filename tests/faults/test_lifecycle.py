"""Starting and stopping when things go wrong: a clear message, the right exit code, and nothing left running."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults.only_kafka import BOUND_SECONDS, assert_nothing_runs, is_ready, kafka_of
from tests.platforms import Weir, free_ports_stack
from tests.waiting import wait_until

from weir.local import state
from weir.local.state import Status

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("fetched")]


def test_up_twice_and_down_twice(weir: Weir, up: Callable) -> None:
    first = up()
    assert first.returncode == 0, first.stderr
    pid = state.supervisor_pid(weir.paths)
    second = up()
    assert second.returncode == 0
    assert "already running" in second.stdout
    assert state.supervisor_pid(weir.paths) == pid

    down = weir.run("down")
    assert (down.returncode, "everything stopped" in down.stdout) == (0, True)
    assert_nothing_runs(weir)
    again = weir.run("down")
    assert (again.returncode, again.stdout.strip()) == (0, "nothing is running")


def test_an_up_with_more_services_names_what_is_missing(weir: Weir, up: Callable, tmp_path: Path) -> None:
    up()
    more = weir.run("up", "--stack", str(tmp_path / "Pulumi.test.yaml"), "--only", "kafka,registry")
    assert more.returncode == 1
    assert "weir is running without registry" in more.stderr


def test_purge_deletes_what_weir_made_and_nothing_else(weir: Weir, up: Callable) -> None:
    up()
    mine = weir.paths.data_dir / "notes.txt"
    mine.write_text("mine")
    assert weir.run("down", "--purge").returncode == 0
    assert [path.name for path in weir.paths.data_dir.iterdir()] == ["notes.txt"]


def test_a_folder_of_somebody_else_is_refused(weir: Weir, up: Callable) -> None:
    (weir.paths.data_dir / "data").mkdir(parents=True)
    refused = up()
    assert refused.returncode == 1
    assert "is not empty and was not created by weir" in refused.stderr
    assert weir.run("down", "--purge").returncode == 1
    assert (weir.paths.data_dir / "data").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_in_the_middle_stops_everything(weir: Weir, tmp_path: Path, number: signal.Signals) -> None:
    process = weir.begin("up", "--stack", str(free_ports_stack(tmp_path)), "--only", "kafka")
    wait_until(
        "Kafka starts",
        lambda: (kafka := kafka_of(weir)) is not None and kafka.status is Status.STARTING,
        BOUND_SECONDS,
        0.05,
    )
    process.send_signal(number)
    output, _ = process.communicate(timeout=BOUND_SECONDS)
    assert process.returncode == 130
    assert "everything stopped" in output
    assert_nothing_runs(weir)


def test_a_killed_supervisor_takes_its_services_with_it(weir: Weir, up: Callable) -> None:
    up()
    supervisor = state.supervisor_pid(weir.paths)
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    wait_until("Kafka ends with its supervisor", lambda: state.processes(weir.paths) == [], BOUND_SECONDS, 0.05)
    assert "nothing is running" in weir.run("status").stdout
    assert up().returncode == 0, "what a killed supervisor left is no obstacle"
    assert is_ready(weir)


def test_a_killed_service_comes_back(weir: Weir, up: Callable) -> None:
    up()
    kafka = kafka_of(weir)
    assert kafka is not None
    assert kafka.pid is not None
    os.kill(kafka.pid, signal.SIGKILL)
    wait_until(
        "Kafka is back",
        lambda: (now := kafka_of(weir)) is not None and now.restarts == 1 and is_ready(weir),
        BOUND_SECONDS,
        0.05,
    )
    again = kafka_of(weir)
    assert again is not None
    assert again.pid != kafka.pid


def test_a_restart_gives_a_new_process(weir: Weir, up: Callable) -> None:
    up()
    before = kafka_of(weir)
    assert weir.run("restart", "kafka").returncode == 0
    after = kafka_of(weir)
    assert before is not None
    assert after is not None
    assert (after.status, after.pid != before.pid) == (Status.READY, True)
    unknown = weir.run("restart", "nope")
    assert unknown.returncode == 1
    assert "nope: no service with this name; running: kafka" in unknown.stderr


def test_a_service_that_cannot_start_shows_its_log(weir: Weir, up: Callable) -> None:
    data = weir.paths.data("kafka") / "logs"
    (weir.paths.data_dir / ".weir-data").touch()
    data.mkdir(parents=True)
    (data / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=other\n")
    failed = up()
    assert failed.returncode == 1
    assert "kafka did not start: its process ended with exit code 1" in failed.stderr
    assert "Stored node id 7 doesn't match previous node id 1" in failed.stderr, (
        "the reason is in the last lines of the log"
    )
    assert_nothing_runs(weir)
