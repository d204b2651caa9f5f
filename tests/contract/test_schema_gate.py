"""The schema gate's verdicts against those of the real registry."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest
from confluent_kafka.admin import AdminClient
from tests.catalog.schema_pairs import PAIRS, SHORT_ALIAS, Pair

from weir.catalog.compatibility import Rule
from weir.catalog.pipeline import load_pipeline
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.local import provision
from weir.local.schema_gate import findings_of, registered_versions
from weir.local.service import Context

if TYPE_CHECKING:
    from tests.platforms import RegistryAddress

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("pair", [*PAIRS, SHORT_ALIAS], ids=lambda pair: pair.name)
def test_the_registry_judges_alike(registry: RegistryAddress, pair: Pair) -> None:
    subject = f"pair-{pair.name.replace(' ', '-')}-value"
    old, new = pair.texts
    verdicts = {}
    with httpx.Client(base_url=registry.url, trust_env=False, timeout=30) as client:
        assert client.post(f"/subjects/{subject}/versions", json={"schema": old}).is_success
        for rule in (Rule.BACKWARD, Rule.FORWARD, Rule.FULL):
            assert client.put(f"/config/{subject}", json={"compatibility": rule.value}).is_success
            path = f"/compatibility/subjects/{subject}/versions/latest"
            verdicts[rule] = client.post(path, json={"schema": new}).json()["is_compatible"]
    full = pair.backward and pair.forward
    assert verdicts == {Rule.BACKWARD: pair.backward, Rule.FORWARD: pair.forward, Rule.FULL: full}


def test_an_incompatible_change_is_refused_before_anything_is_touched(platform_of: Callable[..., Context]) -> None:
    ctx = platform_of("kafka", "cassandra", "registry", "flink")
    flights = load_pipeline(REPOSITORY / "pipelines" / "flights")
    provision.provision(ctx.endpoints, [flights])
    schema = json.loads(flights.schema.text)
    schema["fields"].append({"name": "gate", "type": "string"})
    dead_letters = flights.spec.dead_letters.model_copy(update={"topic": "never.made"})
    changed = replace(
        flights,
        schema=replace(flights.schema, text=json.dumps(schema)),
        spec=flights.spec.model_copy(update={"dead_letters": dead_letters}),
    )
    with pytest.raises(WeirError, match=r"(?s)nothing was changed.*fields\.gate: .*give it a default"):
        provision.provision(ctx.endpoints, [changed])
    topics = AdminClient({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers}).list_topics(timeout=30).topics
    assert "never.made" not in topics
    registered = registered_versions(ctx.endpoints.registry_url, flights.subject)
    assert "gate" not in registered[-1].text
    assert findings_of(flights, registered) == []
