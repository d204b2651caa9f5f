"""The parts of `weir prove` that need no platform: what is decided by the seed, what is measured, what is broken."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from weir.catalog.dataset import load_dataset
from weir.catalog.pipeline import load_pipeline
from weir.chaos import processes, reliability, run
from weir.chaos.faults import FAULTS, chosen
from weir.chaos.ground import Ground, write_dataset, write_pipeline
from weir.chaos.recovery import recovery_of
from weir.chaos.rounds import OVERLAP, window_of
from weir.clients.row_watcher import Sample
from weir.config.errors import WeirError

pytestmark = pytest.mark.unit


def plan(**changes: object) -> run.Plan:
    settings = {"rounds": 40, "seed": 3, "faults": FAULTS, "events_per_round": 1000, "events_per_second": 1000}
    return run.Plan(**(settings | changes))  # type: ignore[arg-type]


def test_a_seed_always_gives_the_same_faults_and_every_fault_comes() -> None:
    names = [fault.name for fault in run.deck(plan(), small_disks=True)]
    assert names == [fault.name for fault in run.deck(plan(), small_disks=True)]
    assert names != [fault.name for fault in run.deck(plan(seed=4), small_disks=True)]
    assert set(names[: len(FAULTS)]) == {fault.name for fault in FAULTS}


def test_without_root_no_disk_is_filled() -> None:
    assert not any(fault.needs_small_disks for fault in run.deck(plan(), small_disks=False))
    with pytest.raises(WeirError, match="only root can mount"):
        run.deck(plan(faults=chosen("full-disk-kafka")), small_disks=False)


def test_an_unknown_fault_is_refused_with_the_known_ones() -> None:
    with pytest.raises(WeirError, match=r"unknown fault kill-kafka; known: kill-task-manager, "):
        chosen("kill-broker,kill-kafka")


def test_windows_cover_all_events_and_overlap_with_the_round_before() -> None:
    windows = [window_of(number, 1000, 3000) for number in range(3)]
    assert windows[0] == range(1000)
    assert {index for window in windows for index in window} == set(range(3000))
    assert all(len(set(a) & set(b)) == 1000 * OVERLAP for a, b in itertools.pairwise(windows))
    with pytest.raises(WeirError, match="use fewer rounds"):
        window_of(3, 1000, 3000)


def sample(published: float, readable: float | None) -> Sample:
    return Sample(key=(), published=published, readable=readable)


def test_recovery_counts_only_events_published_after_the_fault() -> None:
    live = [sample(t / 10, t / 10 + 0.02) for t in range(100)]
    waiting = [sample(10 + t / 10, 20 + t / 50) for t in range(100)]
    found = recovery_of([*live, sample(9.9, 20.5), *waiting, sample(30, 30.02)], began=10.0, answered=15.0)
    assert found.first_row_seconds == 10.0
    assert found.after_answer_seconds == 5.0
    assert found.caught_up_seconds == 11.98
    assert found.catch_up_ratio == 5.0


def test_recovery_says_nothing_where_no_event_tells() -> None:
    assert recovery_of([sample(1, 1.1)], began=10.0, answered=None).first_row_seconds is None
    assert recovery_of([sample(11, 11.1)], began=10.0, answered=None).catch_up_ratio is None


def test_the_pipeline_grows_as_real_ones_do(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "flights", evolved=False, upgrades=0)
    base = load_pipeline(tmp_path / "flights")
    assert "air_time" not in base.columns
    write_pipeline(tmp_path / "flights", evolved=True, upgrades=2)
    grown = load_pipeline(tmp_path / "flights")
    assert set(grown.columns) - set(base.columns) == {"air_time", "plane_engines", "plane_engine"}
    assert base.row_table.primary_key == grown.row_table.primary_key


def test_the_dataset_is_no_larger_than_needed(tmp_path: Path) -> None:
    write_dataset(tmp_path, 50)
    dataset = load_dataset(tmp_path)
    assert len(dataset.events.read_text(encoding="utf-8").splitlines()) == 51
    assert set(dataset.references) == {"airlines", "airports", "planes"}


@dataclass
class OneProcess:
    """As much of a `Ground` as the faults of processes need."""

    process: subprocess.Popen[str]

    def pid(self, _name: str) -> int:
        return self.process.pid


def as_ground(process: subprocess.Popen[str]) -> Ground:
    return OneProcess(process)  # type: ignore[return-value]


CLIENT = (
    "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); print(s.recv(1), flush=True)"
)


@pytest.mark.skipif(os.geteuid() != 0, reason="taking another process's socket needs its owner's rights")
def test_connections_to_the_ports_are_broken_and_no_others() -> None:
    with socket.create_server(("127.0.0.1", 0)) as cut, socket.create_server(("127.0.0.1", 0)) as spared:
        clients = {
            server: subprocess.Popen(
                [sys.executable, "-c", CLIENT, str(server.getsockname()[1])], stdout=subprocess.PIPE, text=True
            )
            for server in (cut, spared)
        }
        peers = [server.accept()[0] for server in clients]
        ports = {cut.getsockname()[1]}
        assert processes.cut_connections(as_ground(clients[cut]), "client", ports, 0.2) >= 1
        assert clients[cut].communicate(timeout=60)[0] == "b''\n", "the other end sees the connection closed"
        with pytest.raises(WeirError, match="this round tested nothing"):
            processes.cut_connections(as_ground(clients[spared]), "client", ports, 0.1)
        peers[1].sendall(b"x")
        assert clients[spared].communicate(timeout=60)[0] == "b'x'\n"
        for peer in peers:
            peer.close()


def test_a_paused_process_runs_on() -> None:
    code = "import time\nwhile True:\n    print(time.monotonic(), flush=True); time.sleep(0.01)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen: list[float] = []
    reader = threading.Thread(target=lambda: seen.extend(float(line) for line in process.stdout or ()))
    reader.start()
    while len(seen) < 5:
        time.sleep(0.01)
    processes.pause(as_ground(process), "ticker", 0.5)
    count = len(seen)
    while len(seen) < count + 5:
        time.sleep(0.01)
    process.kill()
    reader.join()
    process.wait()
    assert max(b - a for a, b in itertools.pairwise(seen)) >= 0.4


def test_the_page_of_reliability_is_not_stale() -> None:
    recorded = json.loads(reliability.RECORDED.read_text(encoding="utf-8"))
    assert reliability.PAGE.read_text(encoding="utf-8") == reliability.page(recorded), "run `make reliability`"


def test_times_are_those_of_rounds_that_had_the_machine_to_themselves() -> None:
    def timed(seconds: float, load: float) -> dict[str, Any]:
        figures = dict.fromkeys(reliability.FIGURES) | {"first_row_seconds": seconds}
        return {"seed": 1, "fault": "kill-broker", "moment": 0.5, "load_per_core": load} | figures

    def line(*rounds: dict[str, Any]) -> str:
        page = reliability.page({"machine": "m", "found": [], "rounds": rounds})
        (found,) = [line for line in page.splitlines() if line.startswith("| `kill-broker`")]
        return found

    assert "| 2 | 9.0, 9.0 (<= 30)" in line(timed(9.0, 1.2), timed(28.0, 9.0))
    assert "| 1 | 28.0, 28.0 (<= 30)" in line(timed(28.0, 9.0))


def test_a_seed_that_was_run_again_replaces_its_rounds() -> None:
    entry = {"fault": "rescale", "moment": 0.5, "load_per_core": 1.0, "recovery": None}
    old = {"machine": "m", "found": [], "rounds": [{"seed": 1, "fault": "x"}, {"seed": 2, "fault": "y"}]}
    result = reliability.taken(old, [{"seed": 2, "correct": True, "rounds": [entry]}])
    assert [(found["seed"], found["fault"]) for found in result["rounds"]] == [(1, "x"), (2, "rescale")]
