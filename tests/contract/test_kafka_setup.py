"""The set-up job of the plain Kafka, on the real Kafka with that Kafka's own settings: TLS, SCRAM, rules and quotas."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
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
from weir.components.kafka.plain import NODE_PRINCIPAL, TLS_FOLDER, PlainKafka, PlainKafkaArgs
from weir.components.own_certificates import certificate_files
from weir.config.properties_text import properties
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.incluster.kafka.users import Rule, apply_rules, existing_rules
from weir.local import kafka
from weir.local.service import Context, Paths
from weir.programs.recording import record
from weir.sizing.plan import KafkaPlan, NodeSize
from weir.toolchain.installed import Toolchain

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]

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
DONE = "topics, rules, quotas and the passwords of 2 users are as the plan says"


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


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, toolchain_for: Callable[..., Toolchain]) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("setup")
    stack = load_stack(free_ports_stack(folder))
    ctx = Context(REPOSITORY, Paths(folder / "weir"), stack.embedded.ports, stack, toolchain_for("kafka"))
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


def certificates(folder: Path) -> Path:
    """A node's, as a cluster without cert-manager has it."""
    found = folder / "node"
    found.mkdir()
    files = certificate_files("seed", "test", NODE_PRINCIPAL, [HOST], KEYSTORE_PASSWORD)
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


def test_a_first_run_makes_everything_and_a_second_changes_nothing(ground: Ground) -> None:
    told = ground.apply(WANTED)
    assert partitions(ground) == {"flights.events": 2, "flights.dead-letters": 1}
    assert topic_setting(ground, "flights.events", "retention.ms") == "3600000"
    assert "topic flights.events: created, partitions: 2" in told
    assert "weir-flights: DESCRIBE_CONFIGS on TOPIC flights.events: allowed" in told
    assert "weir-flights: WRITE on TRANSACTIONAL_ID weir-flights*: allowed" in told
    assert any(line.startswith("weir-flights: quota producer_byte_rate=1000000") for line in told)
    assert ground.apply(WANTED) == [DONE]


def test_a_users_rules_suffice_and_what_they_do_not_name_is_refused(ground: Ground) -> None:
    ground.apply(WANTED)
    assert publish(ground, PASSWORD) is None
    refused = publish(ground, PASSWORD, topic="flights.dead-letters")
    assert refused
    assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    reader = Consumer({
        **ground.login(FLIGHTS.name, PASSWORD), "group.id": "weir-flights", "auto.offset.reset": "earliest",
    })  # fmt: skip
    reader.subscribe([EVENTS.name])
    message = reader.poll(30)
    reader.close()
    assert message is not None
    assert message.value() == b"x"
    writer = Producer({**ground.login(FLIGHTS.name, PASSWORD), "transactional.id": "weir-flights-1"})
    writer.init_transactions(30)
    stranger = Producer({**ground.login(FLIGHTS.name, PASSWORD), "transactional.id": "another"})
    with pytest.raises(KafkaException) as denied:
        stranger.init_transactions(30)
    assert denied.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_a_changed_password_takes_effect_and_the_old_one_no_longer_does(ground: Ground) -> None:
    ground.apply(WANTED, "canary-before")
    assert publish(ground, "canary-before") is None
    ground.apply(WANTED, "canary-after")
    assert publish(ground, "canary-after") is None
    refused = publish(ground, "canary-before")
    assert refused
    assert refused.code() == KafkaError._AUTHENTICATION


def test_partitions_are_added_and_only_settings_that_differ_are_set(ground: Ground) -> None:
    small = replace(EVENTS, name="growing")
    ground.apply(replace(WANTED, topics=(small,)))
    grown = replace(small, partitions=4, config={**small.config, "retention.ms": "7200000"})
    told = ground.apply(replace(WANTED, topics=(grown,)))
    assert told == ["topic growing: now partitions: 4", "topic growing: retention.ms=7200000", DONE]
    assert partitions(ground)["growing"] == 4
    assert topic_setting(ground, "growing", "retention.ms") == "7200000"


def test_a_value_that_is_only_the_brokers_default_becomes_the_topics_own(ground: Ground) -> None:
    ground.apply(replace(WANTED, topics=(Topic("defaults", 1),)))
    default = topic_setting(ground, "defaults", "segment.bytes")
    assert default
    own = replace(WANTED, topics=(Topic("defaults", 1, {"segment.bytes": default}),))
    assert f"topic defaults: segment.bytes={default}" in ground.apply(own)
    assert ground.apply(own) == [DONE]


def test_fewer_partitions_are_refused_all_at_once_and_nothing_is_changed(ground: Ground) -> None:
    shrinking = (Topic("a", 3), Topic("b", 4), Topic("c", 2, {"retention.ms": "1000000"}))
    ground.apply(replace(WANTED, topics=shrinking))
    before = partitions(ground), existing_rules(ground.admin)
    other = Principal("weir-new", (AccessRule(KafkaResource.TOPIC, "a", ("Read",)),))
    asked = (Topic("new", 1), Topic("a", 1), Topic("b", 2), Topic("c", 5, {"retention.ms": "2000000"}))
    refused = ground.run(replace(WANTED, topics=asked, users=(other,)))
    assert refused.returncode == 1
    assert "topic a has 3 partitions and 1 are asked for: Kafka removes none" in refused.stdout
    assert "topic b has 4 partitions and 2 are asked for: Kafka removes none" in refused.stdout
    assert (partitions(ground), existing_rules(ground.admin)) == before
    assert topic_setting(ground, "c", "retention.ms") == "1000000"


def test_rules_that_nobody_asks_for_go_and_those_of_other_users_stay(ground: Ground) -> None:
    stranger = Principal("analysts", (AccessRule(KafkaResource.TOPIC, "flights.events", ("Read",)),))
    former = Principal("weir-former", (AccessRule(KafkaResource.GROUP, "weir-former", ("Read",), prefix=True),))
    more = replace(FLIGHTS, rules=(*FLIGHTS.rules, AccessRule(KafkaResource.TOPIC, "a-former-topic", ("Read",))))
    apply_rules(ground.admin, [stranger, former, more, PRODUCER], lambda _: None)
    told = ground.apply(WANTED)
    assert "weir-former: READ on GROUP weir-former*: removed, for nobody asks for it any more" in told
    assert "weir-flights: READ on TOPIC a-former-topic: removed, for nobody asks for it any more" in told
    kept = existing_rules(ground.admin)
    assert Rule("analysts", "READ", "TOPIC", "LITERAL", "flights.events") in kept
    wanted = sum(len(rule.operations) for user in WANTED.users for rule in user.rules)
    assert len(kept) == wanted + 1


def test_quotas_are_those_that_kafkas_own_tool_tells_and_only_the_changed_are_set(ground: Ground) -> None:
    ground.apply(WANTED)
    quotas = {FLIGHTS.name: ClientQuota(1_000_000, 3_000_000, 50), PRODUCER.name: ClientQuota(7, 8, 9)}
    told = ground.apply(replace(WANTED, quotas=quotas))
    assert "weir-flights: quota consumer_byte_rate=3000000" in told
    described = kafkas_own_quotas(ground)
    assert described["weir-flights"] == {
        "producer_byte_rate": 1_000_000, "consumer_byte_rate": 3_000_000, "request_percentage": 50,
    }  # fmt: skip
    assert described["weir-flights-producer"] == {
        "producer_byte_rate": 7, "consumer_byte_rate": 8, "request_percentage": 9,
    }  # fmt: skip


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


def test_too_few_brokers_are_waited_for_and_then_named(ground: Ground) -> None:
    begun = time.monotonic()
    result = ground.run(replace(WANTED, brokers=2), "--wait-seconds", "3")
    assert result.returncode == 1
    assert "1 of 2 brokers answer: waiting for the others" in result.stdout
    assert f"Kafka at {ground.internal}: 1 of 2 brokers after 3 s; look at the brokers' pods" in result.stdout
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("wrong", ["address", "authority"])
def test_why_no_broker_answers_is_told(ground: Ground, wrong: str, tmp_path: Path) -> None:
    if wrong == "address":
        result = ground.run(WANTED, "--wait-seconds", "1", servers=f"{HOST}:{ground.ctx.ports.cassandra}")
        assert "Connection refused" in result.stdout
    else:
        other = certificate_files("another seed", "test", NODE_PRINCIPAL, [HOST], KEYSTORE_PASSWORD)
        for name, content in other.items():
            (tmp_path / name).write_bytes(base64.b64decode(content))
        result = ground.run(WANTED, "--wait-seconds", "1", "--certificate", str(tmp_path))
        assert "certificate verify failed" in result.stdout
    assert result.returncode == 1
    assert "0 of 1 brokers after 1 s" in result.stdout


def test_a_missing_password_is_named_before_anything_is_touched(ground: Ground) -> None:
    ground.apply(WANTED)
    before = partitions(ground)
    (ground.folder / "passwords" / "weir-late").unlink(missing_ok=True)
    described = json.loads(replace(WANTED, topics=(Topic("too-early", 1),)).to_json())
    described["users"].append({"name": "weir-late", "rules": []})
    (ground.folder / "late.json").write_text(json.dumps(described))
    result = ground.run(WANTED, "--setup", str(ground.folder / "late.json"))
    assert result.returncode == 1
    assert "passwords of weir-late: missing; mount a file of each user's name" in result.stdout
    assert partitions(ground) == before
