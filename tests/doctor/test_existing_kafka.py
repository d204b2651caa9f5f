"""What doctor says of a Kafka of somebody else's: without a login, and where nobody answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.ports import free_port
from tests.sizing.stacks import SMALL, merged

from weir.config.stack import StackConfig
from weir.doctor import existing_kafka
from weir.doctor.findings import Maker, State

pytestmark = pytest.mark.unit

SECRETS = ["kafka_password", "kafka_client_certificate", "kafka_client_key"]


def stack(**existing: Any) -> StackConfig:
    kafka = {"provider": "existing", "existing": {"bootstrap_servers": [f"127.0.0.1:{free_port()}"], **existing}}
    return StackConfig.model_validate(merged(SMALL, {"kafka": kafka, "given_secrets": SECRETS}))


def test_weirs_own_kafka_is_not_asked() -> None:
    assert existing_kafka.examine(StackConfig.model_validate(SMALL), [], {}) == []


@pytest.mark.parametrize(
    ("existing", "wanted"),
    [
        ({"username": "weir"}, "set WEIR_KAFKA_PASSWORD_FILE to the files"),
        ({"authentication": "tls"}, "set WEIR_KAFKA_CERTIFICATE_FILE and WEIR_KAFKA_KEY_FILE to the files"),
    ],
)
def test_a_missing_login_is_asked_for(existing: dict[str, Any], wanted: str) -> None:
    (finding,) = existing_kafka.examine(stack(**existing), [], {})
    assert (finding.state, finding.maker) == (State.WARNING, Maker.YOU)
    assert wanted in finding.remedy


def test_a_kafka_that_does_not_answer_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(existing_kafka, "ASK_SECONDS", 0)
    password = tmp_path / "password"
    password.write_text("canary")
    environment = {existing_kafka.PASSWORD_FILE: str(password)}
    (finding,) = existing_kafka.examine(stack(username="weir", tls=False), [], environment)
    assert finding.state is State.WARNING
    assert "0 of 1 brokers" in finding.found
    assert "canary" not in str(finding)
