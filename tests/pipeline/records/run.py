"""All cases in one run: their records in one topic, read by the same pipeline on both engines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Message, Producer
from tests.pipeline.records import old
from tests.pipeline.records.case import FOLDER, Case, Letter, Outcome, Sent, Wire
from tests.pipeline.records.limits import UNUSABLE_SHOPS
from tests.pipeline.twins import Twins, twins
from tests.waiting import wait_until

from weir.catalog import cql
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.catalog.tables import Table
from weir.clients.cassandra import session_of
from weir.clients.conflicts import conflicting_duplicates
from weir.clients.kafka import TopicReader
from weir.clients.misses import Misses, join_misses
from weir.clients.registry import schema_id_of
from weir.local import engines, provision
from weir.local.service import Context
from weir.verify.drain import wait_until_drained

SHOPS = {"s1": "Faro", "s2": "Braga"}
CLIENT_MAX_BYTES = 32 << 20
"""What a careless producer may try to send; the topic decides."""
FLUSH_SECONDS = 60
METRICS_SECONDS = 90

Place = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True)
class Run:
    """Both engines, still running, and what they made of every case."""

    pair: Twins
    outcomes: dict[tuple[str, Engine], Outcome]


@contextmanager
def run_of(ctx: Context, folder: Path, cases: Sequence[Case]) -> Iterator[Run]:
    """Sends the records of all `cases` and waits until both engines are done with them."""
    home = folder / "records"
    home.mkdir()
    for name in ("pipeline.yaml", "event.avsc"):
        shutil.copy(FOLDER / name, home)
    pair = twins(ctx, home)
    try:
        for pipeline in pair.both:
            provision.provision(ctx.endpoints, [pipeline])
            load_shops(ctx, pipeline)
            _index_tags(ctx, pipeline)
        old.as_an_earlier_application_left_it(ctx, pair.streams)
        places = _sent(ctx, pair.flink, cases)
        old.wait_until_the_broker_deletes(ctx)
        for pipeline in pair.both:
            engines.submit(ctx, pipeline)
        outcomes = {}
        for pipeline in pair.both:
            wait_until_drained(ctx.endpoints, pipeline)
            _check_conflicts(ctx, pipeline, sum(case.conflicts for case in cases))
            outcomes |= _outcomes(ctx, pipeline, places)
        yield Run(pair, outcomes)
    finally:
        engines.stop(ctx, [pair.streams])


def load_shops(ctx: Context, pipeline: Pipeline) -> None:
    """Writes the reference rows that the cases look up."""
    with session_of(ctx.endpoints) as session:
        for shop, city in (SHOPS | UNUSABLE_SHOPS).items():
            session.execute(f"INSERT INTO {pipeline.name}.shops (shop, city) VALUES (%s, %s)", (shop, city))


def _index_tags(ctx: Context, pipeline: Pipeline) -> None:
    """What somebody may do to a table: an index takes no value above 65,535 bytes, which no pipeline file knows of."""
    with session_of(ctx.endpoints) as session:
        session.execute(f"CREATE INDEX ON {pipeline.row_table.cql_name} (tag)")


def _sent(ctx: Context, pipeline: Pipeline, cases: Sequence[Case]) -> dict[str, list[Place]]:
    """By case, where each of its records lies."""
    schema_id = schema_id_of(ctx.endpoints.registry_url, pipeline)
    sender = _Sender(ctx.endpoints.kafka_bootstrap_servers, pipeline.source_topic.name)
    for case in cases:
        for record in case.records(Wire(case.name, ctx.endpoints.registry_url, schema_id)):
            sender.send(case.name, record)
    return sender.places


class _Sender:
    """Sends one record after the other, so that records of one case stay in their order whatever they ask for."""

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._topic = topic
        self._producers: dict[str, Producer] = {}
        self.places: dict[str, list[Place]] = {}

    def send(self, case: str, record: Sent) -> None:
        producer = self._producers.setdefault(record.compression, self._producer(record.compression))
        delivered: list[Message] = []

        def done(error: object, message: Message) -> None:
            assert error is None, f"{case}: Kafka takes no such record: {error}"
            delivered.append(message)

        key = case.encode() if record.key is None else record.key
        # Zero is the client's own word for now.
        time = record.timestamp_milliseconds or 0
        producer.produce(self._topic, record.value, key, on_delivery=done, partition=_partition(case), timestamp=time)
        assert producer.flush(FLUSH_SECONDS) == 0, case
        (message,) = delivered
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None
        self.places.setdefault(case, []).append((partition, offset))

    def _producer(self, compression: str) -> Producer:
        return Producer(
            {
                "bootstrap.servers": self._bootstrap_servers,
                "compression.type": compression,
                "message.max.bytes": CLIENT_MAX_BYTES,
                "linger.ms": 0,
            }
        )


def _partition(case: str) -> int:
    return len(case) % 2


def _outcomes(ctx: Context, pipeline: Pipeline, places: dict[str, list[Place]]) -> dict[tuple[str, Engine], Outcome]:
    letters, refused = _letters(ctx, pipeline)
    strays = set(letters) - {place for group in places.values() for place in group}
    assert not strays, f"letters of records that nobody sent: {strays}"
    rows = _read(ctx, pipeline.row_table)
    missed = _missed_shops(ctx, pipeline, [row["shop"] for row in rows if row["shop"] is not None])
    totals = {name: _read(ctx, table) for name, table in pipeline.aggregate_tables.items()}
    return {
        (case, pipeline.spec.engine): Outcome(
            letters=[letters.get(place) for place in group],
            refused=[letter for letter in refused if f'"id":"{case}/' in (letter.value or b"").decode()],
            rows={row["id"].partition("/")[2]: row for row in rows if row["id"].startswith(f"{case}/")},
            totals={name: [row for row in found if row["country"] == case] for name, found in totals.items()},
            missed_shops=missed,
        )
        for case, group in places.items()
    }


def _missed_shops(ctx: Context, pipeline: Pipeline, looked_up: Sequence[str]) -> dict[str, int]:
    """By key, once all misses are told: Flink tells them with a delay."""
    expected = sum(shop not in SHOPS for shop in looked_up)

    def told() -> Misses:
        return join_misses(ctx.endpoints, pipeline).get("shops", Misses())

    wait_until(f"{pipeline.name}: misses", lambda: told().misses >= expected, METRICS_SECONDS)
    found = told()
    assert found.misses == expected, pipeline.name
    return dict(found.keys)


def _check_conflicts(ctx: Context, pipeline: Pipeline, expected: int) -> None:
    """Exactly, on Flink too: its readers remember more ids than all cases have."""

    def told() -> int:
        return conflicting_duplicates(ctx.endpoints, pipeline) or 0

    wait_until(f"{pipeline.name}: {expected} conflicting duplicates", lambda: told() >= expected, METRICS_SECONDS)
    assert told() == expected, pipeline.name


def _letters(ctx: Context, pipeline: Pipeline) -> tuple[dict[Place, Letter], list[Letter]]:
    """Those of records by where their original lies, each at most once; and those of rows."""
    found: dict[Place, Letter] = {}
    refused = []
    with TopicReader(ctx.endpoints, pipeline.dead_letter_topic.name) as reader:
        for message in reader.records(reader.offsets()):
            headers = {
                name: value.decode() if isinstance(value, bytes) else str(value)
                for name, value in message.headers() or []
            }
            if "weir.table" in headers:
                refused.append(Letter(_bytes(message.key()), _bytes(message.value()), headers))
                continue
            assert headers.get("weir.topic") == pipeline.source_topic.name, headers
            place = (int(headers["weir.partition"]), int(headers["weir.offset"]))
            assert place not in found, f"two letters of one record: {headers}"
            key, value = message.key(), message.value()
            found[place] = Letter(_bytes(key), _bytes(value), headers)
    return found, refused


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _read(ctx: Context, table: Table) -> list[dict[str, Any]]:
    names = list(table.columns)
    with session_of(ctx.endpoints) as session:
        found = session.execute(f"SELECT {cql.names(names)} FROM {table.cql_name}")
        return [dict(zip(names, row, strict=True)) for row in found]
