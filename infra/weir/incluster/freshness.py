"""Measures freshness: samples events at the end of the topic and polls until their rows are readable.

Reading a busy topic in full would cost a core. This looks at its end at most twice a second and takes one event each
time.
"""

from __future__ import annotations

import logging
import random
import statistics
import threading
import time

from confluent_kafka import OFFSET_END, TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaException, Message, TopicPartition

from weir.catalog.pipeline import Pipeline
from weir.catalog.reserved import MONITOR_GROUP
from weir.clients.events.decoder import Decoder
from weir.clients.kafka import client_settings
from weir.clients.row_watcher import RowWatcher
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

log = logging.getLogger("weir.freshness")
LOOKS_PER_SECOND = 2
LOOK_TIMEOUT_SECONDS = 1.0
RETRY_SECONDS = 2.0
FETCH_BYTES = 1024
"""However small this is, a broker returns at least one whole batch, which is enough for one event."""


class FreshnessSampler:
    """A thread that passes events to a `RowWatcher` as they arrive. It pauses while Kafka restarts."""

    def __init__(self, endpoints: Endpoints, pipeline: Pipeline, watcher: RowWatcher) -> None:
        self._topic = pipeline.source_topic
        self._watcher = watcher
        self._decoder = Decoder(endpoints.registry_url, pipeline)
        self._consumer = Consumer(
            {
                **client_settings(endpoints),
                "group.id": MONITOR_GROUP,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.max.bytes": FETCH_BYTES,
                "max.partition.fetch.bytes": FETCH_BYTES,
                "message.max.bytes": FETCH_BYTES,
                "queued.min.messages": 1,
                "log_level": 0,
            }
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"freshness of {pipeline.name}", daemon=True)

    def __enter__(self) -> FreshnessSampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def take(self) -> tuple[float, float] | None:
        """p50 and p99 in milliseconds since the last call; None if there are no new samples.

        A row that exists at its first poll belongs to an earlier event. The sampled event is a duplicate and does not
        count.
        """
        done = self._watcher.take()
        bound = self._watcher.missing_after_seconds
        new = [sample for sample in done if sample.seconds is None or sample.polls > 1]
        if not new:
            return None
        milliseconds = [1000 * (bound if sample.seconds is None else sample.seconds) for sample in new]
        # A single value has no quantiles, so it stands for all of them.
        percentiles = statistics.quantiles(
            milliseconds * 2 if len(new) == 1 else milliseconds, n=100, method="inclusive"
        )
        return percentiles[49], percentiles[98]

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._look()
            except (WeirError, KafkaException):
                self._stop.wait(RETRY_SECONDS)
            except Exception:
                # A problem with one event must not end the measurement; go on with the next events.
                log.exception("%s: cannot measure freshness with this event", self._topic.name)
                self._stop.wait(RETRY_SECONDS)
            else:
                self._stop.wait(1 / LOOKS_PER_SECOND)

    def _look(self) -> None:
        """Takes one event that arrives from now on, from a single partition, so that little is fetched."""
        partition = random.randrange(self._topic.partitions)  # noqa: S311 - a sample, not a secret
        self._consumer.assign([TopicPartition(self._topic.name, partition, OFFSET_END)])
        try:
            message = self._consumer.poll(LOOK_TIMEOUT_SECONDS)
        finally:
            self._consumer.unassign()
        if message is not None and message.error() is None and not self._watcher.busy:
            self._watch(message)

    def _watch(self, message: Message) -> None:
        kind, published_milliseconds = message.timestamp()
        event = self._decoder.decode(message.value())
        if kind == TIMESTAMP_NOT_AVAILABLE or event is None:
            return
        # Broker time: the time that a batch waited at its producer does not count as the pipeline's.
        age_seconds = max(0.0, time.time() - published_milliseconds / 1000)
        self._watcher.watch(event, time.perf_counter() - age_seconds)
