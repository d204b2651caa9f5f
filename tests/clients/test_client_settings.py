"""How Kafka's clients log in, where a service asks."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException
from pydantic import SecretStr

from weir.clients.kafka import TopicReader, client_settings
from weir.config.endpoints import Endpoints, Login
from weir.incluster.daemon import add_login, login_of

pytestmark = pytest.mark.unit
NOBODY = Endpoints(
    kafka_bootstrap_servers="kafka:9093",
    registry_url="",
    cassandra_contact_points=(),
    cassandra_datacenter="",
    flink_url="",
    trino_url="",
    superset_url="",
)


def test_without_a_login_only_the_address_is_given() -> None:
    assert client_settings(NOBODY) == {"bootstrap.servers": "kafka:9093"}


def test_a_name_and_a_password_go_over_tls_alone() -> None:
    login = Login(ca_file=Path("/ca"), username="producer", password=SecretStr("p"))
    settings = client_settings(NOBODY.model_copy(update={"kafka_login": login}))
    assert settings["security.protocol"] == "SASL_SSL"
    assert settings["sasl.mechanism"] == "SCRAM-SHA-512"
    assert (settings["sasl.username"], settings["sasl.password"]) == ("producer", "p")
    assert settings["ssl.ca.location"] == "/ca"


def test_a_certificate_needs_no_password() -> None:
    login = Login(ca_file=Path("/ca"), certificate_file=Path("/crt"), key_file=Path("/key"))
    settings = client_settings(NOBODY.model_copy(update={"kafka_login": login}))
    assert settings["security.protocol"] == "SSL"
    assert settings["ssl.key.location"] == "/key"
    assert not any(name.startswith("sasl.") for name in settings)


def test_a_kafka_of_others_may_ask_nobody_and_still_encrypt() -> None:
    settings = client_settings(NOBODY.model_copy(update={"kafka_login": Login(ca_file=Path("/ca"))}))
    assert settings["security.protocol"] == "SSL"
    assert settings["ssl.ca.location"] == "/ca"
    assert not any(name.startswith("sasl.") for name in settings)


def test_a_kafka_of_others_may_ask_without_encrypting() -> None:
    login = Login(username="weir", password=SecretStr("p"), encrypted=False)
    settings = client_settings(NOBODY.model_copy(update={"kafka_login": login}))
    assert (settings["security.protocol"], settings["sasl.username"]) == ("SASL_PLAINTEXT", "weir")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([], None),
        (["--kafka-tls"], Login()),
        (["--kafka-tls", "--kafka-ca", "/ca"], Login(ca_file=Path("/ca"))),
        (["--kafka-user", "weir", "--kafka-unencrypted"], Login(username="weir", encrypted=False)),
        (["--kafka-user", "weir"], Login(username="weir")),
    ],
)
def test_a_programs_arguments_say_how_it_logs_in(given: list[str], wanted: Login | None) -> None:
    parser = argparse.ArgumentParser()
    add_login(parser, "kafka")
    assert login_of(parser.parse_args(given), "kafka") == wanted


def test_a_password_is_not_printed() -> None:
    login = Login(ca_file=Path("/ca"), username="producer", password=SecretStr("canary"))
    assert "canary" not in repr(NOBODY.model_copy(update={"kafka_login": login}))


def test_a_partition_whose_leader_moves_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[object] = [KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION)), (3, 8)]

    class Moving:
        def get_watermark_offsets(self, *_: object) -> object:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    reader = object.__new__(TopicReader)
    reader.topic = "events"
    monkeypatch.setattr(reader, "_consumer", Moving(), raising=False)
    monkeypatch.setattr(reader, "partitions", lambda: [0], raising=False)
    assert reader.offsets() == {0: (3, 8)}
    assert answers == []
