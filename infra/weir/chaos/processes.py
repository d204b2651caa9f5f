"""Faults of processes, disks and connections. Each returns when the fault is over; recovery is then up to weir."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import time
from pathlib import Path

from weir.chaos.ground import Ground
from weir.config.errors import WeirError
from weir.local import lifecycle

PIDFD_GETFD = 438
"""The system call of Linux 5.6 and later, on every architecture; Python has no name for it."""
SLOW_CYCLE_SECONDS = 0.1
SLOW_RUNNING_SHARE = 0.15
FILL_BLOCK = bytes(1 << 20)


def kill(ground: Ground, process: str) -> None:
    """SIGKILL; the supervisor starts it again."""
    before = ground.restarts(process)
    ground.signal(process, signal.SIGKILL)
    while ground.restarts(process) == before:
        time.sleep(0.02)


def pause(ground: Ground, process: str, seconds: float) -> None:
    """SIGSTOP, then SIGCONT: a long garbage collection, a frozen virtual machine."""
    pid = ground.pid(process)
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


def slow_down(ground: Ground, process: str, seconds: float) -> None:
    """Stops it most of the time: a slow network, a starved machine."""
    pid, end = ground.pid(process), time.monotonic() + seconds
    while time.monotonic() < end:
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(SLOW_CYCLE_SECONDS * (1 - SLOW_RUNNING_SHARE))
        finally:
            os.kill(pid, signal.SIGCONT)
        time.sleep(SLOW_CYCLE_SECONDS * SLOW_RUNNING_SHARE)


def hold_down(ground: Ground, processes: list[str], seconds: float) -> None:
    """Kills them and keeps them down."""
    for process in processes:
        lifecycle.hold(ground.ctx.paths, process)
    try:
        time.sleep(seconds)
    finally:
        for process in processes:
            lifecycle.release(ground.ctx.paths, process)


def cut_connections(ground: Ground, process: str, ports: set[int], seconds: float) -> int:
    """Breaks the connections of a process to `ports`, and every new one, for some seconds; how many were broken."""
    pid, end, broken = ground.pid(process), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        broken += _cut_once(pid, ports)
        time.sleep(0.05)
    if not broken:
        raise WeirError(f"{process} had no connection to ports {sorted(ports)}, so this round tested nothing")
    return broken


def _cut_once(pid: int, ports: set[int]) -> int:
    """Takes a copy of each of the process's sockets, as its owner may, and shuts it down."""
    broken = 0
    library = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(pid)
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if not str(entry.readlink()).startswith("socket:"):
                    continue
            except OSError:
                continue
            number = library.syscall(PIDFD_GETFD, process, int(entry.name), 0)
            if number >= 0:
                broken += _shut_down(number, ports)
    finally:
        os.close(process)
    return broken


def _shut_down(number: int, ports: set[int]) -> int:
    """Shuts a socket down where its peer has one of `ports`."""
    with socket.socket(fileno=number) as copy:
        try:
            if copy.getpeername()[1] not in ports:
                return 0
            copy.shutdown(socket.SHUT_RDWR)
        except (OSError, IndexError, TypeError):
            return 0
    return 1


def fill_disk(folder: Path, seconds: float) -> None:
    """Leaves no byte free on the disk of `folder` for some seconds."""
    filler, end = folder / "filler", time.monotonic() + seconds
    try:
        with filler.open("wb", buffering=0) as file:
            while time.monotonic() < end:
                try:
                    file.write(FILL_BLOCK)
                except OSError:
                    # Full; whatever is freed meanwhile is taken, too.
                    time.sleep(0.1)
    finally:
        filler.unlink()
