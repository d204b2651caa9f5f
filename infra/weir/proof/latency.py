"""How long after its publishing an event is readable: a thread that asks Cassandra for a few sampled rows.

It shares nothing with the job and little with the replay: its own session, LOCAL_ONE reads by primary key.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from cassandra import ConsistencyLevel

from weir.catalog.pipeline import Pipeline
from weir.config.endpoints import Endpoints
from weir.proof.cassandra import row_key, select_by_key, session_of
from weir.proof.manifest import Latency

if TYPE_CHECKING:
    from cassandra.cluster import Session

SAMPLES_PER_SECOND = 20
MISSING_AFTER_SECONDS = 30.0
"""A row that is not readable by then counts as missing, and with this latency."""
FIRST_INTERVAL_SECONDS = 0.004
INTERVAL_SHARE = 0.05
"""An old sample is asked for less often: the error stays below a twentieth, and a stuck job is not stormed."""
MAX_PENDING = 400


@dataclass
class Sample:
    """One watched event; times are `time.perf_counter()` in seconds."""

    key: tuple[Any, ...]
    published: float
    acknowledged: float | None = None
    readable: float | None = None
    asking: bool = False
    next_poll: float = 0.0

    def acknowledge(self) -> None:
        """Called with the broker's answer."""
        self.acknowledged = time.perf_counter()


class LatencyReader:
    """Watches events from `watch` until their rows are readable; `result` once the context is left."""

    def __init__(
        self, endpoints: Endpoints, pipeline: Pipeline, *, missing_after_seconds: float = MISSING_AFTER_SECONDS
    ) -> None:
        self._endpoints = endpoints
        self._pipeline = pipeline
        self._missing_after = missing_after_seconds
        self._pending: list[Sample] = []
        self._done: list[Sample] = []
        self._changed = threading.Condition()
        self._closing = False
        self._next_sample = 0.0
        self._failure: Exception | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="latency-reader", daemon=True)

    def __enter__(self) -> LatencyReader:
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Waits for the pending samples, unless an error leaves."""
        with self._changed:
            self._closing = True
            if error is not None:
                self._pending.clear()
            self._changed.notify()
        self._thread.join()

    def wants_sample(self, now: float) -> bool:
        """True about SAMPLES_PER_SECOND times a second, while not too many rows are overdue."""
        if now < self._next_sample or len(self._pending) >= MAX_PENDING:
            return False
        self._next_sample = now + 1 / SAMPLES_PER_SECOND
        return True

    def watch(self, event: dict[str, Any], published: float) -> Sample:
        """Watches a decoded event that is being published."""
        sample = Sample(row_key(self._pipeline, event), published)
        with self._changed:
            self._pending.append(sample)
            self._changed.notify()
        return sample

    def result(self) -> Latency:
        """What was measured."""
        watched = self._done + self._pending
        readable = [sample.readable - sample.published for sample in watched if sample.readable is not None]
        missing = len(watched) - len(readable)
        acknowledged = [sample.acknowledged - sample.published for sample in watched if sample.acknowledged]
        latencies = 1000 * np.array(readable + [self._missing_after] * missing)
        if not len(latencies):
            return Latency(samples=0, missing=0)
        p50, p90, p99 = np.percentile(latencies, [50, 90, 99])
        return Latency(
            samples=len(latencies),
            missing=missing,
            p50_milliseconds=round(float(p50), 1),
            p90_milliseconds=round(float(p90), 1),
            p99_milliseconds=round(float(p99), 1),
            max_milliseconds=round(float(latencies.max()), 1),
            acknowledged_p50_milliseconds=round(1000 * float(np.median(acknowledged)), 1) if acknowledged else None,
        )

    def _run(self) -> None:
        try:
            with session_of(self._endpoints, consistency=ConsistencyLevel.LOCAL_ONE, timeout_seconds=10) as session:
                statement = select_by_key(session, self._pipeline.row_table)
                self._started.set()
                while self._wait_for_work():
                    self._poll(session, statement)
        except Exception as error:  # handed to the thread that started this one
            self._failure = error
            self._started.set()

    def _wait_for_work(self) -> bool:
        """Waits for a sample, or for the next time to ask; False when all is done."""
        with self._changed:
            now = time.perf_counter()
            watched, self._pending = self._pending, []
            for sample in watched:
                over = sample.readable is not None or now - sample.published > self._missing_after
                (self._done if over else self._pending).append(sample)
            if self._pending:
                self._changed.wait(FIRST_INTERVAL_SECONDS / 2)
            elif not self._closing:
                self._changed.wait()
            return bool(self._pending) or not self._closing

    def _poll(self, session: Session, statement: Any) -> None:
        now = time.perf_counter()
        with self._changed:
            due = [sample for sample in self._pending if not sample.asking and sample.next_poll <= now]
        for sample in due:
            sample.asking = True
            future = session.execute_async(statement, sample.key)
            future.add_callbacks(_answered, _failed, callback_args=(sample,), errback_args=(sample,))


def _answered(rows: list[tuple[Any, ...]] | None, sample: Sample) -> None:
    now = time.perf_counter()
    if rows:
        sample.readable = now
    _ask_again(sample, now)


def _failed(_: Exception, sample: Sample) -> None:
    """A timeout or a restarting node: the sample stays pending, and the time counts."""
    _ask_again(sample, time.perf_counter())


def _ask_again(sample: Sample, now: float) -> None:
    sample.next_poll = now + max(FIRST_INTERVAL_SECONDS, INTERVAL_SHARE * (now - sample.published))
    sample.asking = False
