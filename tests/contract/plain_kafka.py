"""The plain Kafka of clusters as one process with that Kafka's own settings, and its set-up job as the pod runs it."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType
from tests.platforms import free_ports_stack

from weir.catalog.kafka_setup import ClientQuota, KafkaSetup
from weir.catalog.principals import AccessRule, KafkaResource, Principal
from weir.catalog.topics import Topic
from weir.clients.kafka_admin import Access, wait_for_brokers
from weir.components.base import Site
from weir.components.certificates import KEYSTORE_PASSWORD, CertificateAuthority, CertificateAuthorityArgs
from weir.components.images import Image
from weir.components.kafka.plain import NODE_PRINCIPAL, NODES_DOMAIN, TLS_FOLDER, PlainKafka, PlainKafkaArgs
from weir.components.own_certificates import Authority, Request, certificate_files
from weir.config.properties_text import properties
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.local import kafka
from weir.local.service import Context, Paths
from weir.programs.recording import record
from weir.sizing.plan import KafkaPlan, NodeSize
from weir.toolchain.installed import Toolchain

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

HOST = "localhost"
PLAN = KafkaPlan(1, NodeSize(1, 512, 256, 1), 1, NodeSize(1, 512, 256, 1), 1, 1, (), {}, 900)
FLIGHTS = Principal(
    "weir-flights",
    (
        AccessRule(KafkaResource.TOPIC, "flights.events", ("Read", "Write", "Describe", "DescribeConfigs")),
        AccessRule(KafkaResource.GROUP, "weir-flights", ("Read", "Describe")),
        AccessRule(KafkaResource.TRANSACTIONAL_ID, "weir-flights", ("Write", "Describe"), prefix=True),
    ),
    "flights",
)
PRODUCER = Principal(
    "weir-flights-producer", (AccessRule(KafkaResource.TOPIC, "flights.events", ("Write",)),), "flights"
)
EVENTS = Topic("flights.events", 2, {"retention.ms": "3600000", "cleanup.policy": "delete"})
WANTED = KafkaSetup(
    brokers=1,
    replication_factor=1,
    topics=(EVENTS, Topic("flights.dead-letters", 1)),
    users=(FLIGHTS, PRODUCER),
    quotas={FLIGHTS.name: ClientQuota(1_000_000, 2_000_000, 50)},
)
PASSWORD = "canary-5b1d"
SIGNER = Authority("seed", "test", NODES_DOMAIN)
DONE = "topics, ACLs, quotas and the passwords of 2 users match the plan"


@dataclass(frozen=True)
class Ground:
    """A plain Kafka's broker, which is a controller, too."""

    ctx: Context
    certificate: Path
    internal: str
    clients: str
    folder: Path

    @property
    def admin(self) -> AdminClient:
        return Access(self.internal, self.certificate).client()

    def login(self, user: str, password: str) -> dict[str, str]:
        """librdkafka's properties."""
        return {
            "bootstrap.servers": self.clients,
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(self.certificate / "ca.crt"),
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": password,
            "log_level": "0",
        }

    def run(
        self, wanted: KafkaSetup, *options: str, password: str = PASSWORD, servers: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The job as its pod runs it; no line of it tells a password."""
        passwords = self.folder / "passwords"
        passwords.mkdir(exist_ok=True)
        for user in wanted.users:
            (passwords / user.name).write_text(password)
        described = self.folder / "kafka.json"
        described.write_text(wanted.to_json())
        command = [
            *(sys.executable, "-m", "weir.incluster.kafka.job", "--setup", str(described)),
            *("--servers", servers or self.internal, "--certificate", str(self.certificate)),
            *("--passwords", str(passwords), *options),
        ]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
        assert password not in result.stdout + result.stderr
        return result

    def apply(self, wanted: KafkaSetup, password: str = PASSWORD) -> list[str]:
        """What it says it did."""
        result = self.run(wanted, password=password)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout.splitlines()


def certificates(folder: Path) -> Path:
    """A node's, as a cluster without cert-manager has it."""
    found = folder / "node"
    found.mkdir()
    files = certificate_files(SIGNER, Request(NODE_PRINCIPAL, [HOST]), KEYSTORE_PASSWORD)
    for name, content in files.items():
        (found / name).write_bytes(base64.b64decode(content))
    return found


def settings(ground: Ground) -> dict[str, object]:
    """The plain broker's own, but for addresses, folders, and that one process is all there is."""
    site = Site("dev", "weir-dev", "platform", keep_data=False)

    def program() -> None:
        authority = CertificateAuthority(site, CertificateAuthorityArgs("", generated=True))
        PlainKafka("kafka", site, PlainKafkaArgs(PLAN, Image("apache/kafka"), authority))

    (config,) = [each for each in record(program, "dev") if each.name == "kafka-config"]
    text = config.inputs["data"]["broker.properties"].replace(TLS_FOLDER, str(ground.certificate))
    rendered = dict(line.split("=", 1) for line in text.splitlines())
    one = kafka.settings(ground.ctx)
    internal, clients = f"INTERNAL://{ground.internal}", f"CLIENTS://{ground.clients}"
    controller = f"{HOST}:{ground.ctx.ports.kafka_controller}"
    return rendered | {
        "process.roles": "broker,controller",
        "node.id": one["node.id"],
        "controller.quorum.voters": f"{one['node.id']}@{controller}",
        "listeners": f"{internal},{clients},CONTROLLER://{controller}",
        "advertised.listeners": f"{internal},{clients}",
        "log.dirs": one["log.dirs"],
        "log.cleaner.dedupe.buffer.size": one["log.cleaner.dedupe.buffer.size"],
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.num.partitions": 1,
    }


@contextmanager
def started(folder: Path, toolchain: Toolchain) -> Iterator[Ground]:
    """The broker, until the block ends."""
    stack = load_stack(free_ports_stack(folder))
    ctx = Context(REPOSITORY, Paths(folder / "weir"), stack.embedded.ports, stack, toolchain)
    # Superset is not there: its port is free.
    made = Ground(ctx, certificates(folder), f"{HOST}:{ctx.ports.kafka}", f"{HOST}:{ctx.ports.superset}", folder)
    service = kafka.service(ctx)
    service.prepare()
    (ctx.paths.config("kafka") / "server.properties").write_text(properties(settings(made)), encoding="utf-8")
    with (
        ctx.paths.log("kafka").open("wb") as log,
        subprocess.Popen(list(service.command), stdout=log, stderr=log) as process,
    ):
        try:
            wait_for_brokers(Access(made.internal, made.certificate), 1, 90, lambda _: None)
            yield made
        finally:
            process.terminate()


def partitions(ground: Ground) -> dict[str, int]:
    return {name: len(topic.partitions) for name, topic in ground.admin.list_topics(timeout=30).topics.items()}


def topic_setting(ground: Ground, topic: str, name: str) -> str | None:
    asked = ConfigResource(ResourceType.TOPIC, topic)
    admin = ground.admin
    return admin.describe_configs([asked])[asked].result(30)[name].value


def publish(ground: Ground, password: str, user: str = FLIGHTS.name, topic: str = EVENTS.name) -> KafkaError | None:
    """What becomes of one record; a login that fails is an error of the client."""
    met: list[KafkaError | None] = []
    producer = Producer({**ground.login(user, password), "error_cb": met.append, "message.timeout.ms": 15000})
    producer.produce(topic, b"x", on_delivery=lambda error, _: met.append(error))
    deadline = time.monotonic() + 20
    while not met and time.monotonic() < deadline:
        producer.poll(0.2)
    producer.purge()
    return met[0]


def kafkas_own_quotas(ground: Ground) -> dict[str, dict[str, float]]:
    tls = {
        "security.protocol": "SSL",
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.location": ground.certificate / "keystore.p12",
        "ssl.keystore.password": KEYSTORE_PASSWORD,
        "ssl.truststore.type": "PKCS12",
        "ssl.truststore.location": ground.certificate / "truststore.p12",
        "ssl.truststore.password": KEYSTORE_PASSWORD,
    }
    (ground.folder / "admin.properties").write_text(properties(tls))
    tools = ground.ctx.toolchain
    result = subprocess.run(
        [
            *(str(tools.java17 / "bin" / "java"), "-XX:TieredStopAtLevel=1", "-cp", tools.classpath("kafka")),
            *("kafka.admin.ConfigCommand", "--bootstrap-server", ground.internal),
            *("--command-config", str(ground.folder / "admin.properties")),
            *("--describe", "--entity-type", "users"),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    lines = re.findall(r"Quota configs for user-principal '(.+)' are (.+)", result.stdout)
    return {
        user: {name: float(value) for name, value in (pair.split("=") for pair in limits.split(", "))}
        for user, limits in lines
    }
