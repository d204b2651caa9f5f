"""The state file is whole or absent, and the lock alone says whether a supervisor lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from weir.local import state
from weir.local.service import Paths
from weir.local.state import Phase, ServiceState, State, Status

pytestmark = pytest.mark.unit


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "weir")


def test_a_written_state_is_read_back(paths: Paths) -> None:
    written = State(7, "stack.yaml", {"kafka": 9092}, {"kafka": (9092, 9093)}, Phase.UP)
    written.services = [ServiceState("kafka", "4.3.1", "127.0.0.1:9092", Status.READY, pid=8, start_seconds=2.5)]
    state.write(paths, written)
    read = state.read(paths)
    assert read is not None
    assert (read.phase, read.services, read.ports) == (Phase.UP, written.services, written.ports)
    assert read.service("kafka") == written.services[0]
    assert read.service("flink") is None


def test_no_state_is_none_and_makes_no_folder(paths: Paths) -> None:
    assert state.read(paths) is None
    assert state.supervisor_pid(paths) is None
    assert not paths.data_dir.exists()


def test_a_pid_in_a_lock_file_that_nobody_holds_is_nobody(paths: Paths) -> None:
    (paths.run / "lock").write_text(str(os.getpid()))
    assert state.supervisor_pid(paths) is None


def test_the_lock_is_held_once_and_named(paths: Paths) -> None:
    lock = state.take_lock(paths)
    assert lock is not None
    with lock:
        assert state.take_lock(paths) is None
        assert state.supervisor_pid(paths) == os.getpid()
    assert state.supervisor_pid(paths) is None


def test_only_marked_processes_are_found_and_killed(paths: Paths) -> None:
    sleep = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
    environments = {
        "ours": {state.MARK: str(paths.data_dir), state.SERVICE_MARK: "kafka"},
        "another's": {state.MARK: f"{paths.data_dir}-2", state.SERVICE_MARK: "kafka"},
    }
    started = {
        owner: subprocess.Popen(sleep, env=marks, stdout=subprocess.PIPE) for owner, marks in environments.items()
    }
    try:
        for process in started.values():
            assert process.stdout is not None
            process.stdout.readline()
        assert [process.pid for process in state.processes(paths)] == [started["ours"].pid]
        assert state.resident_bytes(paths)["kafka"] > 0
        assert state.kill_all(paths) == ["kafka"]
        assert started["ours"].poll() is not None
        assert started["another's"].poll() is None
    finally:
        for process in started.values():
            process.kill()
            process.communicate()
