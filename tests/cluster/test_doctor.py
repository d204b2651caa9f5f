"""`weir doctor` asks a real API server: what is there is found, and a storage class that is taken away is missed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml
from tests.cluster.engine import STACK
from tests.cluster.furnishing import STORAGE_CLASS, storage_class
from tests.cluster.steps import STEPS

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.cluster
REPOSITORY = Path(__file__).parents[2]
ABOUT = "storage class of "


def doctor(kubernetes: Cluster) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and findings."""
    command = [str(Path(sys.executable).parent / "weir"), "doctor", "--stack", STACK, "--json"]
    server = yaml.safe_load(kubernetes.kubeconfig.read_text(encoding="utf-8"))["clusters"][0]["cluster"]["server"]
    environment = {**kubernetes.environment, "NO_PROXY": str(urlsplit(server).hostname)}
    result = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode in {0, 1}, result.stderr
    assert result.stdout, result.stderr
    return result.returncode, json.loads(result.stdout)


def states(found: list[dict[str, Any]]) -> dict[str, set[str]]:
    """What findings are about -> their states."""
    known: dict[str, set[str]] = {}
    for finding in found:
        known.setdefault(finding["about"], set()).add(finding["state"])
    return known


def test_what_the_cluster_has_is_found(kubernetes: Cluster) -> None:
    with STEPS.step("weir doctor asks the cluster"):
        _, found = doctor(kubernetes)
    known = states(found)
    assert "cluster" not in known, found
    assert not [finding for finding in found if "cannot be checked" in finding["found"]]
    for about in ("Kubernetes", "zones", "DNS"):
        assert "missing" not in known[about], found
    (volumes,) = [about for about in known if about.startswith(ABOUT)]
    assert "missing" not in known[volumes], found


def test_a_storage_class_that_is_taken_away_is_missed(kubernetes: Cluster) -> None:
    if not kubernetes.is_own:
        return  # another's cluster keeps what it has
    kubernetes.api.delete(storage_class())
    try:
        with STEPS.step("weir doctor misses a storage class"):
            code, found = doctor(kubernetes)
    finally:
        kubernetes.api.apply(storage_class())
    (volumes,) = [finding for finding in found if finding["about"].startswith(ABOUT)]
    assert (code, volumes["state"]) == (1, "missing")
    assert STORAGE_CLASS not in volumes["found"]
    assert volumes["found"] == "no default class; there is none at all"
