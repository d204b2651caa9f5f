"""Readiness reacts at once; liveness restarts a program only when waiting would not help."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.renderings import PLAIN, rendered, rendered_with

pytestmark = pytest.mark.unit

WORKLOADS = ("Deployment", "StatefulSet")
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for rendering in (rendered("prod"), rendered_with("dev", PLAIN)):
        for entry in rendering.manifests:
            if entry.inputs["kind"] in WORKLOADS:
                for container in entry.inputs["spec"]["template"]["spec"]["containers"]:
                    yield f"{entry.inputs['metadata']['name']}/{container['name']}", container


def patience_seconds(probe: dict[str, Any]) -> int:
    """Kubernetes' defaults are 10 s and 3 failures."""
    return probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)


def test_liveness_waits_longer_than_readiness() -> None:
    both = {name: one for name, one in containers() if {"readinessProbe", "livenessProbe"} <= one.keys()}
    assert {"superset-postgresql/server", "superset-valkey/server"} <= both.keys()
    hasty = {
        name
        for name, one in both.items()
        if patience_seconds(one["livenessProbe"]) < 2 * patience_seconds(one["readinessProbe"])
    }
    assert hasty == set()


def test_whoever_is_watched_for_life_may_take_its_time_to_start() -> None:
    started = {name: one for name, one in containers() if "livenessProbe" in one}
    assert [name for name, one in started.items() if "startupProbe" not in one] == []


@pytest.mark.parametrize(("answer", "ready", "alive"), [(0, True, True), (1, False, True), (2, False, False)])
def test_a_recovering_postgresql_is_alive_and_not_ready(answer: int, ready: bool, alive: bool, tmp_path: Path) -> None:
    program = tmp_path / "pg_isready"
    program.write_text(f"#!/bin/sh\nexit {answer}\n", encoding="utf-8")
    program.chmod(0o755)
    server = dict(containers())["superset-postgresql/server"]

    def succeeds(probe: str) -> bool:
        command = ["/usr/bin/env", *server[probe]["exec"]["command"]]
        path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        return subprocess.run(command, env=path, check=False).returncode == 0

    assert [succeeds(probe) for probe in PROBES] == [alive, ready, alive]
