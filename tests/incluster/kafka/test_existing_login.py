"""The set-up of an existing Kafka refuses a login that Java's clients could not use, before it asks Kafka."""

from __future__ import annotations

from pathlib import Path

import pytest

from weir.catalog.existing_topics import ExistingSetup
from weir.config.endpoints import Endpoints
from weir.incluster.kafka.existing import main

pytestmark = pytest.mark.unit


def run(folder: Path, *login: str) -> int:
    """With a Kafka that nobody runs."""
    (folder / "kafka.json").write_text(ExistingSetup(1).to_json())
    endpoints = Endpoints.of_pod(kafka="127.0.0.1:1", registry="")
    (folder / "endpoints.json").write_text(endpoints.model_dump_json())
    files = ["--setup", str(folder / "kafka.json"), "--endpoints", str(folder / "endpoints.json")]
    return main([*files, "--wait-seconds", "0", *login])


@pytest.mark.parametrize("password", ['can"ary', "canary\n"])
def test_a_password_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str], password: str) -> None:
    (tmp_path / "password").write_text(password)
    assert run(tmp_path, "--kafka-user", "weir", "--kafka-password-file", str(tmp_path / "password")) == 1
    told = capsys.readouterr().out
    assert told.startswith("weir:kafka_password: contains ")
    assert "brokers" not in told


def test_a_key_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("user.crt", "user.key"):
        (tmp_path / name).write_text("canary")
    login = ["--kafka-certificate", str(tmp_path / "user.crt"), "--kafka-key", str(tmp_path / "user.key")]
    assert run(tmp_path, *login) == 1
    told = capsys.readouterr().out
    assert told.startswith("weir:kafka_client_key: does not begin with ")
    assert "canary" not in told
