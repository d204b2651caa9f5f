"""A registry that asks for a login: the password comes from a file, and is told nobody."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.doctor.http_server import Answer, running

from weir.clients import registry
from weir.config.errors import WeirError
from weir.config.existing import REGISTRY_PASSWORD_FILE, REGISTRY_USER

pytestmark = pytest.mark.unit

WANTED = "Basic " + base64.b64encode(b"reader:canary").decode()


def guarded(_path: str, headers: Mapping[str, str]) -> Answer:
    return Answer(200, []) if headers.get("Authorization") == WANTED else Answer(401, {"message": "who are you?"})


@pytest.fixture
def address() -> Iterator[str]:
    with running(guarded) as server:
        yield server.address


def test_the_login_comes_from_the_environment(address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(WeirError, match="who are you"):
        registry.versions_of(address, "events-value")
    password = tmp_path / "password"
    password.write_text("canary\n")
    monkeypatch.setenv(REGISTRY_USER, "reader")
    monkeypatch.setenv(REGISTRY_PASSWORD_FILE, str(password))
    assert registry.versions_of(address, "events-value") == []


def test_a_file_that_is_missing_is_named(address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(REGISTRY_USER, "reader")
    monkeypatch.setenv(REGISTRY_PASSWORD_FILE, str(tmp_path / "none"))
    with pytest.raises(WeirError, match="none cannot be read"):
        registry.versions_of(address, "events-value")
