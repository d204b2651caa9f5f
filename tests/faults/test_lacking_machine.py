"""A machine that lacks a port, room, Java or the network: a message that says what, and nothing left running."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from tests.faults.only_kafka import BOUND_SECONDS, assert_nothing_runs, kafka_of
from tests.platforms import Weir, free_ports_stack
from tests.waiting import wait_until

from weir.local import state
from weir.local.service import LOOPBACK

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("fetched")]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount and unshare")


def test_a_taken_port_is_replaced_and_said_and_kept(weir: Weir, up: Callable, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        stack = tmp_path / "taken.yaml"
        up("--help")  # writes the stack file that is changed here
        text = (tmp_path / "Pulumi.test.yaml").read_text()
        wanted = next(line for line in text.splitlines() if line.strip().startswith("kafka:"))
        stack.write_text(text.replace(wanted, f"{wanted.split('kafka:')[0]}kafka: {port}"))
        first = weir.run("up", "--stack", str(stack), "--only", "kafka")
        assert first.returncode == 0, first.stderr
        assert f"port {port} is in use, so kafka listens on" in first.stdout
        known = state.read(weir.paths)
        assert known is not None
        assert known.ports["kafka"] != port
        weir.run("down")
    weir.run("up", "--stack", str(stack), "--only", "kafka")
    again = state.read(weir.paths)
    assert again is not None
    assert again.ports == known.ports, "a platform keeps its ports while they are free"


@needs_root
def test_a_full_disk_is_named(weir: Weir, up: Callable, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)], check=True)
    try:
        refused = up(WEIR_HOME=str(small))
        assert refused.returncode == 1
        assert f"the disk of {small} is full" in refused.stderr
        assert not (small / "run" / "lock").exists(), "nothing was started"
    finally:
        subprocess.run(["umount", str(small)], check=True)


def fill(file: Path) -> None:
    """Takes what is left of the disk, down to the last page, while others write to it, too."""
    with file.open("ab") as ballast:
        for chunk_bytes in (2**20, 2**12):
            with suppress(OSError):
                while True:
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), chunk_bytes)


@needs_root
def test_a_disk_that_fills_up_while_starting_is_named_and_everything_stops(weir: Weir, up: Callable) -> None:
    folder = weir.paths.data_dir
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700m", "tmpfs", str(folder)], check=True)
    try:
        (folder / ".weir-data").touch()
        (folder / "run").mkdir()
        free = shutil.disk_usage(folder).free
        # Above what `up` asks for, below what Kafka's first log segments take.
        with (folder / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, free - 513 * 2**20)
        (folder / "run" / "ballast").write_bytes(b"")
        process = weir.begin(
            "up", "--stack", str(folder.parent / "Pulumi.test.yaml"), "--only", "kafka", WEIR_HOME=str(folder)
        )
        wait_until(
            "the supervisor runs", lambda: kafka_of(weir) is not None or process.poll() is not None, BOUND_SECONDS, 0.05
        )
        fill(folder / "run" / "ballast")
        output, _ = process.communicate(timeout=BOUND_SECONDS)
        assert process.returncode == 1, output
        assert "full" in output
        assert_nothing_runs(weir)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@needs_root
def test_no_java_is_named_with_the_remedy(weir: Weir, tmp_path: Path) -> None:
    """Without network, so that the Debian package cannot be installed either."""
    hidden = run_hidden_from(weir, tmp_path, java_home=None)
    assert hidden.returncode == 1
    assert "apt-get" in hidden.stderr
    assert "openjdk-17-jdk-headless" in hidden.stderr
    assert "Traceback" not in hidden.stderr
    assert_nothing_runs(weir)


def test_a_wrong_java_is_passed_over_for_a_right_one(weir: Weir, up: Callable, tmp_path: Path) -> None:
    wrong = fake_jdk(tmp_path / "jdk-21", "21.0.4")
    started = up(JAVA_HOME=str(wrong))
    assert started.returncode == 0, started.stderr
    kafka = kafka_of(weir)
    assert kafka is not None
    assert kafka.pid is not None
    assert str(wrong) not in " ".join(psutil.Process(kafka.pid).cmdline())


@needs_root
def test_a_warm_cache_needs_no_network(weir: Weir, tmp_path: Path) -> None:
    stack = str(free_ports_stack(tmp_path))
    arguments = weir.command("up", "--stack", stack, "--only", "kafka")
    script = 'ip link set lo up && "$@" && "${@:1:3}" status && "${@:1:3}" down'
    isolated = subprocess.run(
        ["unshare", "--net", "bash", "-c", script, "weir", *arguments],
        env=weir.environment,
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )
    assert isolated.returncode == 0, isolated.stdout + isolated.stderr
    assert "everything stopped" in isolated.stdout


@needs_root
def test_a_cold_cache_without_network_says_so(weir: Weir, tmp_path: Path) -> None:
    cold = subprocess.run(
        ["unshare", "--net", *weir.command("setup", "--only", "registry")],
        env=weir.environment
        | {"WEIR_CACHE": str(tmp_path / "cache"), "MAVEN_OPTS": f"-Dmaven.repo.local={tmp_path / 'm2'}"},
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )
    assert cold.returncode == 1
    assert "registry is not in the cache" in cold.stderr
    assert "the network or the package mirror does not answer" in cold.stderr
    assert not list((tmp_path / "cache").glob("registry-*"))


def test_an_interrupted_download_leaves_nothing_running_and_is_resumed(weir: Weir, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    process = weir.begin("setup", "--only", "kafka", WEIR_CACHE=str(cache))
    wait_until("the download begins", lambda: any(cache.glob(".staging-kafka-*")), BOUND_SECONDS, 0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=BOUND_SECONDS)
    assert process.returncode == 130, output
    assert "interrupted; the next run continues from this point" in output
    assert "Traceback" not in output
    assert [
        each.info for each in psutil.process_iter(["cmdline"]) if str(cache) in " ".join(each.info["cmdline"] or [])
    ] == []
    again = weir.run("setup", "--only", "kafka", WEIR_CACHE=str(cache))
    assert again.returncode == 0, again.stderr
    assert [path.name.split("-")[0] for path in cache.iterdir() if not path.name.startswith(".")] == ["kafka"]


def run_hidden_from(weir: Weir, tmp_path: Path, java_home: Path | None) -> subprocess.CompletedProcess[str]:
    """`weir up` where /usr/lib/jvm is empty and no network is there."""
    arguments = weir.command("up", "--stack", str(free_ports_stack(tmp_path)), "--only", "kafka")
    environment = {name: value for name, value in weir.environment.items() if name != "JAVA_HOME"}
    if java_home is not None:
        environment["JAVA_HOME"] = str(java_home)
    return subprocess.run(
        ["unshare", "--mount", "--net", "bash", "-c", 'mount -t tmpfs tmpfs /usr/lib/jvm && "$@"', "weir", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )


def fake_jdk(home: Path, version: str) -> Path:
    """A folder that looks like a JDK of `version`."""
    (home / "bin").mkdir(parents=True)
    for name in ("java", "javac"):
        program = home / "bin" / name
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
    (home / "release").write_text(f'JAVA_VERSION="{version}"\n')
    return home
