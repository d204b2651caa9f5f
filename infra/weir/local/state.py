"""What is known of a platform from outside: its state file, its lock, and its processes.

The lock says whether a supervisor lives; the state file says what it last knew. Processes are recognised by a mark in
their environment, so that one which outlived its supervisor is found, and nobody else's is ever touched.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

import psutil

from weir.local.service import Paths

MARK = "WEIR_DATA_DIR"
SERVICE_MARK = "WEIR_SERVICE"
STATE_FILE = "state.json"


class Phase(StrEnum):
    """Of the platform as a whole."""

    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class Status(StrEnum):
    """Of one service."""

    WAITING = "waiting"
    PREPARING = "preparing"
    STARTING = "starting"
    READY = "ready"
    BACKING_OFF = "backing off"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass
class ServiceState:
    """One service as the supervisor sees it. Times are seconds since the epoch."""

    name: str
    version: str
    address: str
    status: Status = Status.WAITING
    pid: int | None = None
    message: str = ""
    restarts: int = 0
    ready_at: float | None = None
    start_seconds: float | None = None
    """How long the last start took, from the process's start to its answer."""


@dataclass
class State:
    """The state file."""

    supervisor_pid: int
    stack_file: str
    ports: dict[str, int]
    moved_ports: dict[str, tuple[int, int]]
    phase: Phase = Phase.STARTING
    failure: str = ""
    services: list[ServiceState] = field(default_factory=list)
    engine: str = ""
    """What runs every pipeline; empty where each file decides."""

    def service(self, name: str) -> ServiceState | None:
        """The service called `name`."""
        return next((entry for entry in self.services if entry.name == name), None)


def write(paths: Paths, state: State) -> None:
    """Replaces the state file as a whole: a reader sees the old one or the new one."""
    target = paths.run / STATE_FILE
    staging = target.with_suffix(".new")
    staging.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
    staging.replace(target)


def read(paths: Paths) -> State | None:
    """The last state written, or None when there is none."""
    try:
        data: dict[str, Any] = json.loads(_state_file(paths).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    services = [ServiceState(**{**entry, "status": Status(entry["status"])}) for entry in data.pop("services")]
    return State(**{**data, "phase": Phase(data["phase"]), "services": services})


def forget(paths: Paths) -> None:
    """Removes the state file; the ports are kept, in their own file."""
    _state_file(paths).unlink(missing_ok=True)


def previous_ports(paths: Paths) -> dict[str, int]:
    """The ports that this data directory used last; empty for a new one."""
    try:
        return json.loads((paths.data_dir / "run" / "ports.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def keep_ports(paths: Paths, ports: dict[str, int]) -> None:
    """Remembers the ports for the next start."""
    (paths.run / "ports.json").write_text(json.dumps(ports), encoding="utf-8")


def take_lock(paths: Paths) -> TextIO | None:
    """The supervisor's lock, held as long as the returned file is open; None when another supervisor has it."""
    file = (paths.run / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def supervisor_pid(paths: Paths) -> int | None:
    """The process that holds the lock now, or None. A pid in a file alone proves nothing."""
    lock = paths.data_dir / "run" / "lock"
    try:
        file = lock.open("r")
    except (FileNotFoundError, NotADirectoryError):
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = file.read()
            return int(text) if text else None
    return None


def processes(paths: Paths) -> list[psutil.Process]:
    """Every other living process that was started for this data directory, whoever its parent is now."""
    mark, this = str(paths.data_dir), os.getpid()
    return [
        process for process in psutil.process_iter() if process.pid != this and _environment(process).get(MARK) == mark
    ]


def service_of(process: psutil.Process) -> str | None:
    """The service that a process was started for."""
    return _environment(process).get(SERVICE_MARK)


def resident_bytes(paths: Paths) -> dict[str, int]:
    """Service -> resident memory of all its processes, in bytes."""
    totals: dict[str, int] = {}
    for process in processes(paths):
        name = service_of(process)
        if name is not None:
            totals[name] = totals.get(name, 0) + _asked(lambda process=process: process.memory_info().rss, 0)
    return totals


def kill_all(paths: Paths) -> list[str]:
    """Kills what a dead supervisor left behind and waits until it is gone; returns the services' names."""
    left = processes(paths)
    names = sorted({service_of(process) or "?" for process in left})
    for process in left:
        # psutil compares the start time first: a reused pid is not signalled.
        _asked(process.kill, None)
    psutil.wait_procs(left, timeout=10)
    return names


def _environment(process: psutil.Process) -> dict[str, str]:
    def read_environment() -> dict[str, str]:
        return {} if process.status() == psutil.STATUS_ZOMBIE else process.environ()

    return _asked(read_environment, {})


def _asked(question: Callable[[], Any], otherwise: Any) -> Any:
    """The answer about a process that may end, or belong to someone else, while it is asked."""
    try:
        return question()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return otherwise


def _state_file(paths: Paths) -> Path:
    return paths.data_dir / "run" / STATE_FILE
