"""How fresh rows are right now: a few events off the end of the topic, watched until their rows are readable.

Reading a busy topic whole would cost a core; this looks at its end ten times a second and takes one event each time.
"""

from __future__ import annotations

import logging
import random
import statistics
import threading
import time

from confluent_kafka import OFFSET_END, TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaException, Message, TopicPartition

from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import MONITOR_GROUP
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
"""A broker answers with at least one whole batch, however little is asked for: enough for one event."""


class FreshnessSampler:
    """A thread that feeds a `RowWatcher` with events as they arrive. A restart of Kafka only makes it pause."""

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
        """p50 and p99 in milliseconds since the last call; None where nothing new arrived.

        A row that is there when it is first asked for belongs to an event that came before: a re-send, not counted.
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
                # Whatever is wrong with one event, freshness is measured with the next ones.
                log.exception("%s: cannot measure freshness with this event", self._topic.name)
                self._stop.wait(RETRY_SECONDS)
            else:
                self._stop.wait(1 / LOOKS_PER_SECOND)

    def _look(self) -> None:
        """One event that arrives from now on, if any does: of one partition, so that little is fetched."""
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
        # The broker's time: what a batch waited at its producer is not the pipeline's.
        age_seconds = max(0.0, time.time() - published_milliseconds / 1000)
        self._watcher.watch(event, time.perf_counter() - age_seconds)
