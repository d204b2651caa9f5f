"""Publishes reference tables to the topics that Kafka Streams joins with.

    python -m weir.incluster.references --endpoints endpoints.json --pipelines pipelines --state done.json flights

Cassandra's tables remain the source of truth. Each table is compared with its topic, and only differences are
published: new and changed rows, and a tombstone for each deleted row.
"""

from __future__ import annotations

import io
import json
import logging
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fastavro
from cassandra import DriverException
from cassandra.util import Date
from confluent_kafka import KafkaError, Message, Producer

from weir.catalog import cql
from weir.catalog.avro import Column
from weir.catalog.limits import reference_ranges
from weir.catalog.outputs import avro_record, record_schema, reference_columns
from weir.catalog.pipeline import Pipeline, load_pipelines
from weir.catalog.spec import Engine
from weir.catalog.topics import subject_of
from weir.catalog.types import ColumnType
from weir.clients.cassandra import session_of
from weir.clients.events.wire_format import header
from weir.clients.kafka import TopicReader, client_settings
from weir.clients.kafka_sending import flush, produce
from weir.clients.registry import register_schema
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.incluster import daemon

if TYPE_CHECKING:
    from cassandra.cluster import Session

PUBLISH_TIMEOUT_SECONDS = 30
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
log = logging.getLogger("weir.references")

Content = dict[bytes, bytes]


@dataclass(frozen=True)
class Published:
    """What one comparison of a table changed in its topic."""

    rows: int
    written: int
    deleted: int


def publish_references(endpoints: Endpoints, pipeline: Pipeline) -> dict[str, Published]:
    """Makes each reference topic of `pipeline` equal to its table. Returns the changes for each table.

    Raises:
        WeirError: a service does not answer, or a table or topic is missing.
    """
    with session_of(endpoints) as session:
        return {
            name: _publish(endpoints, pipeline.table_topics[name].name, wanted)
            for name in pipeline.reference_tables
            for wanted in [_table(endpoints, session, pipeline, name)]
        }


def _publish(endpoints: Endpoints, topic: str, wanted: Content) -> Published:
    there = _content(endpoints, topic)
    written = {key: value for key, value in wanted.items() if there.get(key) != value}
    deleted = there.keys() - wanted.keys()
    _send(endpoints, topic, {**written, **dict.fromkeys(deleted)})
    return Published(len(wanted), len(written), len(deleted))


def _table(endpoints: Endpoints, session: Session, pipeline: Pipeline, name: str) -> Content:
    """The table's rows in the topic's form: the key as Avro without a header, the row in the wire format."""
    columns = reference_columns(pipeline, name)
    table = pipeline.reference_tables[name]
    row_schema = avro_record(pipeline, name)
    by_name = {column.name: column for column in columns}
    key_schema = record_schema(pipeline.name, f"{name}_key", [by_name[part] for part in table.primary_key])
    start = header(register_schema(endpoints.registry_url, subject_of(pipeline.table_topics[name].name), row_schema))
    row_type, key_type = (fastavro.parse_schema(json.loads(schema)) for schema in (row_schema, key_schema))
    names = list(by_name)
    try:
        rows = session.execute(f"SELECT {', '.join(map(_selected, columns))} FROM {table.cql_name}")  # noqa: S608
    except DriverException as error:
        raise WeirError(f"{table.qualified_name} cannot be read: {error}; check that the schema is applied") from None
    content: Content = {}
    ranges = reference_ranges(pipeline, name)
    refused: list[str] = []
    for found in rows:
        row = dict(zip(names, map(_plain, found), strict=True))
        if beyond := _beyond(row, ranges):
            refused.append(f"{beyond} of {[row[part] for part in table.primary_key]}")
            continue
        key = {part: row[part] for part in table.primary_key}
        content[_encoded(key_type, key)] = start + _encoded(row_type, row)
    if refused:
        log.warning(
            "%s: %d rows are not published, because no table could store them after the join; the first one: %.300s",
            *(table.qualified_name, len(refused), refused[0]),
        )
    return content


def _selected(column: Column) -> str:
    """Selects timestamps as numbers, because the driver fails if they are outside the range of Python's dates."""
    name = cql.name(column.name)
    return f"to_unix_timestamp({name}) AS {name}" if column.type is ColumnType.TIMESTAMP else name


def _beyond(row: Mapping[str, Any], ranges: Mapping[str, tuple[int, int]]) -> str:
    """The first column whose value is outside its range; empty if there is none."""
    for name, (least, most) in ranges.items():
        value = row[name]
        measure = len(value.encode()) if isinstance(value, str) else value
        if value is not None and not least <= (len(measure) if isinstance(measure, bytes) else measure) <= most:
            return name
    return ""


def _plain(value: Any) -> Any:
    """Converts dates to days and timestamps to milliseconds since 1970, as in Avro, and normalizes zero and NaN.

    Events are normalized the same way, because a join finds a reference row by the bytes of its key.
    """
    if isinstance(value, float):
        return math.nan if math.isnan(value) else value + 0.0
    if isinstance(value, Date):
        return value.days_from_epoch
    if isinstance(value, datetime):
        return round((value.replace(tzinfo=UTC) - EPOCH).total_seconds() * 1000)
    return value


def _encoded(schema: Any, row: Mapping[str, Any]) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, schema, row)
    return body.getvalue()


def _content(endpoints: Endpoints, topic: str) -> Content:
    """The newest value of each key, without deleted keys."""
    newest: dict[bytes, bytes | None] = {}
    with TopicReader(endpoints, topic) as reader:
        for message in reader.records(reader.offsets()):
            key, value = message.key(), message.value()
            if isinstance(key, bytes):
                newest[key] = value if isinstance(value, bytes) else None
    return {key: value for key, value in newest.items() if value is not None}


def _send(endpoints: Endpoints, topic: str, changes: Mapping[bytes, bytes | None]) -> None:
    """Publishes the changes as fast as Kafka accepts them.

    Raises:
        WeirError: Kafka rejected a row, or stopped acknowledging.
    """
    failures: list[str] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error.str())

    def check() -> None:
        if failures:
            raise WeirError(f"Kafka did not accept every row of {topic}: {failures[0]}")

    producer = Producer({**client_settings(endpoints), "enable.idempotence": True, "log_level": 2})
    for key, value in changes.items():
        produce(producer, topic, value, key, check, on_delivery=delivered)
        producer.poll(0)
    flush(producer, topic, PUBLISH_TIMEOUT_SECONDS)
    check()


def run(
    endpoints: Endpoints,
    pipelines: list[Pipeline],
    state_file: Path,
    stop: threading.Event,
) -> None:
    """Compares all tables periodically, at the shortest reload interval of all references.

    Raises:
        WeirError: a service does not answer.
    """
    intervals = [entry.reload_interval_seconds for pipeline in pipelines for entry in pipeline.spec.references.values()]
    while True:
        for pipeline in pipelines:
            for name, done in publish_references(endpoints, pipeline).items():
                if done.written or done.deleted:
                    log.info("%s.%s: %d rows written, %d deleted", pipeline.name, name, done.written, done.deleted)
        state_file.write_text(json.dumps([pipeline.name for pipeline in pipelines]), encoding="utf-8")
        if stop.wait(min(intervals, default=daemon.RETRY_SECONDS)):
            return


def main() -> None:
    """Runs until SIGTERM. Retries while a service is not available yet."""
    parser = daemon.argument_parser(
        "weir.incluster.references", "Publishes reference tables.", "file that is rewritten after each comparison"
    )
    arguments = parser.parse_args()
    endpoints = daemon.endpoints_of(arguments)
    pipelines = load_pipelines(arguments.pipelines, arguments.names, Engine.KAFKA_STREAMS)
    daemon.run_until_stopped(log, lambda stop: run(endpoints, pipelines, arguments.state, stop))


if __name__ == "__main__":
    main()
