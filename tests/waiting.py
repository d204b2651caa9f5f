"""Waiting for a condition, with a bound: never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(what: str, ready: Callable[[], bool], timeout_seconds: float, pause_seconds: float = 0.2) -> None:
    """Asks until `ready`.

    Raises:
        TimeoutError: it is not in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not after {timeout_seconds:.0f} s")
        time.sleep(pause_seconds)
