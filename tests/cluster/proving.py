"""What is asked of a platform in a cluster, run in a pod of it (`prover.py`).

`python -m tests.cluster.proving <action> <settings as JSON>`, with the project as it is now, its stack file and its
pipelines, as a tar archive on standard input. Replay logs in to Kafka as a client that the pipeline names, whose rules
are thereby proved; verification as a node. The actions are the functions of ACTIONS.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cassandra import ConsistencyLevel
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from pydantic import SecretStr
from tests.waiting import wait_until

from weir.catalog.dataset import Dataset, load_dataset
from weir.catalog.environment import load_environment
from weir.catalog.own_names import client_user
from weir.catalog.pipeline import Pipeline
from weir.catalog.platform import PIPELINE_HEALTH
from weir.clients.cassandra import session_of
from weir.clients.flink_rest import FlinkRest
from weir.clients.kafka import client_settings
from weir.clients.kafka_admin import answers, partitions
from weir.config.embedded import ReplayConfig
from weir.config.endpoints import Endpoints, Login
from weir.config.errors import WeirError
from weir.config.kafka import CLIENT_PORT, INTERNAL_PORT
from weir.config.stack import StackConfig, load_stack
from weir.verify.replay import replay
from weir.verify.report import as_json
from weir.verify.seeding import load_references
from weir.verify.verify import check_rows, verify

FOLDER = "/proving"
"""What the pod was given, and where it works."""
SENT = "proofs"
"""The folder, in that one, of what was sent."""
SECRETS = Path("/secrets")
"""A folder for each Secret."""
STACK_FILE = "stack.yaml"
PIPELINES = "pipelines"
NODE_CERTIFICATE = "kafka-node"
CASSANDRA_CERTIFICATE = "cassandra-tls"
ADMINISTRATOR = "cassandra-administrator"
WINDOW = ("skip", "limit")
"""The part of the dataset that a replay sends."""
HEALTH_SECONDS = 300
UNANSWERED_SECONDS = 10
RELOAD_SECONDS = 600
"""The pipeline reads its reference tables every minute."""


CLIENT = "feed"
"""The client of the pipeline that publishes."""
ADMINISTRATORS_SECRETS: dict[str, tuple[str, ...]] = {
    NODE_CERTIFICATE: (),
    CASSANDRA_CERTIFICATE: (),
    ADMINISTRATOR: (),
}
"""Secret -> which entries of it a pod is given: all of them, where none is named."""


def clients_secrets(pipeline: str) -> dict[str, tuple[str, ...]]:
    """What a client is handed: its password, and Kafka's certificate authority."""
    return {client_user(pipeline, CLIENT): ("password",), NODE_CERTIFICATE: ("ca.crt",)}


class Platform:
    """The platform of a stack, as a client within the cluster sees it; its pipeline as `pipelines` has it."""

    def __init__(self, stack: StackConfig, pipelines: Path) -> None:
        self._stack = stack
        self._namespace = stack.kubernetes.name_prefix
        self.pipeline: Pipeline = load_environment(pipelines, stack).pipelines[0]

    def as_client(self) -> Endpoints:
        """For the program of another team, which publishes the pipeline's events."""
        name = client_user(self.pipeline.name, CLIENT)
        ca = SECRETS / NODE_CERTIFICATE / "ca.crt"
        login = Login(ca_file=ca, username=name, password=_password(name))
        services = Endpoints.of_pod(registry=self._registry, kafka=self._kafka(CLIENT_PORT))
        return services.model_copy(update={"kafka_login": login})

    def as_node(self) -> Endpoints:
        """For who may read everything."""
        ca, certificate, key = (SECRETS / NODE_CERTIFICATE / name for name in ("ca.crt", "tls.crt", "tls.key"))
        return Endpoints(
            kafka_bootstrap_servers=self._kafka(INTERNAL_PORT),
            registry_url=self._registry,
            cassandra_contact_points=(f"{self._host('cassandra')}:9042",),
            cassandra_datacenter=self._stack.cassandra.datacenter,
            flink_url=f"http://{self._host(f'{self.pipeline.name}-rest')}:8081",
            trino_url=f"https://{self._host('trino')}:8443",
            superset_url=f"http://{self._host('superset')}:8088",
            kafka_login=Login(ca_file=ca, certificate_file=certificate, key_file=key),
            cassandra_login=Login(
                ca_file=SECRETS / CASSANDRA_CERTIFICATE / "ca.crt",
                username=_text(ADMINISTRATOR, "username"),
                password=_password(ADMINISTRATOR),
            ),
        )

    def _kafka(self, port: int) -> str:
        return f"{self._host('kafka-brokers')}:{port}"

    @property
    def _registry(self) -> str:
        return f"http://{self._host('registry')}:8080/apis/ccompat/v7"

    def _host(self, service: str) -> str:
        return f"{service}.{self._namespace}.svc"


def _text(secret: str, key: str) -> str:
    return (SECRETS / secret / key).read_text(encoding="utf-8")


def _password(secret: str) -> SecretStr:
    return SecretStr(_text(secret, "password"))


@dataclass(frozen=True)
class Task:
    """What an action is given: `first` with the pipeline as it was at first, `now` with that of the project."""

    first: Platform
    now: Platform
    dataset: Dataset
    proofs: Path
    replay: ReplayConfig
    settings: dict[str, Any]


def load_reference_tables(task: Task) -> str:
    """Fills the reference tables; when they were full, in milliseconds since 1970, as JSON."""
    load_references(task.first.as_node(), task.first.pipeline, task.dataset)
    return json.dumps(time.time() * 1000)


def await_references(task: Task) -> None:
    """Returns once every copy of a reference table was read after the moment `full_epoch_milliseconds`.

    The copies' age is a metric of the connector; an event that came before would be joined with nothing.
    """
    moment = task.settings["full_epoch_milliseconds"]
    with FlinkRest(task.first.as_node().flink_url) as flink:

        def reloaded() -> bool:
            job = flink.running(task.first.pipeline.name)
            copies = list(loaded_at(flink, job.id)) if job else []
            return bool(copies) and min(copies) > moment

        wait_until("the job to read its reference tables again", reloaded, RELOAD_SECONDS, 1)


def loaded_at(flink: FlinkRest, job_id: str) -> Iterator[float]:
    """When each copy of a reference table was read, in milliseconds since 1970."""
    for vertex in flink.vertices(job_id):
        names = [name for name in flink.metric_names(job_id, vertex["id"]) if name.endswith(".lastReloadEpochMillis")]
        yield from flink.metric_minima(job_id, vertex["id"], names).values()


def send(task: Task) -> None:
    """Publishes a part of the dataset, with re-sends, disorder and poison, as a client; says when it flows."""
    told: list[int] = []

    def progress(sent: int, _planned: int) -> None:
        if sent and not told:
            told.append(sent)
            print("flowing", flush=True)  # noqa: T201 - the answer to who waits outside

    changes = {key: value for key, value in task.settings.items() if key not in WINDOW}
    replay(
        task.first.as_client(),
        task.first.pipeline,
        task.dataset,
        task.replay.model_copy(update=changes),
        task.proofs,
        skip=task.settings.get("skip", 0),
        limit=task.settings.get("limit"),
        progress=progress,
    )


def sees_topic(task: Task) -> str:
    """Whether Kafka tells the client of its topic, as JSON; false where nobody answers."""
    topic = task.first.pipeline.source_topic.name
    client = AdminClient({**client_settings(task.first.as_client()), "log_level": "2"})
    try:
        return json.dumps(topic in client.list_topics(topic, timeout=UNANSWERED_SECONDS).topics)
    except KafkaException as error:
        if error.args[0].code() not in (KafkaError._TRANSPORT, KafkaError._TIMED_OUT):
            raise
        return json.dumps(False)


def check_all(task: Task) -> str:
    """Everything that was ever sent, in the columns of the first pipeline."""
    settled = verify(task.first.as_node(), task.first.pipeline, task.dataset, task.proofs, stall_timeout_seconds=300)
    if not settled.correct:
        raise WeirError(as_json(settled))
    return as_json(settled)


def check_new_columns(task: Task) -> None:
    """A part of the dataset, in all columns of the pipeline as it is now."""
    first, size = (task.settings[name] for name in WINDOW)
    check_rows(task.now.as_node(), task.now.pipeline, task.dataset, range(first, first + size))


def await_health(task: Task) -> None:
    """Returns once the monitor's newest row says that `distinct_events` were written and none waits."""
    expected = {"distinct_events": task.settings["distinct_events"], "consumer_lag": 0}
    table, columns = PIPELINE_HEALTH.qualified_name, ", ".join(expected)
    with session_of(task.first.as_node(), consistency=ConsistencyLevel.LOCAL_ONE) as session:

        def told() -> bool:
            today = datetime.now(UTC).date()
            found = session.execute(
                f"SELECT {columns} FROM {table} WHERE pipeline = %s AND day = %s ORDER BY at DESC LIMIT 1",
                (task.first.pipeline.name, today),
            ).one()
            return found is not None and dict(zip(expected, found, strict=True)) == expected

        wait_until(f"the monitor to tell {expected}", told, HEALTH_SECONDS, 1)


def state_came_from(task: Task) -> str:
    """The savepoint that the running job began with, as JSON; null without one."""
    with FlinkRest(task.first.as_node().flink_url) as flink:
        job = flink.running(task.first.pipeline.name)
        return json.dumps(flink.restored_savepoint(job.id) if job else None)


def describe_topic(task: Task) -> str:
    """The source topic as the broker has it: `partitions` and `retention_milliseconds`, as JSON."""
    name = task.first.pipeline.source_topic.name
    client = AdminClient(dict(client_settings(task.first.as_node())))
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    settings = answers("to tell the topic's settings", client.describe_configs([resource]))[resource]
    return json.dumps(
        {"partitions": partitions(client)[name], "retention_milliseconds": int(settings["retention.ms"].value)}
    )


ACTIONS: dict[str, Callable[[Task], str | None]] = {
    function.__name__: function
    for function in (
        load_reference_tables,
        await_references,
        send,
        sees_topic,
        check_all,
        check_new_columns,
        await_health,
        state_came_from,
        describe_topic,
    )
}


def main(arguments: list[str]) -> int:
    action, settings = arguments
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as sent:
            sent.extractall(project)  # noqa: S202 - from the test, by its own client
        stack = load_stack(project / STACK_FILE)
        first, now = (Platform(stack, pipelines) for pipelines in (Path(FOLDER) / PIPELINES, project / PIPELINES))
        proofs = Path(FOLDER) / SENT
        proofs.mkdir(exist_ok=True)
        task = Task(
            first, now, load_dataset(first.pipeline.folder), proofs, stack.embedded.replay, json.loads(settings)
        )
        sys.stdout.write(ACTIONS[action](task) or "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
