"""Users' quotas, in Kafka's wire protocol: neither librdkafka nor kafka-python supports these two requests.

Sends DescribeClientQuotas and AlterClientQuotas, both version 0 (https://kafka.apache.org/protocol), over one
connection to a broker, which forwards changes to the controller.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from io import BufferedIOBase
from pathlib import Path

from weir.catalog.kafka_setup import ClientQuota
from weir.clients.kafka_admin import TIMEOUT_SECONDS, Broker, Tell
from weir.clients.kafka_protocol import Reader, array, boolean, float64, int8, int16, int32, string
from weir.config.errors import WeirError

DESCRIBE, ALTER = 48, 49
VERSION = 0
CLIENT = "weir"
USER = "user"
ANY_NAME = 2

Limits = dict[str, float]


def apply_quotas(broker: Broker, certificate: Path | None, quotas: Mapping[str, ClientQuota], tell: Tell) -> None:
    """Sets the quotas that differ.

    Raises:
        WeirError: the broker does not answer, or rejects the change.
    """
    if not quotas:
        return
    with _connection(broker, certificate) as stream:
        existing = _described(_ask(stream, DESCRIBE, _every_user()))
        changes = {user: _differing(quota, existing.get(user, {})) for user, quota in quotas.items()}
        wanted = {user: limits for user, limits in changes.items() if limits}
        if wanted:
            _check_altered(_ask(stream, ALTER, _alteration(wanted)))
    for user, limits in wanted.items():
        tell(f"{user}: quota {', '.join(f'{name}={value:.0f}' for name, value in limits.items())}")


def _differing(quota: ClientQuota, has: Limits) -> Limits:
    return {name: value for name, value in asdict(quota).items() if has.get(name) != value}


@contextmanager
def _connection(broker: Broker, certificate: Path | None) -> Iterator[BufferedIOBase]:
    address = (broker.host, broker.port)
    try:
        with socket.create_connection(address, timeout=TIMEOUT_SECONDS) as plain:
            if certificate is None:
                with plain.makefile("rwb") as stream:
                    yield stream
                return
            context = ssl.create_default_context(cafile=str(certificate / "ca.crt"))
            context.load_cert_chain(certificate / "tls.crt", certificate / "tls.key")
            with (
                context.wrap_socket(plain, server_hostname=broker.host) as secured,
                secured.makefile("rwb") as stream,
            ):
                yield stream
    except (OSError, struct.error) as error:
        raise WeirError(f"quotas: broker {broker.host}:{broker.port} does not answer: {error}") from None


def _ask(stream: BufferedIOBase, request: int, body: bytes) -> Reader:
    """Sends a request and returns the body of its response. Requests are sequential; the correlation id is ignored."""
    message = int16(request) + int16(VERSION) + int32(0) + string(CLIENT) + body
    stream.write(int32(len(message)) + message)
    stream.flush()
    size = Reader(stream.read(4)).int32()
    answer = Reader(stream.read(size))
    answer.int32()  # correlation id
    answer.int32()  # throttle time in milliseconds
    return answer


def _every_user() -> bytes:
    """All quotas of named users (not those of a user's single client)."""
    return array([string(USER) + int8(ANY_NAME) + string(None)]) + boolean(True)


def _described(answer: Reader) -> dict[str, Limits]:
    _check(answer)
    return {_entity(answer): _limits(answer) for _ in range(answer.int32())}


def _entity(answer: Reader) -> str:
    """The user's name; the request excludes other kinds of entity."""
    names = {answer.string(): answer.string() for _ in range(answer.int32())}
    return names.get(USER) or ""


def _limits(answer: Reader) -> Limits:
    return {answer.string() or "": answer.float64() for _ in range(answer.int32())}


def _alteration(quotas: Mapping[str, Limits]) -> bytes:
    def entry(user: str, limits: Limits) -> bytes:
        set_to = [string(name) + float64(value) + boolean(False) for name, value in limits.items()]
        return array([string(USER) + string(user)]) + array(set_to)

    return array([entry(user, limits) for user, limits in quotas.items()]) + boolean(False)


def _check_altered(answer: Reader) -> None:
    for _ in range(answer.int32()):
        _check(answer)
        _entity(answer)


def _check(answer: Reader) -> None:
    code, message = answer.int16(), answer.string()
    if code:
        raise WeirError(f"Kafka refused quotas: {message or 'no reason given'} (error {code})")
