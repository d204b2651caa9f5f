"""A registry that asks for a login: the password comes from a file, and is told nobody."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.doctor.http_server import Answer, running

from weir.clients import registry
from weir.components.own_certificates import Authority, Request, certificate_files
from weir.config.errors import WeirError
from weir.config.existing import REGISTRY_CA_FILE, REGISTRY_PASSWORD_FILE, REGISTRY_USER

pytestmark = pytest.mark.unit

WANTED = "Basic " + base64.b64encode(b"reader:canary").decode()


def guarded(_path: str, headers: Mapping[str, str]) -> Answer:
    return Answer(200, []) if headers.get("Authorization") == WANTED else Answer(401, {"message": "who are you?"})


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Of a registry with a certificate that the environment trusts."""
    request = Request("registry", ("127.0.0.1",))
    for name, text in certificate_files(Authority("seed", "test", "registry"), request, "changeit").items():
        (tmp_path / name).write_bytes(base64.b64decode(text))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    monkeypatch.setenv(REGISTRY_CA_FILE, str(tmp_path / "ca.crt"))
    with running(guarded, tls) as server:
        yield server.address


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("canary\n")
    monkeypatch.setenv(REGISTRY_USER, "reader")
    monkeypatch.setenv(REGISTRY_PASSWORD_FILE, str(password))


def test_without_a_login_the_registry_refuses(address: str) -> None:
    with pytest.raises(WeirError, match="who are you"):
        registry.versions_of(address, "events-value")


@pytest.mark.usefixtures("login")
def test_the_login_comes_from_the_environment(address: str) -> None:
    assert registry.versions_of(address, "events-value") == []
    registry.wait_for(address, 0)


@pytest.mark.usefixtures("login")
def test_an_unencrypted_registry_gets_no_login() -> None:
    with running(guarded) as server:
        told = f"WEIR_REGISTRY_USER.*{server.address}.*unencrypted"
        with pytest.raises(WeirError, match=told):
            registry.versions_of(server.address, "events-value")
        with pytest.raises(WeirError, match=told):
            registry.wait_for(server.address, 60)
        assert server.requests == []


def test_an_unencrypted_registry_without_a_login_is_asked() -> None:
    with running(lambda *_: Answer(200, [])) as server:
        assert registry.versions_of(server.address, "events-value") == []


def test_a_file_that_is_missing_is_named(address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(REGISTRY_USER, "reader")
    monkeypatch.setenv(REGISTRY_PASSWORD_FILE, str(tmp_path / "none"))
    with pytest.raises(WeirError, match="none cannot be read"):
        registry.versions_of(address, "events-value")
