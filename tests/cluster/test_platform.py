"""The platform on a real Kubernetes, by Pulumi's real engine: deployed, proved exact, changed, broken, taken down.

The tests are the steps of one life, in their order: each needs those before it. Most of the flights come first; each
later step has a part of its own, which flows while the step is taken. After each everything that was ever sent is
verified, all flights after the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.cluster.deployed import Deployed
from tests.cluster.engine import STACK, Project
from tests.cluster.steps import STEPS

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster
    from tests.cluster.engine import Outcome, Tools
    from tests.cluster.images import Loading

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]
PIPELINE = "flights"
FLIGHTS = 336_776
PARTS = ("a second up", "a task manager", "the Kafka broker", "the Cassandra node", "another size", "an upgrade")
PART = 10_000
FIRST = FLIGHTS - len(PARTS) * PART
FLOW = {"events_per_second": 1000, "ramp_up_seconds": 0}
PARTITIONS, RETENTION_HOURS, TASK_MANAGERS = 8, 30, 2
BY_HAND = "superset-valkey"
"""What somebody changes past weir."""
NEW_COLUMN = ("type", "plane_type")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, tools: Tools, kubernetes: Cluster, images: Loading) -> Deployed:
    """The stack, up, with its job running."""
    folder = tmp_path_factory.mktemp("platform")
    with STEPS.step("the engine knows the stack"):
        project = Project.make(folder / "project", STACK, tools, kubernetes)
    namespace = yaml.safe_load(project.stack_file.read_text(encoding="utf-8"))["config"]["weir:kubernetes"]
    made = Deployed(kubernetes, project, namespace["name_prefix"])
    made.install_definitions()
    with STEPS.step("preview"):
        assert set(project.preview().changes) == {"create"}
    with STEPS.step("the last images are loaded"):
        images.wait()
    with STEPS.step("up"):
        project.up()
    # Those that are full before the job begins are in its first copies; later ones wait for the next.
    with STEPS.step("the reference tables are filled"):
        full = made.fill_references()
    with STEPS.step("the job runs"):
        made.await_job(PIPELINE)
    with STEPS.step("the job has read the reference tables"):
        made.await_references(full)
    return made


def _part(name: str) -> dict[str, int]:
    number = PARTS.index(name)
    return {"skip": FIRST + number * PART, "limit": PART}


@contextmanager
def _flights_flow(platform: Deployed, name: str) -> Iterator[None]:
    """The part of the step `name` flows while it is taken; afterwards all that was ever sent must be there."""
    part, seed = _part(name), PARTS.index(name)
    with platform.replaying(**part, **FLOW, seed=seed):
        yield
    _verify(platform, f"{name}: everything verified", part["skip"] + part["limit"])


def _verify(platform: Deployed, step: str, flights: int) -> None:
    with STEPS.step(step):
        report = platform.verify()
    assert report["rows"]["stored"] == flights


def _updated(outcome: Outcome) -> list[str]:
    return [urn.split("::")[-1] for urn in outcome.urns("update", "create", "replace")]


def test_the_flights_are_exact(platform: Deployed) -> None:
    with STEPS.step(f"{FIRST:,} flights replayed"):
        platform.replay(events_per_second=0, limit=FIRST)
    _verify(platform, f"{FIRST:,} flights verified", FIRST)


def test_a_second_up_changes_nothing(platform: Deployed) -> None:
    with _flights_flow(platform, "a second up"), STEPS.step("a second up"):
        assert platform.project.up().is_unchanged


def test_a_change_by_hand_is_found_and_repaired(platform: Deployed) -> None:
    patch = '{"spec": {"replicas": 0}}'
    platform.kubernetes.kubectl(
        "patch", "deployment", BY_HAND, f"--namespace={platform.namespace}", "--type=merge", f"--patch={patch}"
    )
    with STEPS.step("refresh finds a change by hand"):
        assert platform.project.refresh().urns("update")
    with STEPS.step("up repairs it"):
        assert _updated(platform.project.up()) == [BY_HAND]
    assert platform.custom("apps/v1", "Deployment", BY_HAND)["spec"]["replicas"] == 1


@pytest.mark.parametrize(
    ("name", "selector"),
    [
        ("a task manager", f"app={PIPELINE},component=taskmanager"),
        ("the Kafka broker", "app.kubernetes.io/name=kafka-brokers"),
        ("the Cassandra node", "app.kubernetes.io/name=cassandra"),
    ],
)
def test_a_killed_pod_loses_and_repeats_nothing(platform: Deployed, name: str, selector: str) -> None:
    with _flights_flow(platform, name), STEPS.step(f"{name} is killed, and another is ready"):
        platform.kill_pod(selector)


def test_another_size_rolls_out_and_stays_exact(platform: Deployed) -> None:
    task_manager = {"cpu_cores": 1, "memory_mib": 2048}
    platform.change(
        {
            f"weir:retention.pipelines.{PIPELINE}.source_retention_hours": RETENTION_HOURS,
            f"weir:resources.flink.{PIPELINE}.parallelism": TASK_MANAGERS,
            f"weir:resources.flink.{PIPELINE}.task_manager": task_manager,
        }
    )
    _change_pipeline(platform, lambda pipeline: pipeline["source"].update(partitions=PARTITIONS))
    with _flights_flow(platform, "another size"):
        with STEPS.step("up with more partitions, more task managers, another retention"):
            assert PIPELINE in _updated(platform.project.up())
        with STEPS.step("the job runs again"):
            platform.await_job(PIPELINE)
    assert platform.source_topic() == {
        "partitions": PARTITIONS,
        "retention_milliseconds": RETENTION_HOURS * 3_600_000,
    }
    assert len(platform.pods(f"app={PIPELINE},component=taskmanager")) == TASK_MANAGERS
    assert platform.savepoint(), "the job began without its state"


def test_an_upgraded_job_keeps_its_state(platform: Deployed) -> None:
    before = platform.savepoint()
    _change_pipeline(platform, lambda pipeline: pipeline["joins"][-1]["select"].update([NEW_COLUMN]))
    with STEPS.step("up with a new column of the rows"):
        assert PIPELINE in _updated(platform.project.up())
    with STEPS.step("the upgraded job runs"):
        platform.await_job(PIPELINE)
    assert platform.savepoint() not in {None, before}
    with _flights_flow(platform, "an upgrade"):
        pass
    platform.verify_new_columns(**_part("an upgrade"))
    assert _part("an upgrade")["skip"] + PART == FLIGHTS


def test_destroy_leaves_nothing(platform: Deployed) -> None:
    with STEPS.step("destroy"):
        platform.project.destroy()
    namespaces = platform.kubernetes.api.get("/api/v1/namespaces")["items"]
    assert platform.namespace not in [entry["metadata"]["name"] for entry in namespaces]


def _change_pipeline(platform: Deployed, change: Any) -> None:
    file = platform.project.pipelines / PIPELINE / "pipeline.yaml"
    pipeline = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(pipeline)
    file.write_text(yaml.safe_dump(pipeline, sort_keys=False), encoding="utf-8")
