"""Starting, watching and stopping the platform from outside: what the command line and the tests call."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

from weir.catalog.spec import Engine
from weir.config.errors import WeirError
from weir.config.stack import load_stack
from weir.local import services, state
from weir.local.service import Paths
from weir.local.state import Phase, State, Status

FOLDERS = ("data", "logs", "config", "run")
MARKER = ".weir-data"
MINIMUM_FREE_MIB = 512
STOP_TIMEOUT_SECONDS = 240.0
POLL_SECONDS = 0.1

Watch = Callable[[State], None]


def claim(paths: Paths) -> None:
    """Makes the data directory, or checks that it is weir's and that its disk has room.

    Raises:
        WeirError: it holds somebody else's files, it cannot be written, or the disk is full.
    """
    folder = paths.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / MARKER).exists():
            if any(folder.iterdir()):
                raise WeirError(
                    f"{folder} is not empty and was not created by weir; set WEIR_HOME to an empty or new folder"
                )
            (folder / MARKER).touch()
        # Keys, passwords and sockets: other users of the machine may not even look for them.
        folder.chmod(0o700)
    except OSError as error:
        raise WeirError(f"the data folder {folder} cannot be used: {error}; set WEIR_HOME to another") from None
    free_mib = shutil.disk_usage(folder).free // 2**20
    if free_mib < MINIMUM_FREE_MIB:
        raise WeirError(
            f"the disk of {folder} is full: {free_mib} MiB free, but weir needs at least {MINIMUM_FREE_MIB} MiB; free "
            "some space, or set WEIR_HOME to a folder on another disk"
        )


def start(paths: Paths, stack_path: Path, names: list[str], engine: Engine | None = None) -> bool:
    """Starts a supervisor for the services `names`; False when one runs already, with at least these services.

    Raises:
        WeirError: one runs with fewer services or another engine, or the data directory cannot be used.
    """
    if state.supervisor_pid(paths) is not None:
        _check_running(paths, stack_path, names, engine)
        return False
    claim(paths)
    state.kill_all(paths)
    state.forget(paths)
    arguments = [str(paths.data_dir), str(stack_path), ",".join(names), engine or ""]
    with paths.log("supervisor").open("ab") as log:
        # Its own session: a Ctrl-C in the terminal reaches `weir up`, which then stops everything in order.
        process = subprocess.Popen(
            [sys.executable, "-m", "weir.local.supervisor", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while state.read(paths) is None:
        if process.poll() is not None:
            raise WeirError(
                f"the supervisor ended with exit code {process.returncode}; see its log: {paths.log('supervisor')}"
            )
        time.sleep(POLL_SECONDS)
    return True


def wait_ready(paths: Paths, processes: Collection[str], watch: Watch = lambda _: None) -> None:
    """Returns once every one of `processes` answered; `watch` sees each state on the way.

    Raises:
        WeirError: the platform failed, or was stopped meanwhile; the message says which service and why.
    """
    while True:
        known = state.read(paths)
        if known is None or known.phase in (Phase.STOPPING, Phase.STOPPED, Phase.FAILED):
            failure = known.failure if known else ""
            _wait_gone(paths, time.monotonic() + STOP_TIMEOUT_SECONDS, watch)
            raise WeirError(failure or "the platform was stopped while it was starting")
        watch(known)
        if {entry.name for entry in known.services if entry.status is Status.READY} >= set(processes):
            return
        if state.supervisor_pid(paths) is None:
            left = state.kill_all(paths)
            ended = f"the supervisor ended; the processes it left ({', '.join(left) or 'none'}) were stopped too."
            raise WeirError(f"{ended} {paths.disk_full or 'See its log: ' + str(paths.log('supervisor'))}")
        time.sleep(POLL_SECONDS)


def stop(paths: Paths, watch: Watch = lambda _: None) -> bool:
    """Stops everything and returns when no process is left; False when nothing was running."""
    pid = state.supervisor_pid(paths)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        if not _wait_gone(paths, time.monotonic() + STOP_TIMEOUT_SECONDS, watch):
            os.kill(pid, signal.SIGKILL)
    left = state.kill_all(paths)
    state.forget(paths)
    return pid is not None or bool(left)


def restart(paths: Paths, name: str, watch: Watch = lambda _: None) -> None:
    """Stops and starts one service, or all processes of one that has several, and waits until they answer.

    Raises:
        WeirError: nothing runs, the service is unknown, or it does not come back.
    """
    known = state.read(paths)
    if known is None or state.supervisor_pid(paths) is None:
        raise WeirError("nothing is running; start with `weir up`")
    before = {entry.name: entry.restarts for entry in known.services if _is(entry.name, name)}
    if not before:
        raise WeirError(
            f"{name}: no service with this name; running: {', '.join(entry.name for entry in known.services)}"
        )
    for process in before:
        _request(paths, process)
    while not _restarted(paths, before):
        if state.supervisor_pid(paths) is None:
            raise WeirError("the platform was stopped in the meantime")
        time.sleep(POLL_SECONDS)
    wait_ready(paths, before, watch)


def hold(paths: Paths, process: str) -> None:
    """Kills a process and keeps it down until `release`; returns when it is gone."""
    _request(paths, f"{process}.hold")
    _await_status(paths, process, {Status.STOPPED})


def release(paths: Paths, process: str) -> None:
    """Starts a held process again; returns at once (see `wait_ready`)."""
    _request(paths, f"{process}.release")
    _await_status(paths, process, set(Status) - {Status.STOPPED})


def _request(paths: Paths, name: str) -> None:
    requests = paths.run / "requests"
    requests.mkdir(exist_ok=True)
    (requests / name).touch()


def _await_status(paths: Paths, process: str, wanted: set[Status]) -> None:
    while (known := state.read(paths)) and (entry := known.service(process)) and entry.status not in wanted:
        if state.supervisor_pid(paths) is None:
            raise WeirError("the platform was stopped in the meantime")
        time.sleep(POLL_SECONDS)


def purge(paths: Paths) -> None:
    """Deletes what weir made in the data directory, and the directory when nothing else is in it.

    Raises:
        WeirError: the folder is not weir's.
    """
    folder = paths.data_dir
    if not folder.exists():
        return
    if not (folder / MARKER).exists():
        raise WeirError(f"{folder} was not created by weir; nothing was deleted")
    for name in FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / MARKER).unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def _check_running(paths: Paths, stack_path: Path, names: list[str], engine: Engine | None) -> None:
    known = state.read(paths)
    if known and engine and known.engine != engine:
        used = known.engine or "the engine in each pipeline file"
        raise WeirError(
            f"weir is running with {used}, not with {engine}; stop it with `weir down`, then start it again"
        )
    running = {entry.name for entry in known.services} if known else set()
    if missing := set(services.process_names(names, load_stack(stack_path))) - running:
        raise WeirError(
            f"weir is running without {', '.join(sorted(missing))}; stop it with `weir down`, then start it again"
        )


def _is(process: str, name: str) -> bool:
    return process == name or process.startswith(f"{name}-")


def _restarted(paths: Paths, before: dict[str, int]) -> bool:
    known = state.read(paths)
    if known is None:
        return False
    entries = [known.service(name) for name in before]
    return all(entry is not None and entry.restarts > before[entry.name] for entry in entries)


def _wait_gone(paths: Paths, deadline: float, watch: Watch) -> bool:
    """Until the supervisor and all its processes are gone; False when that took too long."""
    while state.supervisor_pid(paths) is not None:
        if time.monotonic() > deadline:
            return False
        if known := state.read(paths):
            watch(known)
        time.sleep(POLL_SECONDS)
    return True
