"""Installs Debian packages as root: one call at a time, and after any other program that uses apt."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from weir.config.errors import WeirError
from weir.toolchain.locks import held

LOCK = Path("/var/lock/weir-apt.lock")
# apt gives up at once if another process holds its lists; automatic updates hold them for minutes.
WAIT_SECONDS = 600
RETRY_SECONDS = 2.0
LOCKED = "Could not get lock"


def can_install() -> bool:
    """True for root on a machine with apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(packages: tuple[str, ...], lock: Path = LOCK, wait_seconds: float = WAIT_SECONDS) -> None:
    """Installs Debian packages; waits up to `wait_seconds` for another program's apt.

    Raises:
        WeirError: apt failed; the message ends with what it said.
    """
    with held(lock):
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *packages]):
            problem = _run(command, time.monotonic() + wait_seconds)
            if problem:
                raise WeirError(
                    f"`{' '.join(command)}` failed: {problem}\nInstall {', '.join(packages)} by hand, then run this "
                    "again."
                )


def _run(command: list[str], deadline: float) -> str | None:
    """What went wrong, its last lines."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    while True:
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return None
        if LOCKED not in result.stderr or time.monotonic() > deadline:
            return "\n".join((result.stderr or result.stdout).strip().splitlines()[-3:])
        time.sleep(RETRY_SECONDS)
