"""One unit under supervision: order, deaths, and their bound. Its process is a real one, `sleep`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from weir.config.errors import WeirError
from weir.local import unit as unit_module
from weir.local.service import NotReady, Paths, Service
from weir.local.state import Status
from weir.local.unit import MAXIMUM_RESTARTS, Unit

pytestmark = pytest.mark.unit


def sleeper(**changes: object) -> Service:
    service = Service(
        name="sleeper", version="1", command=("sleep", "60"), address="-", ready=lambda: None, stop_grace_seconds=2
    )
    return replace(service, **changes)  # type: ignore[arg-type]


@pytest.fixture
def unit_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Unit]]:
    monkeypatch.setattr(unit_module, "FIRST_BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(unit_module, "ASK_INTERVAL_SECONDS", 0.01)
    units: list[Unit] = []
    with ThreadPoolExecutor() as pool:

        def make(**changes: object) -> Unit:
            units.append(Unit(sleeper(**changes), Paths(tmp_path / "weir"), pool))
            return units[-1]

        yield make
        for unit in units:
            unit.stop()


def step_until(unit: Unit, status: Status, ready: set[str] | None = None) -> None:
    deadline = time.monotonic() + 60
    while unit.state.status is not status:
        assert time.monotonic() < deadline, f"still {unit.state}"
        unit.step(ready or set())
        time.sleep(0.01)


def kill(unit: Unit) -> None:
    assert unit.process is not None
    os.kill(unit.process.pid, signal.SIGKILL)
    while unit.state.status is Status.READY:
        unit.step(set())
        time.sleep(0.01)


def test_it_waits_for_what_it_depends_on(unit_of: Callable[..., Unit]) -> None:
    unit = unit_of(depends_on=("kafka",))
    for _ in range(5):
        unit.step(set())
    assert unit.state.status is Status.WAITING
    step_until(unit, Status.READY, {"kafka"})


def test_what_it_lacks_is_told_while_it_starts(unit_of: Callable[..., Unit]) -> None:
    answers = iter([NotReady("no leader yet")])

    def ready() -> None:
        for answer in answers:
            raise answer

    unit = unit_of(ready=ready)
    step_until(unit, Status.STARTING)
    while unit.state.message != "no leader yet":
        unit.step(set())
    step_until(unit, Status.READY)
    assert unit.state.message == ""


def test_a_death_during_the_first_start_ends_everything_with_the_log(unit_of: Callable[..., Unit]) -> None:
    def ready() -> None:
        raise NotReady("not yet")

    unit = unit_of(command=("sh", "-c", "echo the disk is on fire; exit 3"), ready=ready)
    with pytest.raises(WeirError, match="sleeper did not start: its process ended with exit code 3") as failure:
        step_until(unit, Status.READY)
    assert "the disk is on fire" in str(failure.value)


def test_one_that_never_answers_is_given_up(unit_of: Callable[..., Unit]) -> None:
    def ready() -> None:
        raise NotReady("no leader yet")

    unit = unit_of(ready=ready, ready_timeout_seconds=0.1)
    with pytest.raises(WeirError, match=r"not ready after 0 s: no leader yet"):
        step_until(unit, Status.READY)
    assert unit.process is None


def test_a_failed_preparation_is_named(unit_of: Callable[..., Unit]) -> None:
    def prepare() -> None:
        raise WeirError("its storage is another cluster's")

    unit = unit_of(prepare=prepare)
    with pytest.raises(WeirError, match="its preparation failed: its storage is another cluster's"):
        step_until(unit, Status.READY)


def test_it_is_restarted_so_often_and_no_more(unit_of: Callable[..., Unit]) -> None:
    unit = unit_of()
    for number in range(1, MAXIMUM_RESTARTS + 1):
        step_until(unit, Status.READY)
        kill(unit)
        assert (unit.state.status, unit.state.restarts) == (Status.BACKING_OFF, number)
        assert unit.state.message == "its process was killed by SIGKILL"
    step_until(unit, Status.READY)
    kill(unit)
    assert unit.state.status is Status.FAILED


def test_the_hook_after_a_restart_runs_after_one_only(unit_of: Callable[..., Unit]) -> None:
    restarted: list[int] = []
    unit = unit_of(after_restart=lambda: restarted.append(1))
    step_until(unit, Status.READY)
    unit.restart()
    assert unit.state.status is Status.WAITING
    step_until(unit, Status.READY)
    unit.stop()
    assert restarted == [1]


def test_a_process_that_ignores_the_stop_is_killed_and_not_kept(unit_of: Callable[..., Unit]) -> None:
    kept: list[int] = []
    stubborn = ("sh", "-c", "trap '' TERM; while :; do sleep 0.1; done")
    unit = unit_of(command=stubborn, stop_grace_seconds=0.3, after_stop=lambda: kept.append(1))
    step_until(unit, Status.READY)
    unit.stop()
    assert unit.state.status is Status.STOPPED
    assert "was killed" in unit.state.message
    assert kept == []


def test_a_held_service_is_killed_and_stays_down_until_it_is_released(unit_of: Callable[..., Unit]) -> None:
    unit = unit_of()
    step_until(unit, Status.READY)
    assert unit.process is not None
    process = unit.process
    unit.hold()
    assert process.poll() == -signal.SIGKILL
    for _ in range(5):
        unit.step(set())
    assert (unit.state.status, unit.process) == (Status.STOPPED, None)
    unit.release()
    step_until(unit, Status.READY)
    assert unit.process is not None
    assert unit.process.pid != process.pid


def test_releasing_a_service_that_was_not_held_changes_nothing(unit_of: Callable[..., Unit]) -> None:
    unit = unit_of()
    step_until(unit, Status.READY)
    process = unit.process
    unit.release()
    assert (unit.state.status, unit.process, unit.state.restarts) == (Status.READY, process, 0)
