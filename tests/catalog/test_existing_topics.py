"""What of a topic of somebody else's does not fit a pipeline, and how it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.with_clients import flights_with

from weir.catalog.existing_topics import (
    ExistingSetup,
    FoundTopic,
    Shortfall,
    existing_setup,
    foreign_topic,
    rights_of,
    rights_shortfalls,
    schema_shortfalls,
    topic_shortfalls,
)
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.principals import AccessRule, KafkaResource
from weir.catalog.spec import Engine
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

HOUR = 3_600_000
FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")
TOPIC = replace(foreign_topic(FLIGHTS), partitions=4, retention_hours=72, horizon_hours=96, max_batch_bytes=1_100_000)
SOUND = {
    "cleanup.policy": "delete",
    "retention.ms": str(72 * HOUR),
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": "1100000",
}


def found(**changes: str) -> FoundTopic:
    return FoundTopic(4, SOUND | {name.replace("_", "."): value for name, value in changes.items()})


def test_a_topic_that_fits_falls_short_of_nothing() -> None:
    assert topic_shortfalls(TOPIC, found()) == []
    assert topic_shortfalls(TOPIC, found(retention_ms=str(96 * HOUR))) == []


REFUSED: dict[str, tuple[FoundTopic | None, list[str]]] = {
    "absent": (None, ["flights: source.topic: flights.events is not there", "allow Describe"]),
    "fewer partitions": (replace(found(), partitions=3), ["source.partitions: 4, but", "has 3; set it to 3"]),
    "more partitions": (replace(found(), partitions=5), ["source.partitions: 4, but", "has 5; set it to 5"]),
    "hidden settings": (FoundTopic(4, None), ["may not read the settings", "allow DescribeConfigs"]),
    "compacted": (found(cleanup_policy="compact"), ["cleanup.policy=compact", "compaction deletes events"]),
    "both policies": (found(cleanup_policy="compact,delete"), ["cleanup.policy=compact,delete"]),
    "too short": (
        found(retention_ms=str(72 * HOUR - 1)),
        ["source.retention_hours: 72, but", "what is not read by then is lost", "at most 71"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_loses_or_doubles_events_is_refused(case: str) -> None:
    topic, words = REFUSED[case]
    (shortfall,) = topic_shortfalls(TOPIC, topic)
    assert shortfall.refused
    for word in words:
        assert word in str(shortfall)


TWICE = ": a job that reads it again from its start counts events twice that it has forgotten; "
ONCE = "start no job of this pipeline without its state once it has run"
WARNED: dict[str, tuple[FoundTopic, str]] = {
    "kept for ever": (found(retention_ms="-1"), f"keeps events for ever{TWICE}{ONCE}"),
    "kept beyond the horizon": (
        found(retention_ms=str(96 * HOUR + 1)),
        f"96, but flights.events keeps events for 96 hours{TWICE}{ONCE}, or raise it to at least 97",
    ),
    "a size limit": (found(retention_bytes="1000"), "retention.bytes=1000"),
    "unbounded producers' clocks": (found(message_timestamp_type="CreateTime"), "dates in the past expires"),
    "bounded producers' clocks": (
        found(message_timestamp_type="CreateTime", message_timestamp_before_max_ms=str(6 * HOUR)),
        "up to 6 hours back",
    ),
    "larger batches": (found(max_message_bytes="1100001"), "takes batches of 1,100,001 bytes"),
}


@pytest.mark.parametrize("case", WARNED)
def test_what_only_may_go_wrong_is_a_warning(case: str) -> None:
    topic, words = WARNED[case]
    (shortfall,) = topic_shortfalls(TOPIC, topic)
    assert not shortfall.refused
    assert words in str(shortfall)


def test_under_a_legal_hold_the_topic_must_keep_everything() -> None:
    held = replace(TOPIC, retention_hours=None)
    (shortfall,) = topic_shortfalls(held, found())
    assert shortfall.refused
    assert str(shortfall).startswith("flights: legal_hold: true, but flights.events keeps events for 72 hours")
    assert topic_shortfalls(held, found(retention_ms="-1")) == []


def test_every_shortfall_is_told_at_once() -> None:
    every = topic_shortfalls(TOPIC, replace(found(cleanup_policy="compact", retention_ms="1"), partitions=1))
    assert [shortfall.field.partition(": ")[2] for shortfall in every] == [
        "source.partitions",
        "source.topic",
        "source.retention_hours",
    ]


def schema(*more: dict[str, Any], without: str = "") -> str:
    document = json.loads(FLIGHTS.schema.text)
    fields = [field for field in document["fields"] if field["name"] != without]
    return json.dumps({**document, "fields": [*fields, *more]})


def test_a_schema_is_compared_with_what_the_producers_write() -> None:
    richer = schema({"name": "gate", "type": "string"})
    poorer = schema(without="carrier")
    assert schema_shortfalls(TOPIC, [(1, FLIGHTS.schema.text), (2, richer)]) == []
    (shortfall,) = schema_shortfalls(TOPIC, [(1, FLIGHTS.schema.text), (2, poorer)])
    assert shortfall.refused
    assert "carrier" in shortfall.wrong
    assert "version 2 in the registry" in shortfall.wrong


def test_older_versions_count_where_the_rule_is_transitive() -> None:
    versions = [(1, schema(without="carrier")), (2, FLIGHTS.schema.text)]
    assert schema_shortfalls(TOPIC, versions) == []
    assert schema_shortfalls(replace(TOPIC, transitive=True), versions)


def test_a_missing_subject_is_refused_by_its_name() -> None:
    (shortfall,) = schema_shortfalls(TOPIC, [])
    assert "no subject flights.events-value" in shortfall.wrong
    assert "correct source.subject or registry.existing.url" in shortfall.remedy


def test_missing_rights_are_named_one_resource_at_a_time() -> None:
    read = AccessRule(KafkaResource.TOPIC, "flights.events", ("Read", "Describe"))
    write = AccessRule(KafkaResource.TOPIC, "flights.dead-letters", ("Write",))
    group = AccessRule(KafkaResource.GROUP, "weir-flights", ("Read",))
    allowed = {read: frozenset({"Describe", "Alter"}), group: frozenset({"Read"})}
    assert rights_shortfalls([read, write, group], allowed) == [
        Shortfall(
            "kafka.existing",
            "weir's login may not Read on topic flights.events",
            "ask Kafka's owner to allow Read",
        )
    ]


def test_rights_that_kafka_does_not_tell_are_a_warning() -> None:
    read = AccessRule(KafkaResource.TOPIC, "flights.events", ("Read", "Describe"))
    group = AccessRule(KafkaResource.GROUP, "weir-flights", ("Read",))
    (shortfall,) = rights_shortfalls([read, group], {read: None, group: None})
    assert not shortfall.refused
    assert str(shortfall) == (
        "kafka.existing: Kafka does not tell what weir's login may do on topic flights.events, group weir-flights; "
        "compare its rights with those of the guide"
    )


READER, WRITER = {"Read", "Describe"}, {"Read", "Write", "Describe"}
STREAMS_OWN = {"Create", "Read", "Write", "Delete", "Describe", "DescribeConfigs", "AlterConfigs"}
TOTALS = ("traffic_by_day", "delays_by_hour", "destinations_by_month", "fleet_by_month")
TABLES = ("airlines", "airports", "planes", "flights_enriched", *TOTALS)
RIGHTS = {
    Engine.FLINK: {
        ("topic", "flights.events"): READER,
        ("topic", "flights.dead-letters"): WRITER,
        ("group", "weir-flights"): READER,
        ("group", "weir-monitor"): READER,
    },
    Engine.KAFKA_STREAMS: {
        ("topic", "flights.events"): READER,
        ("topic", "flights.dead-letters"): {"Write", "Describe", "DescribeConfigs"},
        **{("topic", f"flights.table.{table.replace('_', '-')}"): WRITER for table in TABLES},
        ("topic", "weir-flights-seen-changelog"): STREAMS_OWN,
        **{("topic", f"weir-flights-totals-{table}-repartition"): STREAMS_OWN for table in TOTALS},
        **{("topic", f"weir-flights-totals-{table}-changelog"): STREAMS_OWN for table in TOTALS},
        ("group", "weir-flights"): READER,
        ("group", "weir-flights-totals"): READER,
        # The loader is a standalone worker: no topics of Connect's, and no group of workers.
        ("group", "connect-weir-flights"): READER,
        ("group", "weir-monitor"): READER,
    },
}


@pytest.mark.parametrize("engine", list(Engine))
def test_the_login_needs_what_weirs_users_would_have(engine: Engine) -> None:
    rights = {(rule.resource.value, rule.name): set(rule.operations) for rule in rights_of([FLIGHTS.on(engine)])}
    assert rights == RIGHTS[engine]


def foreign(folder: Path) -> Pipeline:
    return flights_with(folder, {}, source={**FLIGHTS.spec.source.model_dump(mode="json"), "owned": False})


def test_a_topic_of_others_is_checked_and_not_made(tmp_path: Path) -> None:
    pipeline = foreign(tmp_path)
    assert [topic.name for topic in pipeline.topics] == ["flights.dead-letters"]
    setup = existing_setup([pipeline], pipeline.topics, 3)
    assert [topic.name for topic in setup.topics] == ["flights.dead-letters"]
    assert [source.topic for source in setup.sources] == ["flights.events"]
    assert existing_setup([FLIGHTS], FLIGHTS.topics, 3).sources == ()
    assert ExistingSetup.from_json(setup.to_json()) == setup


def test_events_in_json_have_no_subject_that_must_be_there() -> None:
    assert foreign_topic(FLIGHTS).subject == "flights.events-value"
    assert foreign_topic(load_pipeline(REPOSITORY / "pipelines" / "orders")).subject is None
