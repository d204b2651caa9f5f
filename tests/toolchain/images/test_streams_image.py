"""The image of Kafka Streams pipelines, built and run: its pods' own commands, on a real Kafka and Cassandra."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Producer
from tests.programs.test_streams_workloads import made, spec
from tests.toolchain.images.container import Image
from tests.waiting import wait_until

from weir.catalog.dataset import load_dataset
from weir.catalog.engine_names import connector_name, loader_name
from weir.catalog.loader import CONNECTOR_CLASS
from weir.catalog.pipeline import load_pipeline
from weir.catalog.spec import Engine
from weir.clients.cassandra import Access, admin_session
from weir.clients.registry import schema_id_of
from weir.components.streams.application import KAFKA_FILE, PLANS_FOLDER, PORT, STATE_FOLDER, application_name
from weir.components.streams.loader import CONFIG_FOLDER, REST_PORT
from weir.config.images import ImageName
from weir.config.properties_text import properties
from weir.config.repository import REPOSITORY
from weir.local.provision import provision
from weir.local.service import LOOPBACK, Context
from weir.verify.dataset import open_dataset
from weir.verify.wire import encode_events

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]

FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights").on(Engine.KAFKA_STREAMS)
EVENTS = 2_000
DUPLICATES = 100
BOUND_SECONDS = 180.0
HEAP = ("-Xms128m", "-Xmx384m")
LOGIN = ("sasl.", "ssl.", "security.protocol", "config.providers")
CASSANDRA_LOGIN = ("username", "password.", "tls.")


@dataclass(frozen=True)
class Ground:
    """Real services, and the image."""

    ctx: Context
    image: Image
    folder: Path

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture(scope="module")
def ground(platform_of: Callable[..., Context], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("image")
    image = Image.built(ImageName.STREAMS, folder / "root")
    ctx = platform_of("kafka", "cassandra", "registry")
    provision(ctx.endpoints, [FLIGHTS])
    connection = open_dataset(FLIGHTS, load_dataset(FLIGHTS.folder))
    events = encode_events(connection, FLIGHTS, schema_id_of(ctx.endpoints.registry_url, FLIGHTS), range(EVENTS))
    producer = Producer({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers})
    for number in (*range(EVENTS), *range(DUPLICATES)):
        producer.produce(FLIGHTS.source_topic.name, events.value(number), events.key(number))
    assert producer.flush(60) == 0
    yield Ground(ctx, image, folder)
    shutil.rmtree(image.root)


@pytest.fixture(scope="module")
def application(ground: Ground) -> Iterator[str]:
    """The pod's own command, with a pipeline's plan; its address."""
    found, ctx = made("prod", "plain"), ground.ctx
    name = application_name(FLIGHTS)
    container = container_of(spec(found, "StatefulSet", name))
    plan = found["ConfigMap", f"{name}-config"].inputs["data"]["flights.json"]
    values = {
        "$(SERVERS)": ctx.endpoints.kafka_bootstrap_servers,
        "$(POD_NAME)": f"{name}-0",
        f"0.0.0.0:{PORT}": f"{LOOPBACK}:{ctx.ports.streams}",
    }
    state = ground.folder / "state"
    state.mkdir()
    files = {
        f"{PLANS_FOLDER}/flights.json": ground.file("flights.json", with_registry(plan, ctx)),
        KAFKA_FILE: ground.file("kafka.properties", "client.id=of-an-image\n"),
    }
    assert {*files, STATE_FOLDER, "/tmp"} <= mounts_of(container)  # noqa: S108 - the pod's
    command = small(replaced(container["command"], values))
    with ground.image.running(command, files, {STATE_FOLDER: state}, ground.folder / "streams.log"):
        yield f"http://{LOOPBACK}:{ctx.ports.streams}"


@pytest.fixture(scope="module")
def worker(ground: Ground) -> Iterator[str]:
    """The standalone loader's own command, with its two files; its address."""
    found, ctx = made("prod", "plain"), ground.ctx
    name = loader_name(FLIGHTS)
    data = found["ConfigMap", f"{name}-config"].inputs["data"]
    settings = without(parsed(data["worker.properties"]), LOGIN) | {
        "bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers,
        "listeners": f"http://{LOOPBACK}:{ctx.ports.loader}",
    }
    connector = without(parsed(with_registry(data["connector.properties"], ctx)), CASSANDRA_LOGIN) | {
        "contact.points": ",".join(ctx.endpoints.cassandra_contact_points),
        "local.datacenter": ctx.endpoints.cassandra_datacenter,
        "consistency": "ONE",
        "errors.deadletterqueue.topic.replication.factor": "1",
    }
    folder = ground.folder / "loader"
    folder.mkdir()
    (folder / "worker.properties").write_text(properties(settings), encoding="utf-8")
    (folder / "connector.properties").write_text(properties(connector), encoding="utf-8")
    command = small(container_of(spec(found, "Deployment", name))["command"])
    with ground.image.running(command, {CONFIG_FOLDER: folder}, {}, ground.folder / "loader.log"):
        yield f"http://{LOOPBACK}:{ctx.ports.loader}"


def container_of(workload: Mapping[str, Any]) -> dict[str, Any]:
    (container,) = workload["template"]["spec"]["containers"]
    return container


def mounts_of(container: Mapping[str, Any]) -> set[str]:
    return {mount["mountPath"] for mount in container["volumeMounts"]}


def small(command: list[str]) -> list[str]:
    """The command with a heap for this machine."""
    program, *arguments = [word for word in command if not word.startswith(("-Xms", "-Xmx"))]
    return [program, *HEAP, *arguments]


def replaced(words: list[str], values: Mapping[str, str]) -> list[str]:
    for old, new in values.items():
        words = [word.replace(old, new) for word in words]
    return words


def parsed(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def without(settings: Mapping[str, str], words: tuple[str, ...]) -> dict[str, str]:
    """What services that let everybody in have no use for is left out."""
    return {key: value for key, value in settings.items() if not any(word in key for word in words)}


def with_registry(text: str, ctx: Context) -> str:
    return text.replace("http://registry:8080/apis/ccompat/v7", ctx.endpoints.registry_url)


def asked(url: str) -> Any:
    """The answer; nothing while there is none."""
    try:
        answer = httpx.get(url, trust_env=False, timeout=10)
    except httpx.HTTPError:
        return None
    return answer.json() if answer.is_success else None


def test_the_application_runs_a_pipeline(application: str) -> None:
    wait_until(
        "RUNNING",
        lambda: ((asked(f"{application}/pipelines") or {}).get("flights") or {}).get("state") == "RUNNING",
        BOUND_SECONDS,
        0.5,
    )
    assert httpx.get(f"{application}/ready", trust_env=False).is_success, "its readiness probe"


def test_the_worker_has_the_connector_and_its_probe_says_that_it_runs(ground: Ground, worker: str) -> None:
    wait_until(
        "the worker answers",
        lambda: asked(f"{worker}/connectors/{connector_name(FLIGHTS)}/status") is not None,
        BOUND_SECONDS,
        0.5,
    )
    assert CONNECTOR_CLASS in [plugin["class"] for plugin in asked(f"{worker}/connector-plugins")]
    container = container_of(spec(made("prod", "plain"), "Deployment", loader_name(FLIGHTS)))
    port = str(ground.ctx.ports.loader)
    probe = ground.image.command(replaced(container["startupProbe"]["exec"]["command"], {str(REST_PORT): port}), {}, {})
    wait_until(
        "the pod's own startup probe succeeds",
        lambda: subprocess.run(probe, check=False).returncode == 0,
        BOUND_SECONDS,
        0.5,
    )


@pytest.mark.usefixtures("application", "worker")
def test_every_event_is_a_row_once(ground: Ground) -> None:
    endpoints, table = ground.ctx.endpoints, FLIGHTS.row_table
    with admin_session(Access.of(endpoints)) as session:
        count = f"SELECT count(*) AS rows FROM {table.qualified_name}"
        wait_until(f"{EVENTS} rows", lambda: session.execute(count).one()["rows"] == EVENTS, BOUND_SECONDS, 0.5)


def test_nothing_in_the_image_may_be_written_and_nobody_becomes_root(ground: Ground) -> None:
    write = ground.image.command(["sh", "-c", "touch /opt/weir/x || touch /etc/x"], {}, {})
    written = subprocess.run(write, check=False, capture_output=True, text=True)
    assert written.returncode != 0
    assert "Read-only file system" in written.stderr
    rights = ground.image.command(["sh", "-c", "id -u; id -g; grep -E 'CapBnd|NoNewPrivs' /proc/self/status"], {}, {})
    told = subprocess.run(rights, check=True, capture_output=True, text=True).stdout.split()
    assert told == ["10001", "10001", "CapBnd:", "0000000000000000", "NoNewPrivs:", "1"]
