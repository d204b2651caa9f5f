"""The guide to a Kafka of one's own is true: its settings are accepted, its files are names that weir reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.catalog.with_clients import OPERATORS, flights_with
from tests.sizing.stacks import SMALL, merged

from weir.catalog.existing_topics import rights_of
from weir.catalog.ownership import ownership_problems
from weir.catalog.pipeline import load_pipeline
from weir.catalog.principals import client_principal
from weir.catalog.spec_ownership import StartPosition
from weir.clients.registry import LOGIN
from weir.config.repository import REPOSITORY
from weir.config.security import SecretName
from weir.config.stack import StackConfig
from weir.doctor.existing_kafka import NEEDED

pytestmark = pytest.mark.unit

TEXT = (REPOSITORY / "docs" / "how-to" / "use-your-own-kafka.md").read_text(encoding="utf-8")
STACK, SOURCE = (yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.M | re.S))
LETTERS = TEXT.split("### For `weir letters`")[1].split("\n## ")[0]
FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")


def shown() -> StackConfig:
    settings: dict[str, Any] = {name.removeprefix("weir:"): value for name, value in STACK.items()}
    return StackConfig.model_validate(
        merged(SMALL, {**settings, "given_secrets": [SecretName.KAFKA_PASSWORD, SecretName.REGISTRY_PASSWORD]})
    )


def test_the_shown_settings_fit_each_other(tmp_path: Path) -> None:
    source = {**SOURCE["source"], "schema_file": "flight.avsc"}
    pipeline = flights_with(tmp_path, {}, source=source)
    assert not pipeline.spec.source.owned
    assert list(ownership_problems(shown(), [pipeline])) == []


def test_every_secret_variable_and_start_that_it_names_exists() -> None:
    assert set(re.findall(r"weir:(kafka_\w+)", TEXT)) == {name for name in SecretName if name.startswith("kafka_")}
    variables = {name for names in NEEDED.values() for name in names}
    assert set(re.findall(r"WEIR_\w+", TEXT)) == variables | set(LOGIN)
    assert f"weir:{SecretName.REGISTRY_PASSWORD}" in TEXT
    for position in StartPosition:
        assert f"| `{position.value}` |" in TEXT


def test_the_rights_are_those_that_are_checked() -> None:
    table = TEXT.split("## The rights to ask for")[1].split("Kafka Streams needs more")[0]
    asked = {(rule.resource.value, rule.name): set(rule.operations) for rule in rights_of([FLIGHTS])}
    told = {
        ("topic", "flights.events"): "topic `sales.orders`",
        ("topic", "flights.dead-letters"): "topic of dead letters",
        ("group", "weir-flights"): "group `weir-orders`",
        ("group", "weir-monitor"): "group `weir-monitor`",
    }
    assert asked.keys() == told.keys()
    for resource, row in told.items():
        (line,) = (line for line in table.splitlines() if line.startswith(f"| {row} |"))
        assert asked[resource] <= set(re.findall(r"\w+", line)), row


def test_the_rights_of_who_works_on_letters_are_those_of_the_role(tmp_path: Path) -> None:
    principal = client_principal(flights_with(tmp_path, {"operators": OPERATORS}), "operators")
    asked = {(rule.resource.value, rule.name): set(rule.operations) for rule in principal.rules}
    rows = dict(re.findall(r"^\| (topic .*|group .*|transactional .*) \| ([A-Z].*) \|$", LETTERS, re.M))
    told = {
        ("topic", "flights.dead-letters"): "topic of dead letters",
        ("topic", "flights.events"): "topic `sales.orders`, only with `owned: true`",
        ("group", "letters-flights"): "group `letters-orders`",
        ("transactionalId", "letters-flights"): "transactional id `letters-orders`",
    }
    assert {told[resource]: operations for resource, operations in asked.items()} == {
        row: set(operations.split(", ")) for row, operations in rows.items()
    }
