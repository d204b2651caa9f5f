"""The platform on a real Kubernetes, by Pulumi's real engine: deployed, proved exact, changed, broken, taken down.

The tests are the steps of one life, in their order: each needs those before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.cluster.api import wait_until
from tests.cluster.deployed import Deployed
from tests.cluster.engine import Project
from tests.cluster.steps import STEPS

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster
    from tests.cluster.engine import Tools

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]
STACK = "cluster"
FLIGHTS = 336_776
PART = 20_000
JOB_SECONDS = 300
RELOAD_SECONDS = 75
"""The pipeline reads its reference tables every minute; events that come before would be joined with nothing."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, tools: Tools, kubernetes: Cluster) -> Deployed:
    """The stack, up, with its job running."""
    if not kubernetes.is_own:
        pytest.skip("flights are replayed from the node of a cluster of its own; KUBECONFIG names another")
    folder = tmp_path_factory.mktemp("platform")
    with STEPS.step("the engine knows the stack"):
        project = Project.make(folder / "project", STACK, tools, kubernetes)
    namespace = yaml.safe_load(project.stack_file.read_text(encoding="utf-8"))["config"]["weir:kubernetes"]
    proofs = folder / "proofs"
    proofs.mkdir()
    made = Deployed(kubernetes, project, proofs, namespace["name_prefix"])
    with STEPS.step("images: built, or found in the cache, and imported"):
        made.load_images()
    made.install_definitions()
    with STEPS.step("preview"):
        assert set(project.preview().changes) == {"create"}
    with STEPS.step("up"):
        project.up()
    with STEPS.step("the reference tables are filled"):
        made.load_references()
    with STEPS.step("the job runs, and has read the reference tables"):
        _await_job(made)
        time.sleep(RELOAD_SECONDS)
    return made


def _await_job(platform: Deployed) -> None:
    def runs() -> bool:
        status = platform.custom("flink.apache.org/v1beta1", "FlinkDeployment", "flights").get("status", {})
        return status.get("jobStatus", {}).get("state") == "RUNNING"

    wait_until("the job of flights", runs, JOB_SECONDS, 1)


@pytest.fixture
def exact(platform: Deployed) -> Callable[[str], dict[str, Any]]:
    """Verifies, under the name of a step."""

    def verified(step: str) -> dict[str, Any]:
        with STEPS.step(step):
            return platform.verify()

    return verified


def test_all_flights_are_exact(platform: Deployed, exact: Callable[[str], dict[str, Any]]) -> None:
    with STEPS.step("all flights replayed"):
        platform.replay(events_per_second=0)
    report = exact("all flights verified")
    assert report["rows"]["stored"] == FLIGHTS


def test_a_second_up_changes_nothing(platform: Deployed) -> None:
    with STEPS.step("a second up"):
        assert platform.project.up().is_unchanged


def test_a_change_by_hand_is_found_and_repaired(platform: Deployed) -> None:
    patch = '{"spec": {"replicas": 0}}'
    platform.kubernetes.kubectl(
        "patch", "deployment", "trino", f"--namespace={platform.namespace}", "--type=merge", f"--patch={patch}"
    )
    with STEPS.step("refresh finds a change by hand"):
        assert platform.project.refresh().urns("update")
    with STEPS.step("up repairs it"):
        assert [urn.split("::")[-1] for urn in platform.project.up().urns("update")] == ["trino"]
    assert platform.custom("apps/v1", "Deployment", "trino")["spec"]["replicas"] == 1


@pytest.mark.parametrize(
    ("name", "selector"),
    [
        ("a task manager", "app=flights,component=taskmanager"),
        ("the Kafka broker", "app.kubernetes.io/name=kafka-brokers"),
        ("the Cassandra node", "app.kubernetes.io/name=cassandra"),
    ],
)
def test_a_killed_pod_loses_and_repeats_nothing(
    platform: Deployed, exact: Callable[[str], dict[str, Any]], name: str, selector: str
) -> None:
    platform.replay(events_per_second=0, limit=PART, seed=len(name))
    with STEPS.step(f"{name} is killed, and another is ready"):
        platform.kill_pod(selector)
    exact(f"{name} was killed: all flights verified")


def test_another_size_rolls_out_and_stays_exact(platform: Deployed, exact: Callable[[str], dict[str, Any]]) -> None:
    platform.change(
        {
            "weir:retention.pipelines.flights.source_retention_hours": 30,
            "weir:resources.flink.flights.task_manager.memory_mib": 3072,
        }
    )
    with STEPS.step("up with another size"):
        outcome = platform.project.up()
    assert "flights" in [urn.split("::")[-1] for urn in outcome.urns("update", "create", "replace")]
    with STEPS.step("the job runs again, from its savepoint"):
        _await_job(platform)
    platform.replay(events_per_second=0, limit=PART, seed=77)
    exact("another size: all flights verified")


def test_destroy_leaves_nothing(platform: Deployed) -> None:
    with STEPS.step("destroy"):
        platform.project.destroy()
    namespaces = platform.kubernetes.api.get("/api/v1/namespaces")["items"]
    assert platform.namespace not in [entry["metadata"]["name"] for entry in namespaces]
