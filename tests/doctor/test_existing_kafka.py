"""What doctor says of a Kafka of somebody else's: without a login, and where nobody answers."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.doctor.http_server import Answer, running
from tests.ports import free_port
from tests.programs.existing_stack import PEM
from tests.sizing.stacks import SMALL, merged

from weir.catalog.existing_topics import foreign_topic
from weir.catalog.pipeline import load_pipeline
from weir.components.own_certificates import Authority, Request, certificate_files
from weir.config.repository import REPOSITORY
from weir.config.stack import StackConfig
from weir.doctor import existing_kafka
from weir.doctor.findings import Finding, Maker, State
from weir.incluster.kafka import existing

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")
SECRETS = ["kafka_password", "kafka_client_certificate", "kafka_client_key", "registry_password"]


REGISTRY = {"url": "https://registry.example.com", "username": "reader", "certificate_authority": PEM}


def stack(registry: dict[str, Any] | None = None, **existing: Any) -> StackConfig:
    kafka = {"provider": "existing", "existing": {"bootstrap_servers": [f"127.0.0.1:{free_port()}"], **existing}}
    used = {"provider": "existing", "existing": registry} if registry else {}
    return StackConfig.model_validate(merged(SMALL, {"kafka": kafka, "registry": used, "given_secrets": SECRETS}))


def test_weirs_own_kafka_is_not_asked() -> None:
    assert existing_kafka.examine(StackConfig.model_validate(SMALL), [], {}) == []


@pytest.mark.parametrize(
    ("existing", "wanted"),
    [
        ({"username": "weir"}, "set WEIR_KAFKA_PASSWORD_FILE to what"),
        ({"authentication": "tls"}, "set WEIR_KAFKA_CERTIFICATE_FILE and WEIR_KAFKA_KEY_FILE to what"),
        (
            {"authentication": "none", "registry": REGISTRY},
            "set WEIR_REGISTRY_USER and WEIR_REGISTRY_PASSWORD_FILE and WEIR_REGISTRY_CA_FILE to what",
        ),
    ],
)
def test_a_missing_login_is_asked_for(existing: dict[str, Any], wanted: str) -> None:
    (finding,) = existing_kafka.examine(stack(**existing), [], {})
    assert (finding.state, finding.maker) == (State.WARNING, Maker.YOU)
    assert wanted in finding.remedy


def test_a_password_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    environment = {existing_kafka.PASSWORD_FILE: str(tmp_path / "none")}
    (finding,) = existing_kafka.examine(stack(username="weir"), [], environment)
    assert (finding.state, finding.maker) == (State.WARNING, Maker.YOU)
    assert "none" in finding.found
    assert finding.remedy == "name a file that can be read"


def test_a_kafka_that_does_not_answer_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(existing_kafka, "ASK_SECONDS", 0)
    password = tmp_path / "password"
    password.write_text("canary")
    environment = {existing_kafka.PASSWORD_FILE: str(password)}
    (finding,) = existing_kafka.examine(stack(username="weir", tls=False), [], environment)
    assert finding.state is State.WARNING
    assert "0 of 1 brokers" in finding.found
    assert "canary" not in str(finding)


@contextmanager
def encrypted(folder: Path) -> Iterator[int]:
    """The port of a server with a certificate of an authority that nobody knows."""
    made = certificate_files(Authority("seed", "test", "nobody"), Request("kafka", ["127.0.0.1"]), "changeit")
    for name in ("tls.crt", "tls.key"):
        (folder / name).write_bytes(base64.b64decode(made[name]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                context.wrap_socket(self.request, server_side=True).close()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_certificate_that_is_none_is_missing(tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate", tmp_path / "key"
    certificate.write_text("canary")
    key.write_text("-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n")
    environment = {existing_kafka.CERTIFICATE_FILE: str(certificate), existing_kafka.KEY_FILE: str(key)}
    (finding,) = existing_kafka.examine(stack(authentication="tls"), [], environment)
    assert finding.state is State.MISSING
    assert finding.found.startswith("Kafka admin client: ")
    assert "canary" not in str(finding)


def test_a_kafka_of_an_unknown_authority_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(existing_kafka, "ASK_SECONDS", 2)
    with encrypted(tmp_path) as port:
        asked = stack(authentication="none", bootstrap_servers=[f"127.0.0.1:{port}"])
        (finding,) = existing_kafka.examine(asked, [], {})
    assert (finding.state, finding.maker) == (State.MISSING, Maker.YOU)
    assert "check the login, and who signed the brokers' certificates" in finding.found
    assert "certificate verify failed" in finding.found


def test_a_key_that_is_none_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("canary")
    environment: dict[str, str] = {existing_kafka.CERTIFICATE_FILE: str(file), existing_kafka.KEY_FILE: str(file)}
    (finding,) = existing_kafka.examine(stack(authentication="tls"), [], environment)
    assert finding.state is State.MISSING
    assert finding.found.startswith("weir:kafka_client_key: does not begin with")
    assert "canary" not in str(finding)


def test_a_password_that_javas_clients_cannot_use_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text('can"ary\n')
    (finding,) = existing_kafka.examine(stack(username="weir"), [], {existing_kafka.PASSWORD_FILE: str(file)})
    assert (finding.state, finding.maker) == (State.MISSING, Maker.YOU)
    assert finding.found == ("weir:kafka_password: contains a double quote, with which Java's clients cannot log in")


def schemas_at(url: str) -> list[Finding]:
    found = existing._schemas(url, foreign_topic(FLIGHTS), "flights.events-value")
    return [existing_kafka._finding(each) for each in found]


@pytest.mark.parametrize(
    ("status", "state", "told"),
    [
        (401, State.MISSING, "flights: registry.existing: the registry refused the versions of subject"),
        (403, State.MISSING, "flights: registry.existing: the registry refused the versions of subject"),
        (404, State.MISSING, "flights: source.schema_file: the registry has no subject"),
    ],
)
def test_what_a_registry_refuses_is_missing(status: int, state: State, told: str) -> None:
    with running(lambda _path, _headers: Answer(status, {"message": "who are you?"})) as server:
        (finding,) = schemas_at(server.address)
    assert finding.state is state
    assert finding.found.startswith(told)


def test_a_registry_that_does_not_answer_may_do_so_elsewhere(tmp_path: Path) -> None:
    (finding,) = schemas_at(f"http://127.0.0.1:{free_port()}")
    assert finding.state is State.WARNING
    assert finding.found.startswith("flights: registry.existing: the registry does not answer")
    with encrypted(tmp_path) as port:
        (untrusted,) = schemas_at(f"https://127.0.0.1:{port}")
    assert untrusted.state is State.MISSING
    assert "an authority that is not trusted" in untrusted.found
