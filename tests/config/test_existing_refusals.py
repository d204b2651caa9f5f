"""Settings of a Kafka and a registry of somebody else's that cannot work: each is refused and says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sizing.stacks import SMALL, merged

from weir.config.errors import ConfigError, parse
from weir.config.stack import StackConfig

pytestmark = pytest.mark.unit

BROKERS = ["kafka-1.example.com:9093", "kafka-2.example.com:9094"]
LOGIN = {"bootstrap_servers": BROKERS, "username": "weir"}
OPEN = {"bootstrap_servers": BROKERS, "authentication": "none", "tls": False}
PEM = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"


def on(existing: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"kafka": {"provider": "existing", "existing": existing}, **changes}


AIVEN = {"project": "acme", "cloud_name": "aws-eu-west-1"}


def registry(**existing: Any) -> dict[str, Any]:
    return {"registry": {"provider": "existing", "existing": existing}}


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no address": (
        {"kafka": {"provider": "existing"}},
        ["kafka: existing: missing", "bootstrap_servers, which provider existing needs"],
    ),
    "another provider": (
        {"kafka": {"existing": LOGIN}},
        ["kafka: existing: only for provider existing, but provider is strimzi"],
    ),
    "a server without a port": (
        on({**LOGIN, "bootstrap_servers": ["kafka.example.com"]}),
        ["kafka.existing.bootstrap_servers"],
    ),
    "no user": (on({"bootstrap_servers": BROKERS}), ["username: missing; authentication scram-sha-512 needs it"]),
    "a user without a password": (
        on({**LOGIN, "authentication": "tls"}),
        ["username: authentication tls has none; remove it"],
    ),
    "a certificate in the clear": (
        on({"bootstrap_servers": BROKERS, "authentication": "tls", "tls": False}),
        ["tls: authentication by certificate needs it"],
    ),
    "an authority without encryption": (
        on({**OPEN, "certificate_authority": PEM}),
        ["certificate_authority: has no effect without tls"],
    ),
    "a key as authority": (
        on({**LOGIN, "certificate_authority": PEM.replace("CERTIFICATE", "PRIVATE KEY")}),
        ["kafka.existing.certificate_authority", "not certificates in PEM", "and no key"],
    ),
    "no password": (
        on(LOGIN),
        ["kafka_password: missing; kafka.existing needs it", "pulumi config set --secret weir:kafka_password"],
    ),
    "no key": (
        on({"bootstrap_servers": BROKERS, "authentication": "tls"}, given_secrets=["kafka_client_certificate"]),
        ["kafka_client_key: missing; kafka.existing needs it"],
    ),
    "the brokers' own settings": (
        {"kafka": {"provider": "existing", "existing": OPEN, "cruise_control": False}},
        ["cruise_control: has no effect on an existing Kafka"],
    ),
    "weir's own users' authentication": (
        {"kafka": {"provider": "existing", "existing": OPEN, "authentication": "tls"}},
        ["how clients log in is existing.authentication"],
    ),
    "a listener": (
        {
            "kafka": {
                "provider": "existing",
                "existing": OPEN,
                "external_listener": {
                    "type": "ingress",
                    "bootstrap_host": "kafka.example.com",
                    "broker_host": "b-{nodeId}.example.com",
                },
            }
        },
        ["external_listener: only for provider strimzi", "the listeners that its owner gave it"],
    ),
    "tiered storage": (
        on(OPEN, retention={"tiered_storage": {"enabled": True}}),
        ["retention.tiered_storage.enabled: a broker's own setting"],
    ),
    "brokers": (on(OPEN, resources={"kafka": {"brokers": 3}}), ["resources.kafka: an existing Kafka has the brokers"]),
    "protected events in the clear": (
        on(OPEN, availability={"protect": True}),
        ["kafka.existing.tls: false, but the stack is protected"],
    ),
    "a login on one machine": (
        on(LOGIN, target="embedded"),
        ["kafka.existing: the embedded target", "set tls to false and authentication to none"],
    ),
    "a registry without an address": (
        {"registry": {"provider": "existing"}},
        ["registry: existing: missing; add url"],
    ),
    "an address without the provider": (
        {"registry": {"existing": {"url": "http://registry:8081"}}},
        ["registry: existing: only for provider existing"],
    ),
    "a registry's password in the clear": (
        registry(url="http://registry:8081", username="weir"),
        ["username: its password would be sent unencrypted"],
    ),
    "a registry's authority without encryption": (
        registry(url="http://registry:8081", certificate_authority=PEM),
        ["certificate_authority: has no effect without https"],
    ),
    "no password for the registry": (
        registry(url="https://registry", username="weir"),
        ["registry_password: missing; registry.existing needs it"],
    ),
    "a registry's login on one machine": (
        {**registry(url="https://registry", username="weir"), "target": "embedded"},
        ["registry.existing: the embedded target reaches an existing registry without a login"],
    ),
    "a registry beside Aiven's": (
        {**registry(url="https://registry"), "kafka": {"provider": "aiven", "aiven": AIVEN}},
        ["registry.provider: existing, but Aiven's Kafka brings its own registry"],
    ),
    "a login in an address": (
        {"registry": {"provider": "existing", "existing": {"url": "https://me:pw@registry.example.com"}}},
        ["registry.existing.url", "without a login"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused_and_says_what_to_do(case: str) -> None:
    changes, words = REFUSED[case]
    with pytest.raises(ConfigError) as refused:
        parse(StackConfig, merged(SMALL, changes), "stack")
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("existing", "secrets"),
    [
        ({**LOGIN, "certificate_authority": PEM + PEM}, ["kafka_password"]),
        ({"bootstrap_servers": BROKERS, "authentication": "tls"}, ["kafka_client_certificate", "kafka_client_key"]),
        (OPEN, []),
        ({**OPEN, "tls": True}, []),
    ],
    ids=["password", "certificate", "open", "encrypted"],
)
def test_a_login_of_each_kind_is_accepted(existing: dict[str, Any], secrets: list[str]) -> None:
    stack = parse(StackConfig, merged(SMALL, on(existing, given_secrets=secrets)), "stack")
    assert stack.kafka.existing
    assert stack.kafka.existing.servers == "kafka-1.example.com:9093,kafka-2.example.com:9094"
    assert stack.kafka.existing.listener_ports == (9093, 9094)


def test_a_registrys_address_ends_without_a_slash() -> None:
    registry = {"provider": "existing", "existing": {"url": "http://registry.data.svc:8081/"}}
    stack = parse(StackConfig, merged(SMALL, {"registry": registry}), "stack")
    assert stack.registry.existing
    assert stack.registry.existing.url == "http://registry.data.svc:8081"
