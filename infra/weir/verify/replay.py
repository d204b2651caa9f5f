"""Publishes a dataset: at a chosen rate, with re-sends, disorder and poison, and writes down what it sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from weir.catalog.dataset import Dataset
from weir.catalog.pipeline import Pipeline
from weir.clients.events.decoder import Decoder
from weir.clients.kafka import TopicReader, client_settings
from weir.clients.kafka_sending import produce
from weir.clients.row_watcher import RowWatcher, Sample
from weir.config.embedded import ReplayConfig
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.verify.acknowledged import Acknowledged
from weir.verify.dataset import EVENTS, open_dataset, scalar
from weir.verify.latency import MISSING_AFTER_SECONDS, Sampling, summary
from weir.verify.manifest import (
    IndexRange,
    Manifest,
    PartitionRange,
    PoisonRecord,
    ReplayState,
    load_manifests,
    to_ranges,
)
from weir.verify.pace import Pace
from weir.verify.poison import Mold, Poison, fingerprint, poison_for
from weir.verify.schedule import Kind, Plan, make_plan
from weir.verify.topic import events_in_topic
from weir.verify.wire import EncodedEvents, encode_events, schema_ids

LINGER_MILLISECONDS = 10
DELIVERY_TIMEOUT_SECONDS = 120
"""A broker may be away as long; the producer keeps what it could not send and sends it once."""
LEAST_MESSAGE_BYTES = 1_000_000
MANIFEST_INTERVAL_SECONDS = 5
SENDS_BETWEEN_LOOKS = 500
"""At full speed, callbacks are served and the time is looked at so often."""

TICK_SECONDS = 0.004
"""Records are sent in small groups, this long apart: looking at the clock for each would take half a core."""
PROGRESS_INTERVAL_SECONDS = 0.2

Progress = Callable[[int, int], None]
"""Called with the sends so far and the sends of the plan, several times a second."""
Observe = Callable[[list[Sample]], None]
"""Called once with all samples."""
Clock = Callable[[], float]
"""What a record is stamped with, in seconds since the epoch."""


def replay(
    endpoints: Endpoints,
    pipeline: Pipeline,
    dataset: Dataset,
    config: ReplayConfig,
    manifest_folder: Path,
    *,
    skip: int = 0,
    limit: int | None = None,
    missing_after_seconds: float = MISSING_AFTER_SECONDS,
    progress: Progress = lambda _sent, _planned: None,
    observe: Observe = lambda _samples: None,
    clock: Clock = time.time,
) -> Manifest:
    """Publishes events `skip` to `skip + limit` of the dataset and returns the completed manifest.

    It ends when the sampled rows are readable, or `missing_after_seconds` after their publishing. Without an address of
    Cassandra in `endpoints`, none is sampled.

    Raises:
        WeirError: a service does not answer, the window holds no event, or records were not acknowledged.
        KeyboardInterrupt: passed on, after the manifest has been written for what was sent until then.
    """
    connection = open_dataset(pipeline, dataset)
    size = scalar(connection, f"SELECT count(*) FROM {EVENTS}")
    window = range(size)[skip:][:limit]
    if not window:
        raise WeirError(f"skip {skip} and limit {limit} leave none of the {size} events; lower skip, or raise limit")
    sent_before = events_in_topic(endpoints, pipeline, connection, load_manifests(manifest_folder, pipeline.name), size)
    plan = make_plan(window, np.setdiff1d(sent_before, np.asarray(window)), config)
    used = plan.numbers[plan.kinds != Kind.POISON]
    schema_id, foreign_id = schema_ids(endpoints.registry_url, pipeline)
    events = encode_events(connection, pipeline, schema_id, range(int(used.min()), int(used.max()) + 1))
    connection.close()
    sends = _Sends(
        plan,
        events,
        poison_for(Mold(pipeline, foreign_id), events, plan, config),
        already_sent=frozenset(sent_before.tolist()),
    )
    manifest = _begun(endpoints, pipeline, sends, config=config, window=window, dataset_events=size)
    sender = _Sender(endpoints, pipeline, sends, manifest, manifest_folder, clock=clock)
    return sender.run(progress, observe, missing_after_seconds)


@dataclass(frozen=True)
class _Sends:
    """All that is to be sent, ready."""

    plan: Plan
    events: EncodedEvents
    poison: dict[int, Poison]
    already_sent: frozenset[int]


def _begun(
    endpoints: Endpoints,
    pipeline: Pipeline,
    sends: _Sends,
    *,
    config: ReplayConfig,
    window: range,
    dataset_events: int,
) -> Manifest:
    with TopicReader(endpoints, pipeline.source_topic.name) as reader:
        ends = {partition: end for partition, (_, end) in reader.offsets().items()}
    return Manifest(
        pipeline=pipeline.name,
        topic=pipeline.source_topic.name,
        state=ReplayState.OPEN,
        started_at=datetime.now(UTC),
        config=config,
        window=IndexRange(first=window.start, stop=window.stop),
        dataset_events=dataset_events,
        planned=sends.plan.counts(),
        partitions={
            partition: PartitionRange(first_offset=end, next_offset=end) for partition, end in sorted(ends.items())
        },
        poison=[
            PoisonRecord(number=record.number, kind=record.kind, fingerprint=fingerprint(record.value))
            for record in sends.poison.values()
        ],
    )


class _Sender:
    """One replay under way."""

    def __init__(
        self, endpoints: Endpoints, pipeline: Pipeline, sends: _Sends, manifest: Manifest, folder: Path, *, clock: Clock
    ) -> None:
        self._endpoints = endpoints
        self._pipeline = pipeline
        self._sends = sends
        self._manifest = manifest
        self._folder = folder
        self._clock = clock
        self._acknowledged = Acknowledged()
        self._decoder = Decoder(endpoints.registry_url, pipeline)
        self._sampling = Sampling()
        self._planned = len(sends.plan)
        self._sent = 0
        self._producer = Producer(
            {
                **client_settings(endpoints),
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": "lz4",
                # Poison that is too large is one byte after the other of the same, and small on its way.
                "message.max.bytes": 2 * max(pipeline.spec.source.max_event_bytes, LEAST_MESSAGE_BYTES),
                "linger.ms": LINGER_MILLISECONDS,
                "delivery.timeout.ms": DELIVERY_TIMEOUT_SECONDS * 1000,
                "log_level": 2,
            }
        )

    def run(self, progress: Progress, observe: Observe, missing_after_seconds: float) -> Manifest:
        """Sends everything; the manifest stands on disk before the first record and after the last."""
        self._manifest.write(self._folder)
        watcher = RowWatcher(self._endpoints, self._pipeline, missing_after_seconds=missing_after_seconds)
        try:
            with watcher:
                self._send_all(watcher, progress)
                self._flush()
        except KeyboardInterrupt:
            self._flush()
            self._end(ReplayState.INTERRUPTED)
            raise
        samples = watcher.take()
        observe(samples)
        self._manifest = self._manifest.model_copy(update={"latency": summary(samples, watcher.missing_after_seconds)})
        self._end(ReplayState.COMPLETE)
        return self._manifest

    def _send_all(self, watcher: RowWatcher, progress: Progress) -> None:
        config = self._manifest.config
        pace = Pace(config.events_per_second, config.ramp_up_seconds) if config.events_per_second else None
        started = next_progress = time.perf_counter()
        next_manifest = started + MANIFEST_INTERVAL_SECONDS
        while self._sent < self._planned:
            now = time.perf_counter()
            due = pace.due(now - started) if pace else self._sent + SENDS_BETWEEN_LOOKS
            sampled = watcher if pace is None or pace.at_full_rate(now - started) else None
            while self._sent < min(due, self._planned):
                self._send_next(sampled)
            if now >= next_progress:
                next_progress = now + PROGRESS_INTERVAL_SECONDS
                progress(self._sent, self._planned)
            if now >= next_manifest:
                next_manifest = now + MANIFEST_INTERVAL_SECONDS
                self._checked_manifest().write(self._folder)
            self._producer.poll(0)
            if pace:
                time.sleep(TICK_SECONDS)
        progress(self._sent, self._planned)

    def _send_next(self, watcher: RowWatcher | None) -> None:
        """Sends the next record of the plan, and has the row of some new events watched."""
        kind, number = Kind(self._sends.plan.kinds[self._sent]), int(self._sends.plan.numbers[self._sent])
        callback = self._acknowledged.take
        if kind is Kind.POISON:
            poison = self._sends.poison[number]
            self._produce(poison.key, poison.value, self._noting_poison(number))
            return
        value = self._sends.events.value(number)
        is_new = kind is Kind.FIRST and number not in self._sends.already_sent
        if watcher and is_new and not watcher.busy and self._sampling.due(time.perf_counter()):
            callback = self._sampled(watcher, value)
        self._produce(self._sends.events.key(number), value, callback)

    def _produce(self, key: str | bytes, value: bytes | None, callback: Callable) -> None:
        topic, stamp = self._manifest.topic, int(self._clock() * 1000)
        try:
            produce(self._producer, topic, value, key, self._check, on_delivery=callback, timestamp=stamp)
        except KafkaException as error:
            raise WeirError(f"{topic} accepts no records: {error}") from None
        self._sent += 1

    def _sampled(self, watcher: RowWatcher, value: bytes) -> Callable[[KafkaError | None, Message], None]:
        event = self._decoder.decode(value)
        if event is None:
            raise WeirError(f"an event of {self._pipeline.subject} cannot be decoded with its own schema")
        sample = watcher.watch(event, time.perf_counter())

        def report(error: KafkaError | None, message: Message) -> None:
            sample.acknowledge()
            self._acknowledged.take(error, message)

        return report

    def _noting_poison(self, number: int) -> Callable[[KafkaError | None, Message], None]:
        planned = self._manifest.poison[number]

        def report(error: KafkaError | None, message: Message) -> None:
            self._acknowledged.take(error, message)
            if error is None:
                place = {"partition": message.partition(), "offset": message.offset()}
                self._acknowledged.poison[number] = planned.model_copy(update=place)

        return report

    def _check(self) -> None:
        if self._acknowledged.error is not None:
            raise WeirError(
                f"{self._manifest.topic}: records were not acknowledged ({self._acknowledged.error}); the manifest "
                "stays open, so that `weir verify` reads from the topic what arrived. Fix Kafka, then replay again"
            )

    def _flush(self) -> None:
        self._producer.flush(DELIVERY_TIMEOUT_SECONDS)
        self._check()

    def _checked_manifest(self) -> Manifest:
        """The manifest as far as the broker has acknowledged."""
        self._check()
        acknowledged = self._acknowledged
        return self._manifest.model_copy(
            update={
                "acknowledged": {"records": acknowledged.records},
                "partitions": acknowledged.ranges(self._manifest.partitions),
                "poison": [acknowledged.poison.get(record.number, record) for record in self._manifest.poison],
            }
        )

    def _end(self, state: ReplayState) -> None:
        """After a flush without an error, exactly the first `sent` sends of the plan are in the topic."""
        sent = Plan(self._sends.plan.kinds[: self._sent], self._sends.plan.numbers[: self._sent])
        manifest = self._checked_manifest()
        self._manifest = manifest.model_copy(
            update={
                "state": state,
                "ended_at": datetime.now(UTC),
                "acknowledged": {"records": self._acknowledged.records, **sent.counts()},
                "events_sent": to_ranges(np.asarray(sent.numbers[sent.kinds != Kind.POISON])),
                "poison": [record for record in manifest.poison if record.offset is not None],
            }
        )
        self._manifest.write(self._folder)
