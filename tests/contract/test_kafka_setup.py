"""The set-up job of the plain Kafka, on the real Kafka with that Kafka's own settings: TLS, SCRAM, rules and quotas."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from pydantic import SecretStr
from tests.catalog.with_clients import OPERATORS, flights_with
from tests.clients.letters.made import texts as letter_texts
from tests.contract import connect_guide
from tests.contract.plain_kafka import (
    DONE,
    EVENTS,
    FLIGHTS,
    HOST,
    PASSWORD,
    PRODUCER,
    WANTED,
    Ground,
    kafkas_own_quotas,
    partitions,
    publish,
    started,
    topic_setting,
)

from weir.catalog.engine_names import letters_group
from weir.catalog.kafka_setup import ClientQuota
from weir.catalog.principals import AccessRule, KafkaResource, Principal, client_principal
from weir.catalog.topics import Topic
from weir.clients.kafka import TopicReader
from weir.clients.letters.courier import Courier
from weir.clients.letters.letter import Done, Position, letter_of
from weir.clients.letters.mailbox import Envelope
from weir.clients.letters.resending import marker, outgoing
from weir.components.certificates import KEYSTORE_PASSWORD
from weir.components.kafka.plain import NODE_PRINCIPAL, NODES_DOMAIN
from weir.components.own_certificates import Authority, Request, certificate_files
from weir.config.endpoints import Endpoints, Login
from weir.config.errors import WeirError
from weir.incluster.kafka.users import Rule, apply_rules, existing_rules
from weir.toolchain.installed import Toolchain

pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, toolchain_for: Callable[..., Toolchain]) -> Iterator[Ground]:
    with started(tmp_path_factory.mktemp("setup"), toolchain_for("kafka")) as made:
        yield made


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


@pytest.fixture
def feed_and_analytics(ground: Ground, tmp_path: Path) -> tuple[Path, Path]:
    """The clients of the guide, and for each a folder with what its team copied."""
    pipeline = connect_guide.flights(tmp_path / "pipelines")
    ground.apply(connect_guide.wanted(pipeline))
    folders = tmp_path / "weir-flights-feed", tmp_path / "weir-flights-analytics"
    for folder in folders:
        folder.mkdir()
        connect_guide.secret(ground, folder, folder.name)
    return folders


def test_clients_get_in_as_the_guide_says(ground: Ground, feed_and_analytics: tuple[Path, Path]) -> None:
    feed, analytics = feed_and_analytics
    said = connect_guide.java(ground, feed, "flights.events", "from-java")
    assert connect_guide.python(ground, analytics).startswith("flights.events ")
    for which, address in ((0, ground.clients), (1, ground.internal)):
        settings = connect_guide.kcat(analytics, which)
        reader = Consumer({**settings, "bootstrap.servers": address, "group.id": "analytics"})
        reader.assign([TopicPartition("flights.events", number, 0) for number in range(EVENTS.partitions)])
        found = any(message.value() == b"from-java" for _ in range(30) if (message := reader.poll(1)))
        reader.close()
        assert found, said


def test_a_client_is_refused_what_it_does_not_name(ground: Ground, feed_and_analytics: tuple[Path, Path]) -> None:
    feed, analytics = (folder.name for folder in feed_and_analytics)
    assert publish(ground, PASSWORD, feed, "flights.events") is None
    for user, topic in ((feed, "flights.dead-letters"), (analytics, "flights.events")):
        refused = publish(ground, PASSWORD, user, topic)
        assert refused
        assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    for user, group, topic, code in (
        (analytics, "another", "flights.events", KafkaError.GROUP_AUTHORIZATION_FAILED),
        (analytics, "analytics", "flights.dead-letters", KafkaError.TOPIC_AUTHORIZATION_FAILED),
        (feed, "analytics", "flights.events", KafkaError.GROUP_AUTHORIZATION_FAILED),
    ):
        reader = Consumer({**ground.login(user, PASSWORD), "group.id": group})
        reader.subscribe([topic])
        message = reader.poll(30)
        reader.close()
        assert message is not None
        assert (error := message.error()) is not None
        assert error.code() == code


def test_who_works_on_letters_needs_no_more_than_the_role_gives(ground: Ground, tmp_path: Path) -> None:
    """Reading, marking and sending back, with nothing but the rules of the role; other topics stay closed."""
    pipeline = flights_with(tmp_path, {"operators": OPERATORS})
    operator = client_principal(pipeline, "operators")
    ground.apply(replace(WANTED, users=(*WANTED.users, operator)))
    login = Login(ca_file=ground.certificate / "ca.crt", username=operator.name, password=SecretStr(PASSWORD))
    at = Endpoints.of_pod(registry="", kafka=ground.clients).model_copy(update={"kafka_login": login})
    courier = Courier(at, pipeline)
    letter = letter_of(Position(0, 0), 0, letter_texts(partition="1"))
    courier.send([outgoing(courier.mailbox.topic, Envelope(letter, b"k", b"v", {}))])
    noise = letter_of(Position(0, 1), 0, letter_texts(8, partition="1"))
    courier.mark([(noise, marker(noise, Done.DROPPED, "noise"))])
    post = courier.mailbox.read_settled(lambda _: None)
    known = [post.marker(each) for each in (letter, noise)]
    assert [each and (each.done, each.note) for each in known] == [(Done.RESENT, ""), (Done.DROPPED, "noise")]
    with TopicReader(at, EVENTS.name, group=letters_group(pipeline)) as reader:
        assert reader.partitions() == [0, 1]
        with pytest.raises(WeirError, match="cannot be read"):
            list(reader.records({1: (0, 1)}))
    refused = publish(ground, PASSWORD, operator.name, "a-topic-of-others")
    assert refused
    assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


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
    assert "topic a has 3 partitions, but the plan has 1; Kafka cannot remove partitions" in refused.stdout
    assert "topic b has 4 partitions, but the plan has 2; Kafka cannot remove partitions" in refused.stdout
    assert (partitions(ground), existing_rules(ground.admin)) == before
    assert topic_setting(ground, "c", "retention.ms") == "1000000"


def test_rules_that_nobody_asks_for_go_and_those_of_other_users_stay(ground: Ground) -> None:
    stranger = Principal("analysts", (AccessRule(KafkaResource.TOPIC, "flights.events", ("Read",)),))
    former = Principal("weir-former", (AccessRule(KafkaResource.GROUP, "weir-former", ("Read",), prefix=True),))
    more = replace(FLIGHTS, rules=(*FLIGHTS.rules, AccessRule(KafkaResource.TOPIC, "a-former-topic", ("Read",))))
    apply_rules(ground.admin, [stranger, former, more, PRODUCER], lambda _: None)
    told = ground.apply(WANTED)
    assert "weir-former: READ on GROUP weir-former*: removed, because nothing needs it any more" in told
    assert "weir-flights: READ on TOPIC a-former-topic: removed, because nothing needs it any more" in told
    kept = existing_rules(ground.admin)
    assert Rule("analysts", "READ", "TOPIC", "LITERAL", "flights.events") in kept
    wanted = sum(len(rule.operations) for user in WANTED.users for rule in user.rules)
    assert len(kept) == wanted + 1


def test_quotas_match_kafkas_own_tool_and_only_changed_ones_are_set(ground: Ground) -> None:
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


def test_too_few_brokers_are_waited_for_and_then_named(ground: Ground) -> None:
    begun = time.monotonic()
    result = ground.run(replace(WANTED, brokers=2), "--wait-seconds", "3")
    assert result.returncode == 1
    assert "1 of 2 brokers answer; waiting for the others" in result.stdout
    assert f"Kafka at {ground.internal}: 1 of 2 brokers after 3 s; check the brokers' pods" in result.stdout
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("wrong", ["address", "authority"])
def test_why_no_broker_answers_is_told(ground: Ground, wrong: str, tmp_path: Path) -> None:
    if wrong == "address":
        result = ground.run(WANTED, "--wait-seconds", "1", servers=f"{HOST}:{ground.ctx.ports.cassandra}")
        assert "Connection refused" in result.stdout
    else:
        signer = Authority("another seed", "test", NODES_DOMAIN)
        other = certificate_files(signer, Request(NODE_PRINCIPAL, [HOST]), KEYSTORE_PASSWORD)
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
    assert "passwords of weir-late: missing; mount one file per user, named after the user" in result.stdout
    assert partitions(ground) == before
