"""The real engine, with the provider in use, on a real cluster: a small program through its whole life."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.cluster.cluster import REPOSITORY
from tests.cluster.engine import EngineError, Project
from tests.cluster.layout import PAUSE_IMAGE

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster
    from tests.cluster.engine import Tools

pytestmark = pytest.mark.cluster
TRIAL = Path(__file__).parent / "trial"
GUARDED = Path(__file__).parent / "guarded"
PUBLIC_IMAGE = "registry.k8s.io/pause:3.10"
CANARY = "canary-of-the-trial"
WORKLOAD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "workload", "namespace": "weir-trial"},
}
PASSWORD = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "password", "namespace": "weir-trial"}}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "weir-trial"}}
DATA = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "data", "namespace": "weir-guarded"}}


def _project(folder: Path, program: Path, tools: Tools, kubernetes: Cluster) -> Project:
    """The program of a folder, its stack and its image set, not deployed yet."""
    links = {name: program / name for name in ("Pulumi.yaml", "__main__.py")} | {".venv": REPOSITORY / ".venv"}
    project = Project.of_program(folder, links, program.name, tools, kubernetes)
    project.run("stack", "init", program.name)
    project.run("config", "set", f"{program.name}:image", PAUSE_IMAGE if kubernetes.is_own else PUBLIC_IMAGE)
    return project


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, tools: Tools, kubernetes: Cluster) -> Iterator[Project]:
    """The program, deployed."""
    project = _project(tmp_path_factory.mktemp("trial") / "project", TRIAL, tools, kubernetes)
    project.run("config", "set", "--secret", "trial:password", CANARY)
    project.up()
    yield project
    project.destroy()
    assert kubernetes.api.read(NAMESPACE) is None


def _replicas(kubernetes: Cluster) -> int:
    live = kubernetes.api.read(WORKLOAD)
    assert live is not None
    return live["status"]["availableReplicas"]


def test_up_waits_for_the_workload_and_a_second_one_changes_nothing(trial: Project, kubernetes: Cluster) -> None:
    assert _replicas(kubernetes) == 1
    assert trial.up().is_unchanged


def test_a_refresh_without_a_change_by_hand_finds_none(trial: Project) -> None:
    assert trial.refresh().is_unchanged
    assert trial.up().is_unchanged


def test_a_change_by_hand_is_found_by_refresh_and_repaired_by_up(trial: Project, kubernetes: Cluster) -> None:
    kubernetes.kubectl("scale", "--namespace=weir-trial", "deployment/workload", "--replicas=3")
    assert trial.refresh().changes.get("update") == 1
    assert [urn.split("::")[-1] for urn in trial.up().urns("update")] == ["workload"]
    assert _replicas(kubernetes) == 1


def test_an_object_deleted_by_hand_is_made_again(trial: Project, kubernetes: Cluster) -> None:
    kubernetes.api.delete(WORKLOAD)
    trial.refresh()
    assert "workload" in [urn.split("::")[-1] for urn in trial.up().urns("create")]
    assert _replicas(kubernetes) == 1


def test_a_changed_setting_rolls_out(trial: Project, kubernetes: Cluster) -> None:
    trial.run("config", "set", "trial:replicas", "2")
    assert trial.up().changes["update"] == 1
    assert _replicas(kubernetes) == 2


def test_a_value_that_the_api_server_refuses_is_reported_with_its_field(trial: Project) -> None:
    trial.run("config", "set", "trial:size", "99")
    try:
        with pytest.raises(EngineError, match=r"spec\.size"):
            trial.preview()
        with pytest.raises(EngineError, match=r"spec\.size.*less than or equal to 9"):
            trial.up()
    finally:
        trial.run("config", "rm", "trial:size")
    assert trial.up().is_unchanged


def test_a_secret_is_in_the_cluster_and_nowhere_in_the_state(trial: Project, kubernetes: Cluster) -> None:
    live = kubernetes.api.read(PASSWORD)
    assert live is not None
    assert base64.b64decode(live["data"]["password"]).decode() == CANARY
    coded = base64.b64encode(CANARY.encode()).decode()
    stored = "".join(path.read_text(encoding="utf-8") for path in trial.folder.glob("backend/**/*.json"))
    assert "weir-trial" in stored
    assert CANARY not in stored
    assert coded not in stored


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, tools: Tools, kubernetes: Cluster) -> Iterator[Project]:
    """Two pods of a StatefulSet, deployed by a program that weir guards."""
    project = _project(tmp_path_factory.mktemp("guarded") / "project", GUARDED, tools, kubernetes)
    project.run("config", "set", "guarded:replicas", "2")
    project.up()
    yield project
    project.destroy()


def test_a_refused_change_stops_up_and_preview_and_changes_nothing(guarded: Project, kubernetes: Cluster) -> None:
    before = kubernetes.api.read(DATA)
    guarded.run("config", "set", "guarded:replicas", "1")
    for command in (guarded.preview, guarded.up):
        with pytest.raises(EngineError, match=r"StatefulSet data spec\.replicas: 2 -.* 1: nothing moves the data off"):
            command()
    after = kubernetes.api.read(DATA)
    assert before is not None
    assert after is not None
    assert after["spec"] == before["spec"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]


def test_a_decision_lets_it_through_once(guarded: Project, kubernetes: Cluster) -> None:
    decision = {"change": "StatefulSet data spec.replicas", "to": 1, "because": "the second pod is empty"}
    guarded.run("config", "set", "guarded:decisions", json.dumps({"allow": [decision]}))
    assert guarded.up().changes["update"] == 1
    live = kubernetes.api.read(DATA)
    assert live is not None
    assert live["spec"]["replicas"] == 1
    again = guarded.up()
    assert again.is_unchanged
    assert "nothing refused matches `StatefulSet data spec.replicas` to 1; remove the entry" in again.printed
