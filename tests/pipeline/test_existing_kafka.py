"""A platform beside a Kafka and a registry of somebody else's: checked first, read exactly, otherwise left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource, ConfigSource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic
from tests.pipeline.stored import cells
from tests.platforms import running
from tests.waiting import wait_until

from weir.catalog.environment import resolve
from weir.catalog.existing_topics import existing_setup
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.clients import registry
from weir.clients.events.wire_format import header
from weir.clients.kafka import TopicReader
from weir.config.errors import WeirError
from weir.config.stack import StackConfig
from weir.local import jobs, lifecycle, state
from weir.local.provision import provision
from weir.local.service import Context
from weir.verify.drain import wait_until_drained

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(600)]

TOPIC, LETTERS = "payments.events", "payments.dead-letters"
DAY_MILLISECONDS = 86_400_000
SCHEMA = {
    "type": "record",
    "name": "Payment",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "paid_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "currency", "type": "string"},
        {"name": "cents", "type": "long"},
    ],
}
PIPELINE = f"""
name: payments
description: Payments, from a topic of another team.
owner: test
source: {{topic: {TOPIC}, schema_file: payment.avsc, partitions: 2, retention_hours: 24, owned: false}}
deduplication: {{key: [id], horizon_hours: 48}}
event_time: paid_at
derived:
  paid_day: {{from: paid_at, truncate_to: day}}
rows:
  table: payments_enriched
  partition_key: [paid_day]
  clustering_key: [id]
aggregates:
  - table: paid_by_day
    grain: paid_day
    partition_key: [paid_day]
    dimensions: [currency]
    measures:
      payments: {{count: all}}
      cents: {{sum: cents}}
dead_letters: {{topic: {LETTERS}, retention_hours: 24}}
workload: {{mean_events_per_second: 1, peak_events_per_second: 1, event_bytes: 50, duplicate_ratio: 0.1}}
"""
EVENTS = [(f"p-{number}", 1_700_000_000_000 + number, "EUR" if number % 2 else "USD", number) for number in range(200)]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """The other team's Kafka and registry."""
    with running(tmp_path_factory.mktemp("theirs") / "weir", "kafka", "registry") as ctx:
        yield ctx


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory, theirs: Context) -> Iterator[Context]:
    """A platform without a Kafka and a registry, whose stack names theirs."""
    with running(tmp_path_factory.mktemp("ours") / "weir", "cassandra", "flink") as ctx:
        settings = ctx.stack.model_dump(by_alias=True, exclude_unset=True) | {
            "kafka": {
                "provider": "existing",
                "existing": {
                    "bootstrap_servers": [theirs.endpoints.kafka_bootstrap_servers],
                    "tls": False,
                    "authentication": "none",
                },
            },
            "registry": {"provider": "existing", "existing": {"url": theirs.endpoints.registry_url}},
        }
        yield replace(ctx, stack=StackConfig.model_validate(settings))


def admin(ctx: Context) -> AdminClient:
    return AdminClient({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers})


def topics(ctx: Context) -> dict[str, tuple[int, dict[str, str]]]:
    """Topic -> its partitions, and the settings of its own. Kafka's internal topics come with its first reader."""
    client = admin(ctx)
    found = {
        name: len(topic.partitions)
        for name, topic in client.list_topics(timeout=30).topics.items()
        if not name.startswith("__")
    }
    asked = {name: ConfigResource(ResourceType.TOPIC, name) for name in found}
    described = client.describe_configs(list(asked.values())) if asked else {}
    return {
        name: (
            found[name],
            {
                key: entry.value
                for key, entry in described[resource].result(30).items()
                if ConfigSource(entry.source) is ConfigSource.DYNAMIC_TOPIC_CONFIG
            },
        )
        for name, resource in asked.items()
    }


def make_topic(ctx: Context, partitions: int, name: str = TOPIC) -> None:
    new = NewTopic(name, partitions, 1, config={"retention.ms": str(DAY_MILLISECONDS)})
    client = admin(ctx)
    client.create_topics([new])[name].result(30)
    wait_until(f"{name} is there", lambda: name in topics(ctx), 30)


def drop_topic(ctx: Context, name: str = TOPIC) -> None:
    client = admin(ctx)
    client.delete_topics([name])[name].result(30)
    wait_until(f"{name} is gone", lambda: name not in topics(ctx), 30)


def pipeline_in(folder: Path, ctx: Context) -> Pipeline:
    home = folder / "payments"
    home.mkdir()
    (home / "pipeline.yaml").write_text(PIPELINE, encoding="utf-8")
    (home / "payment.avsc").write_text(json.dumps(SCHEMA), encoding="utf-8")
    (pipeline,) = resolve(ctx.stack, [load_pipeline(home)]).pipelines
    return pipeline


def provisioned(ctx: Context, pipeline: Pipeline) -> list[str]:
    """What is told on the way."""
    told: list[str] = []
    provision(ctx.endpoints, [pipeline], existing=existing_setup([pipeline], pipeline.topics, 1), warn=told.append)
    return told


def zigzag(value: int) -> bytes:
    """Avro's long."""
    rest, made = value << 1 if value >= 0 else (-value << 1) - 1, bytearray()
    while rest > 0x7F:
        made.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*made, rest])


def encoded(schema_id: int, event: tuple[str, int, str, int]) -> bytes:
    name, paid_at, currency, cents = event
    texts = [zigzag(len(text)) + text.encode() for text in (name, currency)]
    return header(schema_id) + texts[0] + zigzag(paid_at) + texts[1] + zigzag(cents)


def send(ctx: Context, schema_id: int) -> None:
    """Every event, every third of them twice, and a record that is none."""
    producer = Producer({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers, "linger.ms": 5})
    for event in [*EVENTS, *EVENTS[::3]]:
        producer.produce(TOPIC, encoded(schema_id, event), key=event[0].encode())
    producer.produce(TOPIC, b"no event", key=b"bad")
    assert producer.flush(30) == 0


def letters(ctx: Context) -> list[bytes | None]:
    with TopicReader(ctx.endpoints, LETTERS) as reader:
        return [message.value() for message in reader.records(reader.offsets())]


def test_what_does_not_fit_is_refused_and_then_read_exactly(theirs: Context, ours: Context, tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path, ours)
    assert ours.endpoints.kafka_bootstrap_servers == theirs.endpoints.kafka_bootstrap_servers
    before = topics(theirs)
    with pytest.raises(WeirError, match=f"source.topic: {TOPIC} is not there") as absent:
        provisioned(ours, pipeline)
    assert f"the registry has no subject {TOPIC}-value" in str(absent.value)
    assert topics(theirs) == before

    make_topic(theirs, 3)
    make_topic(theirs, 2, LETTERS)
    schema_id = registry.register_schema(theirs.endpoints.registry_url, f"{TOPIC}-value", json.dumps(SCHEMA))
    before = topics(theirs)
    with pytest.raises(WeirError, match="nothing was changed") as refused:
        provisioned(ours, pipeline)
    assert f"payments: source.partitions: 2, but {TOPIC} has 3; set it to 3" in str(refused.value)
    taken = f"payments: dead_letters.topic: {LETTERS} is there already with 2 partitions, and weir would make 1"
    assert taken in str(refused.value)
    assert topics(theirs) == before

    drop_topic(theirs)
    drop_topic(theirs, LETTERS)
    make_topic(theirs, 2)
    before = topics(theirs)
    told = provisioned(ours, pipeline)
    assert any("message.timestamp.type=CreateTime" in line for line in told)
    after = topics(theirs)
    assert after.keys() - before.keys() == {LETTERS}
    assert {name: after[name] for name in before} == before

    send(theirs, schema_id)
    jobs.submit(ours, pipeline)
    try:
        wait_until_drained(ours.endpoints, pipeline)
        check_result(ours, pipeline)
    finally:
        jobs.stop_all(ours, 60)
    assert topics(theirs) == after
    assert len(registry.versions_of(theirs.endpoints.registry_url, f"{TOPIC}-value")) == 1
    assert not {"kafka", "registry"} & {state.service_of(process) for process in state.processes(ours.paths)}
    lifecycle.stop(ours.paths)
    lifecycle.purge(ours.paths)
    assert topics(theirs) == after


def check_result(ctx: Context, pipeline: Pipeline) -> None:
    """The rows and totals of the distinct events, and the letter of the record that is none."""
    rows: list[dict[str, Any]] = cells(ctx, pipeline.row_table)
    assert sorted((row["id"], row["currency"], row["cents"]) for row in rows) == sorted(
        (name, currency, cents) for name, _, currency, cents in EVENTS
    )
    totals = {
        row["currency"]: (row["payments"], row["cents"]) for row in cells(ctx, pipeline.aggregate_tables["paid_by_day"])
    }
    assert totals == {
        currency: (100, sum(cents for _, _, which, cents in EVENTS if which == currency)) for currency in ("EUR", "USD")
    }
    wait_until("the letter is committed", lambda: letters(ctx) == [b"no event"], 60)
