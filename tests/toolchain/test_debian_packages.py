"""Packages are installed one at a time: images are made side by side, beside tests that want a browser."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from weir.config.errors import WeirError
from weir.toolchain import debian_packages
from weir.toolchain.debian_packages import apt_install

pytestmark = pytest.mark.unit

# Like apt, it fails at once while another one works; each call is a line of the log.
APT = """#!/bin/bash
cd "$(dirname "$0")"
fail() { echo "E: Could not get lock /var/lib/apt/lists/lock." >&2; exit 100; }
[ ! -e foreign ] || { rm foreign; fail; }
mkdir working 2>/dev/null || fail
sleep 0.1
echo "$*" >> log
rmdir working
"""


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "apt-get"
    program.write_text(APT)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(debian_packages, "RETRY_SECONDS", 0.01)
    return tmp_path


def test_threads_install_one_after_the_other(apt: Path) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda name: apt_install((name,), apt / "lock", wait_seconds=0), "abcd"))
    calls = (apt / "log").read_text().splitlines()
    assert calls[::2] == ["update -qq"] * 4
    assert sorted(calls[1::2]) == [f"install -y -qq {name}" for name in "abcd"]


def test_another_programs_apt_is_waited_for(apt: Path) -> None:
    (apt / "foreign").touch()
    apt_install(("a",), apt / "lock", wait_seconds=30)
    assert (apt / "log").read_text().splitlines() == ["update -qq", "install -y -qq a"]


def test_an_apt_that_stays_locked_is_an_error_with_what_to_do(apt: Path) -> None:
    (apt / "working").mkdir()
    with pytest.raises(WeirError, match=r"(?s)Could not get lock.*Install a, b by hand"):
        apt_install(("a", "b"), apt / "lock", wait_seconds=0)
