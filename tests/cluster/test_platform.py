"""The platform on a real Kubernetes, by Pulumi's real engine: deployed, proved exact, changed, broken, taken down.

The tests are the steps of one life, in their order: each needs those before it, but those marked `long`, which may be
left out. Some of the flights come first; a step during which events flow has the next part of them, and is followed by
a verification of everything that was ever sent. Most of the flights come last, since all of these are read each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.cluster.deployed import CLIENTS_NAMESPACE, Deployed
from tests.cluster.engine import STACK, EngineError, Project
from tests.cluster.proving import CLIENT
from tests.cluster.reach import NODE
from tests.cluster.steps import STEPS

from weir.catalog.own_names import kubernetes_name
from weir.catalog.roles import job_role

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster
    from tests.cluster.engine import Outcome, Tools
    from tests.cluster.images import Loading

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]
PIPELINE = "flights"
FLIGHTS = 336_776
PART = 10_000
FIRST = 40_000
EVENTS_PER_SECOND, SLOWLY = 1000, 150
"""The second so that events still come when the last pod is killed."""
PARTITIONS, RETENTION_HOURS, TASK_MANAGERS, BROKER_MEMORY_MIB = 8, 30, 2, 1280
BROKERS, BROKER_DISK_GIB = "kafka-brokers-nodes", 30
KILLED = {
    "a task manager": f"app={PIPELINE},component=taskmanager",
    "the Kafka broker": "app.kubernetes.io/name=kafka-brokers",
    "the Cassandra node": "app.kubernetes.io/name=cassandra",
}
BY_HAND = "superset-valkey"
"""What somebody changes past weir."""
NEW_COLUMN = ("type", "plane_type")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, tools: Tools, kubernetes: Cluster, images: Loading) -> Deployed:
    """The stack, up, with its job running."""
    folder = tmp_path_factory.mktemp("platform")
    with STEPS.step("the engine knows the stack"):
        project = Project.make(folder / "project", STACK, tools, kubernetes)
    _name_client(project)
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


class Dataset:
    """How much of it was sent."""

    def __init__(self) -> None:
        self.sent = 0

    def next(self, limit: int) -> dict[str, int]:
        """The next part, with a seed of its own."""
        part = {"skip": self.sent, "limit": limit, "seed": self.sent}
        self.sent += limit
        return part


@pytest.fixture(scope="module")
def flights() -> Dataset:
    return Dataset()


@contextmanager
def _flights_flow(
    platform: Deployed, flights: Dataset, name: str, events_per_second: int = EVENTS_PER_SECOND
) -> Iterator[None]:
    """A part of the flights flows while the step `name` is taken; afterwards all that was ever sent must be there."""
    with platform.replaying(**flights.next(PART), events_per_second=events_per_second, ramp_up_seconds=0):
        yield
    _verify(platform, f"{name}: everything verified", flights.sent)


def _verify(platform: Deployed, step: str, flights: int) -> None:
    with STEPS.step(step):
        report = platform.verify()
    assert report["rows"]["stored"] == flights


def _updated(outcome: Outcome) -> list[str]:
    return [urn.split("::")[-1] for urn in outcome.urns("update", "create", "replace")]


def test_the_first_flights_are_exact(platform: Deployed, flights: Dataset) -> None:
    with STEPS.step(f"{FIRST:,} flights replayed"):
        platform.replay(**flights.next(FIRST), events_per_second=0)
    _verify(platform, f"{FIRST:,} flights verified", FIRST)


def test_the_monitor_tells_what_the_job_did(platform: Deployed) -> None:
    with STEPS.step("the health table is filled"):
        platform.await_health(distinct_events=FIRST)


def test_every_documented_flow_passes_and_no_other(platform: Deployed) -> None:
    with STEPS.step("who reaches whom, tried from every pod"):
        tried, documented = platform.ways()
    assert sorted(tried) == sorted(documented)
    from_clients = {(way.target, way.port) for way in tried if way.source == CLIENT}
    assert from_clients == {("kafka", 9093), ("registry", 8080)}
    to_cassandra = {way.source for way in tried if (way.target, way.port) == ("cassandra", 9042)}
    assert to_cassandra == {"flink", "trino", "monitor"}
    assert {way.source for way in tried if (way.target, way.port) == (NODE, 6443)} == {"flink", "operators"}


def test_nobody_publishes_from_a_namespace_that_no_client_is_in(platform: Deployed) -> None:
    with STEPS.step("the client's own password, from another namespace"):
        elsewhere = platform.as_client("strangers")
        assert (platform.client.run("sees_topic"), elsewhere.run("sees_topic")) == ("true", "false")


def test_a_refused_change_and_a_stale_lock_stop_up(platform: Deployed) -> None:
    disk = "weir:resources.kafka.broker.disk_gib"
    platform.change({disk: BROKER_DISK_GIB - 5})
    with STEPS.step("up refuses a smaller volume"), pytest.raises(EngineError) as refused:
        platform.project.up()
    assert "a volume cannot shrink" in str(refused.value)
    assert "nothing was touched" in str(refused.value)
    platform.change({disk: BROKER_DISK_GIB})
    platform.write_lock()
    platform.change({"weir:workload.dashboard_users": 2})
    with STEPS.step("up refuses a stale lock"), pytest.raises(EngineError) as stale:
        platform.project.up()
    assert "workload.dashboard_users: 1 -> 2" in str(stale.value)
    assert "Traceback" not in str(stale.value)
    platform.change({"weir:workload.dashboard_users": 1})


def test_a_second_up_changes_nothing(platform: Deployed) -> None:
    with STEPS.step("a second up"):
        assert platform.project.up().is_unchanged


@pytest.mark.long
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


@pytest.mark.long
def test_killed_pods_lose_and_repeat_nothing(platform: Deployed, flights: Dataset) -> None:
    with _flights_flow(platform, flights, "killed pods", SLOWLY):
        for name, selector in KILLED.items():
            with STEPS.step(f"{name} is killed, and another is ready"):
                platform.kill_pod(selector)


def test_another_size_and_a_new_column_roll_out_and_all_stays_exact(platform: Deployed, flights: Dataset) -> None:
    before = platform.savepoint()
    task_manager = {"cpu_cores": 1, "memory_mib": 2048}
    platform.change(
        {
            f"weir:retention.pipelines.{PIPELINE}.source_retention_hours": RETENTION_HOURS,
            f"weir:resources.flink.{PIPELINE}.parallelism": TASK_MANAGERS,
            f"weir:resources.flink.{PIPELINE}.task_manager": task_manager,
            "weir:resources.kafka.broker.memory_mib": BROKER_MEMORY_MIB,
        }
    )
    _change_pipeline(platform)
    platform.write_lock()
    with _flights_flow(platform, flights, "another size"):
        with STEPS.step("up with a larger broker, more partitions and task managers, another retention, a new column"):
            assert {PIPELINE, BROKERS} <= set(_updated(platform.project.up()))
        with STEPS.step("the job runs again"):
            platform.await_job(PIPELINE)
    assert platform.source_topic() == {
        "partitions": PARTITIONS,
        "retention_milliseconds": RETENTION_HOURS * 3_600_000,
    }
    assert len(platform.pods(f"app={PIPELINE},component=taskmanager")) == TASK_MANAGERS
    (broker,) = platform.pods(KILLED["the Kafka broker"])
    assert broker["spec"]["containers"][0]["resources"]["limits"]["memory"] == f"{BROKER_MEMORY_MIB}Mi"
    assert platform.savepoint() not in {None, before}, "the job began without its state"


@pytest.mark.long
def test_passwords_rotate_while_flights_flow(platform: Deployed, flights: Dataset) -> None:
    """As docs/how-to/rotate.md says, of a Kafka user and of Cassandra's roles."""
    user, role = f"weir-{PIPELINE}", f"cassandra-role-{kubernetes_name(job_role(PIPELINE))}"
    before = [platform.password(user), platform.password(role)]
    platform.change({"weir:cassandra.password_generation": 2})
    with _flights_flow(platform, flights, "other passwords"):
        platform.delete_secret(user)
        with STEPS.step("refresh finds a Secret deleted"):
            assert platform.project.refresh().urns("delete")
        with STEPS.step("up with other passwords"):
            assert PIPELINE in _updated(platform.project.up())
        with STEPS.step("the job runs with them"):
            platform.await_job(PIPELINE)
    after = [platform.password(user), platform.password(f"{role}-2")]
    assert not {*before} & {*after}


def test_all_flights_are_exact_and_the_new_column_is_filled(platform: Deployed, flights: Dataset) -> None:
    left = FLIGHTS - flights.sent
    rest = flights.next(left)
    with STEPS.step(f"the other {left:,} flights replayed"):
        platform.replay(**rest, events_per_second=0)
    _verify(platform, f"{FLIGHTS:,} flights verified", FLIGHTS)
    platform.verify_new_columns(skip=rest["skip"], limit=PART)


def test_destroy_leaves_nothing(platform: Deployed) -> None:
    with STEPS.step("destroy"):
        platform.project.destroy()
    namespaces = platform.kubernetes.api.get("/api/v1/namespaces")["items"]
    assert platform.namespace not in [entry["metadata"]["name"] for entry in namespaces]


def _name_client(project: Project) -> None:
    """Another team's program publishes the flights, from its own namespace."""
    file = project.pipelines / PIPELINE / "pipeline.yaml"
    pipeline = yaml.safe_load(file.read_text(encoding="utf-8"))
    pipeline["clients"] = {CLIENT: {"role": "producer", "namespace": CLIENTS_NAMESPACE}}
    file.write_text(yaml.safe_dump(pipeline, sort_keys=False), encoding="utf-8")


def _change_pipeline(platform: Deployed) -> None:
    """More partitions, and another column of a reference table in the rows."""
    file = platform.project.pipelines / PIPELINE / "pipeline.yaml"
    pipeline = yaml.safe_load(file.read_text(encoding="utf-8"))
    pipeline["source"]["partitions"] = PARTITIONS
    pipeline["joins"][-1]["select"].update([NEW_COLUMN])
    file.write_text(yaml.safe_dump(pipeline, sort_keys=False), encoding="utf-8")
