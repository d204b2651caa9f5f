"""What a topic shows of its events: format, columns, size and rate, from its last records."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from weir.catalog.avro import event_schema
from weir.catalog.avro_types import Node, SchemaError, parse_avro
from weir.catalog.retention import MILLISECONDS_PER_HOUR
from weir.catalog.spec_source import Source, SourceFormat
from weir.catalog.topics import subject_of
from weir.clients.events.avro_reader import read_value
from weir.clients.events.letter_codes import UnreadableError
from weir.clients.events.wire_format import HEADER_BYTES, MAGIC
from weir.clients.kafka_admin import Access, answers
from weir.clients.letters.shown import printable
from weir.clients.registry import schema_text, versions_of
from weir.config.endpoints import Endpoints
from weir.config.errors import ConfigError, WeirError
from weir.sampling.odd import usual
from weir.sampling.proposal import Seen
from weir.sampling.records import Record, last_records
from weir.sampling.shapes import SeenColumn, event_of, shape_of

MOST_SCHEMAS = 20
"""Of a sample that the registry is asked for, a request each."""
LEAST_RATE, GREATEST_RATE = 0.01, 1e8


@dataclass(frozen=True)
class Facts:
    """What Kafka says of a topic."""

    topic: str
    partitions: int
    retention_hours: int | None
    """None: for ever."""


@dataclass(frozen=True)
class Schemas:
    """What the registry knows: the newest schema of the topic's subject, and the schemas by id."""

    newest: str
    by_id: Mapping[int, str]


def see_topic(endpoints: Endpoints, topic: str, wanted: int) -> Seen:
    """The last records of a topic.

    Raises:
        WeirError: a service does not answer, the topic is missing or empty, or its records have no known format.
    """
    retention_hours = retention_of(topic, _settings(endpoints, topic))
    found = last_records(endpoints, topic, wanted)
    facts = Facts(topic, found.partitions, retention_hours)
    by_id = {
        schema_id: text
        for schema_id in frequent_ids(found.records)
        if (text := schema_text(endpoints.registry_url, schema_id))
    }
    schemas = None
    if by_id:
        versions = versions_of(endpoints.registry_url, subject_of(topic))
        schemas = Schemas(versions[-1][1] if versions else by_id[max(by_id)], by_id)
    return replace(seen_of(facts, found.records, schemas), limited=found.limited)


def frequent_ids(records: Sequence[Record]) -> list[int]:
    """The ids that most records have, MOST_SCHEMAS at most: of bytes that only look like Avro each may be another."""
    ids = Counter(schema_id_of(record.value) for record in records)
    del ids[None]
    return [schema_id for schema_id, _ in ids.most_common(MOST_SCHEMAS) if schema_id is not None]


def schema_id_of(value: bytes | None) -> int | None:
    """The id behind Confluent's magic byte; None where there is none."""
    if value is None or value[:1] != MAGIC or len(value) < HEADER_BYTES:
        return None
    return int.from_bytes(value[1:HEADER_BYTES], "big")


def seen_of(facts: Facts, records: Sequence[Record], schemas: Schemas | None) -> Seen:
    """Avro, where the registry has the schemas of most records, else JSON. Pure.

    Raises:
        WeirError: most records are neither.
        ConfigError: the newest schema is none that a pipeline can have; it names the field.
    """
    in_avro = [r for r in records if schemas and schema_id_of(_usual_size(r)) in schemas.by_id]
    in_json = [(record, event) for record in records if (event := event_of(_usual_size(record))) is not None]
    if schemas and 2 * len(in_avro) > len(records):
        columns, read = _avro_columns(schemas, in_avro, f"the registry's schema of topic {facts.topic}")
        return _seen(facts, records, read, SourceFormat.AVRO, columns, schema=schemas.newest)
    if 2 * len(in_json) > len(records):
        kept = [in_json[at] for at in usual([event for _, event in in_json])]
        shape = shape_of([event for _, event in kept])
        read = [record for record, _ in kept]
        return _seen(facts, records, read, SourceFormat.JSON, shape.columns, left_out=shape.left_out)
    raise WeirError(
        f"topic {facts.topic}: of {len(records):,} records, {len(in_avro):,} are Avro with a schema in the registry "
        f"and {len(in_json):,} are JSON objects. Look at what the producers write: a pipeline reads one of the two"
    )


def _usual_size(record: Record) -> bytes:
    """The value; nothing where it is larger than a pipeline takes, unless its file says otherwise."""
    value = record.value or b""
    return value if len(value) <= Source.model_fields["max_event_bytes"].default else b""


def _seen(
    facts: Facts,
    records: Sequence[Record],
    read: Sequence[Record],
    source_format: SourceFormat,
    columns: Sequence[SeenColumn],
    **more: Any,
) -> Seen:
    return Seen(
        source=f"topic {facts.topic}",
        topic=facts.topic,
        format=source_format,
        columns=columns,
        event_bytes=max(1, round(sum(len(record.value or b"") for record in read) / max(1, len(read)))),
        unreadable=len(records) - len(read),
        partitions=facts.partitions,
        retention_hours=facts.retention_hours,
        kept_for_ever=facts.retention_hours is None,
        mean_events_per_second=rate_of([record.timestamp_milliseconds for record in records]),
        **more,
    )


def rate_of(timestamps_milliseconds: Sequence[int]) -> float | None:
    """Records a second between the first and the last; None where they do not tell."""
    span = max(timestamps_milliseconds) - min(timestamps_milliseconds)
    if span <= 0 or min(timestamps_milliseconds) < 0:
        return None
    rate = (len(timestamps_milliseconds) - 1) * 1000 / span
    return min(max(rate, LEAST_RATE), GREATEST_RATE)


def _avro_columns(schemas: Schemas, records: Sequence[Record], source: str) -> tuple[list[SeenColumn], list[Record]]:
    try:
        schema = event_schema(schemas.newest, source)
    except ConfigError as error:
        raise ConfigError(error.source, [printable(problem) for problem in error.problems]) from None
    reader = parse_avro(schema.text)
    writers = dict(_writers(schemas))
    read, events = [], []
    for record in records:
        value = record.value or b""
        writer = writers.get(schema_id_of(value) or 0)
        try:
            event = read_value(reader, writer, value[HEADER_BYTES:]) if writer else None
        except UnreadableError:
            event = None
        if event is not None:
            read.append(record)
            events.append(event)
    columns = [
        SeenColumn(column.name, column.type, [event[column.name] for event in events], column.nullable)
        for column in schema.columns
    ]
    return columns, read


def _writers(schemas: Schemas) -> Iterator[tuple[int, Node]]:
    for schema_id, text in schemas.by_id.items():
        try:
            yield schema_id, parse_avro(text)
        except SchemaError:
            continue


def _settings(endpoints: Endpoints, topic: str) -> dict[str, str]:
    client = Access.of(endpoints).client()
    asked = client.describe_configs([ConfigResource(ResourceType.TOPIC, topic)])
    (settings,) = answers("to describe the topic", asked).values()
    return {name: entry.value for name, entry in settings.items()}


def retention_of(topic: str, settings: Mapping[str, str]) -> int | None:
    """For how many hours a topic of these settings keeps an event; None: for ever.

    Raises:
        WeirError: it keeps the newest record of each key instead.
    """
    policy = settings["cleanup.policy"]
    if "compact" in policy:
        raise WeirError(
            f"topic {topic}: its cleanup.policy is {policy}, so it keeps the newest record of each key, and not every "
            "event. A pipeline's topic deletes by age, and `weir up` would set that: copy the events into a topic of "
            "weir's, or take a topic of changes as a reference table"
        )
    return hours_of(int(settings["retention.ms"]))


def hours_of(milliseconds: int) -> int | None:
    """A retention, rounded up, so that the topic never keeps less; None: for ever."""
    return None if milliseconds < 0 else max(1, math.ceil(milliseconds / MILLISECONDS_PER_HOUR))
