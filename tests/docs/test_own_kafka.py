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
from weir.catalog.principals import KafkaResource, client_principal, job_principal
from weir.catalog.spec import Engine
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


ROWS = {
    "topic `sales.orders`": "flights.events",
    "topic of dead letters": "flights.dead-letters",
    "group `weir-orders`": "weir-flights",
    "group `weir-monitor`": "weir-monitor",
}
JUDGES = {"DescribeConfigs"}
"""What the checks need on every topic."""
MAKES = {"Create", "DescribeConfigs", "AlterConfigs"}
"""What the set-up needs on weir's own topics."""


def needed(engine: Engine) -> dict[str, set[str]]:
    """Resource -> what must be allowed on it, where the source is another team's."""
    found = {rule.name: set(rule.operations) for rule in rights_of([FLIGHTS.on(engine)])}
    found["flights.events"] |= JUDGES
    for name in found:
        if name == "flights.dead-letters" or name.startswith("flights.table."):
            found[name] |= MAKES
    return found


def told() -> tuple[dict[str, set[str]], str]:
    """The guide's table, and what it says of Kafka Streams."""
    table, _, streams = TEXT.split("## The rights to ask for")[1].partition("Kafka Streams needs more: ")
    rows = re.findall(r"^\| (\w[^|]*) \| (\w[^|]*) \|$", table, re.M)
    return {row: set(operations.split(", ")) for row, operations in rows}, streams.split("weir's own registry")[0]


def test_flink_needs_the_rights_of_the_table_and_no_others() -> None:
    rows, _ = told()
    del rows["resource"]
    (ids,) = (rule for rule in job_principal(FLIGHTS).rules if rule.resource is KafkaResource.TRANSACTIONAL_ID)
    assert ids.name == "weir-flights-"
    assert rows.pop("transactional ids beginning with `weir-orders-`") == set(ids.operations)
    assert {ROWS[row]: operations for row, operations in rows.items()} == needed(Engine.FLINK)


def test_kafka_streams_needs_what_is_told_beyond_the_table() -> None:
    rows, text = told()
    more = needed(Engine.KAFKA_STREAMS)
    for row, name in ROWS.items():
        assert more.pop(name) <= rows[row], row
    on_topics, _, on_groups = text.replace("\n", " ").partition(" on topics beginning with ")
    prefixes, groups = on_groups.split(", and ")
    assert re.findall("`(.+?)`", prefixes) == ["orders.table.", "weir-orders-"]
    own = {
        name: operations for name, operations in more.items() if name.startswith(("flights.table.", "weir-flights-"))
    }
    of_groups = {f"weir-{FLIGHTS.name}-totals", f"connect-weir-{FLIGHTS.name}"}
    assert {name.replace("flights", "orders") for name in of_groups} == set(re.findall("`(.+?)`", groups))
    assert more.keys() == own.keys() | of_groups
    for name in of_groups:
        assert more[name] == set(re.findall("[A-Z][a-z]+", groups)) == {"Read", "Describe"}
        own.pop(name, None)
    assert set().union(*own.values()) == set(re.findall("[A-Z][A-Za-z]+", on_topics))


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
