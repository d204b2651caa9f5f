"""`weir schema check`: what it says where the registry has nothing to compare with."""

from __future__ import annotations

import json

import pytest
from tests.doctor.http_server import Answer, running
from typer.testing import CliRunner

from weir.cli.main import commands

pytestmark = pytest.mark.unit


def printed(*arguments: str) -> str:
    """By a registry that knows no subject."""
    with running(lambda *_: Answer(404, {"error_code": 40401, "message": "not found"})) as registry:
        options = ["--registry-url", registry.address, *arguments]
        result = CliRunner().invoke(commands, ["schema", "check", *options], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_json_is_not_checked_against_a_registry_and_it_says_so() -> None:
    told, other = printed("orders", "flights").splitlines()
    assert told.startswith("orders: nothing was checked, for its events are JSON")
    assert "using --against <revision>" in told
    assert other == "flights: no earlier version to compare with"
    document = json.loads(printed("orders", "flights", "--json"))
    assert {name: result["checked"] for name, result in document.items()} == {"orders": False, "flights": True}
    assert "nothing was checked" not in printed("flights")
