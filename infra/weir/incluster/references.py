"""Reference tables into their topics: what Kafka Streams joins with.

    python -m weir.proof.references --endpoints endpoints.json --pipelines pipelines --state done.json flights

On a platform that asks who calls, for each of kafka and cassandra: --kafka-user, --kafka-password-file, --kafka-ca, or
--kafka-certificate and --kafka-key.

Cassandra's tables stay the truth. A table is compared with its topic, and only what differs is published: a new or
changed row, and an empty record for a row that is gone.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
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
from pydantic import SecretStr

from weir.catalog.outputs import avro_record, record_schema, reference_columns
from weir.catalog.pipeline import Pipeline, load_pipelines
from weir.catalog.spec import Engine
from weir.catalog.topics import subject_of
from weir.config.endpoints import Endpoints, Login
from weir.config.errors import WeirError
from weir.proof import daemon
from weir.proof.cassandra import session_of
from weir.proof.dataset import listed
from weir.proof.kafka import TopicReader, client_settings
from weir.proof.wire import header, register_schema

if TYPE_CHECKING:
    from cassandra.cluster import Session

PUBLISH_TIMEOUT_SECONDS = 30
SERVICES = ("kafka", "cassandra")
"""Those that may ask who calls."""
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
    """Makes each reference topic of `pipeline` equal to its table; what was changed, by table.

    Raises:
        WeirError: a service does not answer, a table or a topic is missing.
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
    """The table's rows as the topic has them: Avro of the key, without a header; the row in the wire format."""
    columns = reference_columns(pipeline, name)
    table = pipeline.reference_tables[name]
    row_schema = avro_record(pipeline, name)
    by_name = {column.name: column for column in columns}
    key_schema = record_schema(pipeline.name, f"{name}_key", [by_name[part] for part in table.primary_key])
    start = header(register_schema(endpoints.registry_url, subject_of(pipeline.table_topics[name].name), row_schema))
    row_type, key_type = (fastavro.parse_schema(json.loads(schema)) for schema in (row_schema, key_schema))
    names = list(by_name)
    try:
        rows = session.execute(f"SELECT {listed(names)} FROM {table.qualified_name}")
    except DriverException as error:
        raise WeirError(f"{table.qualified_name} cannot be read: {error}; is the schema applied?") from None
    content: Content = {}
    for found in rows:
        row = dict(zip(names, map(_plain, found), strict=True))
        key = {part: row[part] for part in table.primary_key}
        content[_encoded(key_type, key)] = start + _encoded(row_type, row)
    return content


def _plain(value: Any) -> Any:
    """Dates as days and instants as milliseconds since 1970, as Avro holds them."""
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
    """The newest value of each key; deleted ones are left out."""
    newest: dict[bytes, bytes | None] = {}
    with TopicReader(endpoints, topic) as reader:
        for message in reader.records(reader.offsets()):
            key, value = message.key(), message.value()
            if isinstance(key, bytes):
                newest[key] = value if isinstance(value, bytes) else None
    return {key: value for key, value in newest.items() if value is not None}


def _send(endpoints: Endpoints, topic: str, changes: Mapping[bytes, bytes | None]) -> None:
    failures: list[str] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error.str())

    producer = Producer({**client_settings(endpoints), "enable.idempotence": True, "log_level": 2})
    for key, value in changes.items():
        producer.produce(topic, value, key, on_delivery=delivered)
        producer.poll(0)
    if producer.flush(PUBLISH_TIMEOUT_SECONDS) or failures:
        raise WeirError(f"Kafka did not take every row of {topic}: {failures[:1] or 'no answer in time'}")


def run(
    endpoints: Endpoints,
    pipelines: list[Pipeline],
    state_file: Path,
    stop: threading.Event,
) -> None:
    """Compares all tables again and again, each pipeline's as often as its shortest reload interval says.

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


def argument_parser() -> argparse.ArgumentParser:
    """The command line; logins name files, for arguments are no place for a password."""
    parser = daemon.argument_parser(
        "weir.proof.references", "Publishes reference tables.", "file that is written after each comparison"
    )
    for service in SERVICES:
        parser.add_argument(f"--{service}-user", default="", help="who logs in, where the service asks")
        parser.add_argument(f"--{service}-password-file", type=Path)
        parser.add_argument(f"--{service}-ca", type=Path, help="certificate of who signs the servers'")
        parser.add_argument(f"--{service}-certificate", type=Path, help="the client's own, instead of a password")
        parser.add_argument(f"--{service}-key", type=Path)
    return parser


def with_logins(endpoints: Endpoints, arguments: argparse.Namespace) -> Endpoints:
    """The addresses with the logins that the command line names."""
    return endpoints.model_copy(update={f"{service}_login": _login(arguments, service) for service in SERVICES})


def _login(arguments: argparse.Namespace, service: str) -> Login | None:
    given = vars(arguments)
    user, password_file, ca_file, certificate_file, key_file = (
        given[f"{service}_{name}"] for name in ("user", "password_file", "ca", "certificate", "key")
    )
    if not user and certificate_file is None:
        return None
    password = password_file.read_text(encoding="utf-8").strip() if password_file else ""
    return Login(
        ca_file=ca_file,
        username=user,
        password=SecretStr(password),
        certificate_file=certificate_file,
        key_file=key_file,
    )


def main() -> None:
    """Runs until SIGTERM; while a service is not there yet, tries again."""
    arguments = argument_parser().parse_args()
    endpoints = with_logins(daemon.endpoints_of(arguments), arguments)
    pipelines = load_pipelines(arguments.pipelines, arguments.names, Engine.KAFKA_STREAMS)
    daemon.run_until_stopped(log, lambda stop: run(endpoints, pipelines, arguments.state, stop))


if __name__ == "__main__":
    main()
