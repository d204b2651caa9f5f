"""A pipeline that is replayed and verified on real services, and a job that a test plays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cassandra.concurrent import execute_concurrent_with_args
from confluent_kafka import Consumer, Producer, TopicPartition

from weir.catalog.dataset import Dataset
from weir.catalog.engine_names import consumer_group
from weir.catalog.pipeline import Pipeline
from weir.clients.cassandra import session_of
from weir.clients.cassandra_rows import insert_statement
from weir.clients.events.decoder import Decoder
from weir.clients.events.letter_codes import UnreadableError
from weir.clients.kafka import TopicReader
from weir.config.embedded import ReplayConfig
from weir.config.endpoints import Endpoints
from weir.verify import oracle
from weir.verify.dataset import listed, open_dataset
from weir.verify.letters import DIGEST, HEADERS
from weir.verify.manifest import Manifest
from weir.verify.poison import fingerprint
from weir.verify.replay import replay
from weir.verify.verify import Verification, verify

ORDERS = 600
CONFIG = ReplayConfig(events_per_second=0, duplicate_ratio=0.3, poison_events=14)
LETTER_BYTES = 10_000
"""A letter of the job that the tests play is cut to so many."""


@dataclass(frozen=True)
class Bench:
    """A provisioned pipeline of its own for each test, and where its manifests go."""

    endpoints: Endpoints
    pipeline: Pipeline
    dataset: Dataset
    manifests: Path

    def replay(self, config: ReplayConfig = CONFIG, *, skip: int = 0, limit: int | None = None) -> Manifest:
        # Nobody writes rows while the test replays: the latency reader need not wait for them.
        return replay(
            self.endpoints,
            self.pipeline,
            self.dataset,
            config,
            self.manifests,
            skip=skip,
            limit=limit,
            missing_after_seconds=0.5,
        )

    def verify(self) -> Verification:
        return verify(self.endpoints, self.pipeline, self.dataset, self.manifests, stall_timeout_seconds=5)


def play_the_job(bench: Bench, events: list[int]) -> None:
    """Does what the job does: rows, totals, dead letters, then the offsets."""
    connection = open_dataset(bench.pipeline, bench.dataset)
    oracle.compute(connection, bench.pipeline, np.array(events))
    with session_of(bench.endpoints) as session:
        for table in (bench.pipeline.row_table, *bench.pipeline.aggregate_tables.values()):
            query = f"SELECT {listed(table.columns)} FROM {oracle.expected_table(table.name)}"
            rows = connection.execute(query).fetchall()
            execute_concurrent_with_args(session, insert_statement(session, table), rows)
    write_letters(bench)
    _commit_everything(bench)


def write_letters(bench: Bench) -> None:
    producer = Producer({"bootstrap.servers": bench.endpoints.kafka_bootstrap_servers, "transactional.id": "job"})
    producer.init_transactions()
    producer.begin_transaction()
    source, topic = bench.pipeline.source_topic.name, bench.pipeline.dead_letter_topic.name
    decoder = Decoder(bench.endpoints.registry_url, bench.pipeline)
    with TopicReader(bench.endpoints, source) as reader:
        for message in reader.records(reader.offsets()):
            value = message.value()
            try:
                decoder.read(value)
            except UnreadableError as error:
                values = (source, str(message.partition()), str(message.offset()), "1", str(error))
                headers: list = list(zip(HEADERS, values, strict=True))
                if value is not None and len(value) > LETTER_BYTES:
                    headers.append((DIGEST, fingerprint(value)))
                producer.produce(topic, value and value[:LETTER_BYTES], message.key(), headers=headers)
    producer.commit_transaction()


def _commit_everything(bench: Bench) -> None:
    with TopicReader(bench.endpoints, bench.pipeline.source_topic.name) as reader:
        ends = [TopicPartition(reader.topic, partition, end) for partition, (_, end) in reader.offsets().items()]
    group = consumer_group(bench.pipeline)
    consumer = Consumer({"bootstrap.servers": bench.endpoints.kafka_bootstrap_servers, "group.id": group})
    consumer.commit(offsets=ends, asynchronous=False)
    consumer.close()
