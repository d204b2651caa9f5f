"""Kafka's admin client, which waits for answers and turns failures into readable errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from weir.clients.kafka import client_settings
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

TIMEOUT_SECONDS = 60
ASK_SECONDS = 5
RETRY_SECONDS = 2

LOGIN_CODES = (
    KafkaError._AUTHENTICATION,
    KafkaError._SSL,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError.ILLEGAL_SASL_STATE,
)
"""What a client meets whose login or trust is wrong; a broker that is only away is none of them."""

Key = TypeVar("Key", bound=Hashable)
Tell = Callable[[str], None]


class LoginError(WeirError):
    """Kafka refuses the login, or shows a certificate of an authority that the client does not trust."""


@dataclass(frozen=True)
class Access:
    """Where Kafka is, and how its administrator shows who it is."""

    servers: str
    certificate: Path | None = None
    """The folder of `tls.crt`, `tls.key` and `ca.crt`; None where Kafka asks nobody."""
    login: Mapping[str, str] = field(default_factory=dict)
    """Settings of the client library, for a login of another kind."""

    @classmethod
    def of(cls, endpoints: Endpoints) -> Access:
        """The Kafka of `endpoints`, by the login that they name."""
        return cls(endpoints.kafka_bootstrap_servers, login=client_settings(endpoints))

    def client(self, on_error: Callable[[KafkaError], None] | None = None) -> AdminClient:
        """The client. It connects when it is first asked something.

        Raises:
            LoginError: its certificates or keys cannot be used.
        """
        settings: dict[str, Any] = {"bootstrap.servers": self.servers, **self.login, "log_level": 0}
        if on_error:
            settings["error_cb"] = on_error
        if self.certificate:
            settings |= {
                "security.protocol": "SSL",
                "ssl.ca.location": str(self.certificate / "ca.crt"),
                "ssl.certificate.location": str(self.certificate / "tls.crt"),
                "ssl.key.location": str(self.certificate / "tls.key"),
            }
        try:
            return AdminClient(settings)
        except KafkaException as error:
            raise LoginError(f"Kafka admin client: {reason(error)}") from None


@dataclass(frozen=True)
class Broker:
    """A broker's own address."""

    host: str
    port: int


def wait_for_brokers(access: Access, wanted: int, wait_seconds: float, tell: Tell) -> list[Broker]:
    """The brokers, once there are `wanted`.

    Raises:
        LoginError: there are fewer after `wait_seconds`, and one refused the login or was not trusted.
        WeirError: there are fewer for another reason; it says how many, and what the last attempt met.
    """
    errors: list[KafkaError] = []

    def note(error: KafkaError) -> None:
        # It follows every other error and is less specific.
        if error.code() != KafkaError._ALL_BROKERS_DOWN:
            errors.append(error)

    client = access.client(note)
    deadline = time.monotonic() + wait_seconds
    told = -1
    while True:
        found = _brokers(client, errors)
        if len(found) >= wanted:
            return found
        if time.monotonic() >= deadline:
            raise _too_few(f"Kafka at {access.servers}: {len(found)} of {wanted} brokers", wait_seconds, errors)
        if len(found) != told:
            told = len(found)
            tell(f"{told} of {wanted} brokers answer; waiting for the others")
        time.sleep(RETRY_SECONDS)


def _too_few(found: str, waited_seconds: float, errors: list[KafkaError]) -> WeirError:
    refused = [error for error in errors if error.code() in LOGIN_CODES]
    met = f" ({(refused or errors)[-1].str()})" if errors else ""
    said = f"{found} after {waited_seconds:.0f} s{met}; check"
    if refused:
        return LoginError(f"{said} the login, and who signed the brokers' certificates, then run this again")
    return WeirError(f"{said} the brokers' pods and logs, then run this again")


def _brokers(client: AdminClient, errors: list[KafkaError]) -> list[Broker]:
    """The brokers that the cluster reports now. Any answer makes earlier errors obsolete."""
    try:
        found = client.list_topics(timeout=ASK_SECONDS).brokers.values()
    except KafkaException as error:
        before = len(errors)
        client.poll(0)
        if len(errors) == before:
            errors.append(error.args[0])
        return []
    errors.clear()
    return [Broker(str(broker.host), broker.port) for broker in found]


def partitions(client: AdminClient) -> dict[str, int]:
    """Topic -> number of its partitions.

    Raises:
        WeirError: Kafka does not tell.
    """
    try:
        topics = client.list_topics(timeout=TIMEOUT_SECONDS).topics
    except KafkaException as error:
        raise WeirError(f"Kafka does not list its topics: {reason(error)}") from None
    return {name: len(topic.partitions) for name, topic in topics.items()}


def answers(what: str, futures: Mapping[Key, Future[Any]]) -> dict[Key, Any]:
    """All answers.

    Raises:
        WeirError: Kafka refused some of `what`; it says all its reasons.
    """
    found: dict[Key, Any] = {}
    refusals: list[str] = []
    for key, future in futures.items():
        try:
            found[key] = future.result(TIMEOUT_SECONDS)
        except KafkaException as error:
            refusals.append(reason(error))
        except TimeoutError:
            refusals.append(f"no answer within {TIMEOUT_SECONDS} s")
    if refusals:
        raise WeirError(f"Kafka refused {what}: {'; '.join(dict.fromkeys(refusals))}")
    return found


def reason(error: KafkaException) -> str:
    """In Kafka's words."""
    return error.args[0].str()
