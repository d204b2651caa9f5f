"""The real engine, with the provider in use, on a real cluster: a small program through its whole life."""

from __future__ import annotations

import base64
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
PUBLIC_IMAGE = "registry.k8s.io/pause:3.10"
CANARY = "canary-of-the-trial"
WORKLOAD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "workload", "namespace": "weir-trial"},
}
PASSWORD = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "password", "namespace": "weir-trial"}}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "weir-trial"}}


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, tools: Tools, kubernetes: Cluster) -> Iterator[Project]:
    """The program, deployed."""
    folder = tmp_path_factory.mktemp("trial") / "project"
    links = {name: TRIAL / name for name in ("Pulumi.yaml", "__main__.py")} | {".venv": REPOSITORY / ".venv"}
    project = Project.of_program(folder, links, "trial", tools, kubernetes)
    project.run("stack", "init", "trial")
    project.run("config", "set", "--secret", "trial:password", CANARY)
    project.run("config", "set", "trial:image", PAUSE_IMAGE if kubernetes.is_own else PUBLIC_IMAGE)
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
