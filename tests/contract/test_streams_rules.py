"""The rules of a pipeline on Kafka Streams on the real Kafka: they are enough for its application, and no more."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from tests.platforms import free_ports_stack
from tests.waiting import wait_until

from weir.catalog.dataset import load_dataset
from weir.catalog.engine_names import consumer_group, internal_topics, loader_group, totals_group
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.principals import Principal, application_principal, loader_principal
from weir.catalog.spec import Engine
from weir.catalog.streams import streams_plan
from weir.clients.kafka_admin import Access
from weir.clients.registry import schema_id_of
from weir.config.properties_text import properties
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.incluster.kafka.users import apply_rules
from weir.local import apicurio, kafka, streams
from weir.local.provision import create_topics
from weir.local.service import LOOPBACK, Context, NotReady, Paths, Service
from weir.toolchain.installed import Toolchain
from weir.verify.dataset import open_dataset
from weir.verify.wire import encode_events

pytestmark = [pytest.mark.contract, pytest.mark.timeout(600)]

FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights").on(Engine.KAFKA_STREAMS)
PASSWORD = "only-here"
EVENTS = 2_000
BOUND_SECONDS = 120.0
LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="{user}" password="{password}";'


@dataclass(frozen=True)
class Ground:
    """A broker that asks its clients who they are, and everybody on another port is its administrator."""

    ctx: Context
    clients: str

    def login(self, user: str) -> dict[str, str]:
        """librdkafka's properties."""
        return {
            "bootstrap.servers": self.clients,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": user,
            "sasl.password": PASSWORD,
            "log_level": "0",
        }


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, toolchain_for: Callable[..., Toolchain]) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("rules")
    stack = load_stack(free_ports_stack(folder))
    tools = toolchain_for("kafka", "registry", "streams")
    ctx = Context(REPOSITORY, Paths(folder / "weir"), stack.embedded.ports, stack, tools)
    # Superset is not there: its port is free.
    clients = f"{LOOPBACK}:{ctx.ports.superset}"
    with ExitStack() as stopping:
        broker = kafka.service(ctx)
        broker.prepare()
        settings = asking(kafka.settings(ctx), clients, [application_principal(FLIGHTS), loader_principal(FLIGHTS)])
        (ctx.paths.config("kafka") / "server.properties").write_text(properties(settings), encoding="utf-8")
        stopping.enter_context(process(ctx, broker))
        registry = apicurio.service(ctx)
        registry.prepare()
        stopping.enter_context(process(ctx, registry))
        yield Ground(ctx, clients)


def asking(settings: dict[str, object], clients: str, principals: list[Principal]) -> dict[str, object]:
    """The broker's settings, with a listener that asks."""
    users = " ".join(f'user_{principal.name}="{PASSWORD}"' for principal in principals)
    return settings | {
        "listeners": f"{settings['listeners']},CLIENTS://{clients}",
        "advertised.listeners": f"{settings['advertised.listeners']},CLIENTS://{clients}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.clients.plain.sasl.jaas.config": (
            f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};"
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }


@contextmanager
def process(ctx: Context, service: Service) -> Iterator[None]:
    with (
        ctx.paths.log(service.name).open("wb") as log,
        subprocess.Popen(list(service.command), stdout=log, stderr=log) as running,
    ):
        try:
            wait_until(f"{service.name} answers", lambda: answers(service), BOUND_SECONDS, 0.3)
            yield
        finally:
            running.terminate()
            running.wait(60)


def answers(service: Service) -> bool:
    try:
        service.ready()
    except NotReady:
        return False
    return True


@pytest.fixture(scope="module")
def application(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The application with its own user's rules, over a topic with some flights."""
    ctx, servers = ground.ctx, ground.ctx.endpoints.kafka_bootstrap_servers
    create_topics(servers, FLIGHTS.topics)
    users = [application_principal(FLIGHTS), loader_principal(FLIGHTS)]
    apply_rules(Access(servers).client(), users, lambda _: None)
    publish(ctx, servers)
    (streams.plan_folder(ctx) / "flights.json").write_text(
        streams_plan(ctx.stack.streams, ctx.endpoints, FLIGHTS), encoding="utf-8"
    )
    folder = tmp_path_factory.mktemp("instance")
    file = folder / "kafka.properties"
    user = application_principal(FLIGHTS).name
    file.write_text(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n"
        f"sasl.jaas.config={LOGIN.format(user=user, password=PASSWORD)}\n"
    )
    command = [*streams.command(ctx, folder, ctx.ports.streams, "only"), "--properties", str(file)]
    command[command.index("--bootstrap-servers") + 1] = ground.clients
    streams.service(ctx).prepare()
    with ctx.paths.log("streams").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as running:
        try:
            wait_until("the application runs", lambda: state(ctx) == "RUNNING", BOUND_SECONDS, 0.3)
            yield FLIGHTS
        finally:
            running.terminate()
            running.wait(60)


def state(ctx: Context) -> str:
    try:
        return streams.status(ctx).get("flights", {}).get("state", "")
    except NotReady:
        return ""


def publish(ctx: Context, servers: str) -> None:
    connection = open_dataset(FLIGHTS, load_dataset(FLIGHTS.folder))
    schema_id = schema_id_of(ctx.endpoints.registry_url, FLIGHTS)
    events = encode_events(connection, FLIGHTS, schema_id, range(EVENTS))
    producer = Producer({"bootstrap.servers": servers})
    for number in (*range(EVENTS), *range(100)):
        producer.produce(FLIGHTS.source_topic.name, events.value(number), events.key(number))
    assert producer.flush(60) == 0


def read(ground: Ground, topic: str, group: str, wanted: int) -> int:
    """Records of a topic as the loader's user sees them, those of committed transactions."""
    consumer = Consumer(
        ground.login(loader_principal(FLIGHTS).name) | {"group.id": group, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    found, deadline = 0, time.monotonic() + BOUND_SECONDS
    try:
        while found < wanted and time.monotonic() < deadline:
            message = consumer.poll(1)
            if message is None:
                continue
            if (error := message.error()) is not None:
                raise KafkaException(error)
            found += 1
    finally:
        consumer.close()
    return found


def test_the_application_has_all_that_it_needs(ground: Ground, application: Pipeline) -> None:
    rows = application.table_topics[application.row_table.name].name
    assert read(ground, rows, loader_group(application), EVENTS) == EVENTS
    totals = application.table_topics["traffic_by_day"].name
    assert read(ground, totals, loader_group(application), 30) == 30
    counters = streams.status(ground.ctx)["flights"]["counters"]
    assert (counters["received"], counters["distinct_events"]) == (EVENTS + 100, EVENTS)
    assert "AuthorizationException" not in ground.ctx.paths.log("streams").read_text(encoding="utf-8")


def test_it_makes_the_topics_that_its_rules_name_and_no_others(ground: Ground, application: Pipeline) -> None:
    admin = AdminClient({"bootstrap.servers": ground.ctx.endpoints.kafka_bootstrap_servers})
    there = {name for name in admin.list_topics(timeout=30).topics if not name.startswith("__")}
    assert there - {topic.name for topic in application.topics} == set(internal_topics(application))


def test_its_groups_are_those_that_its_rules_name(ground: Ground, application: Pipeline) -> None:
    admin = AdminClient({"bootstrap.servers": ground.ctx.endpoints.kafka_bootstrap_servers})
    groups = {group.group_id for group in admin.list_consumer_groups().result().valid}
    assert {consumer_group(application), totals_group(application)} <= groups
    assert groups <= {consumer_group(application), totals_group(application), loader_group(application)}


def test_the_loader_may_read_no_events_and_join_no_other_group(ground: Ground, application: Pipeline) -> None:
    for topic, group in (
        (application.source_topic.name, loader_group(application)),
        (application.table_topics[application.row_table.name].name, consumer_group(application)),
    ):
        with pytest.raises(KafkaException) as refused:
            read(ground, topic, group, 1)
        assert refused.value.args[0].code() in (
            KafkaError.TOPIC_AUTHORIZATION_FAILED,
            KafkaError.GROUP_AUTHORIZATION_FAILED,
        )


def test_the_status_is_answered_as_the_probes_ask_for_it(ground: Ground, application: Pipeline) -> None:
    url = ground.ctx.endpoints.streams_url
    assert application.name in httpx.get(f"{url}/pipelines").json()
    assert httpx.get(f"{url}/ready").status_code == httpx.get(f"{url}/live").status_code == httpx.codes.OK
