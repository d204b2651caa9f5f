"""How long it takes until a published event is readable: a thread that polls Cassandra for a few sampled rows.

It shares nothing with the job and little with who publishes: its own session, LOCAL_ONE reads by primary key.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cassandra import ConsistencyLevel

from weir.catalog.pipeline import Pipeline
from weir.clients.cassandra import session_of
from weir.clients.cassandra_rows import row_key, select_by_key
from weir.config.endpoints import Endpoints

if TYPE_CHECKING:
    from cassandra.cluster import Session

log = logging.getLogger("weir.latency")
FIRST_INTERVAL_SECONDS = 0.005
INTERVAL_SHARE = 0.1
"""An old sample is polled less often: the error stays below a twentieth, and a stuck job is not flooded with reads."""
MAX_PENDING = 400


@dataclass
class Sample:
    """One watched event; times are `time.perf_counter()` in seconds."""

    key: tuple[Any, ...]
    published: float
    acknowledged: float | None = None
    readable: float | None = None
    polls: int = 0
    asking: bool = False
    next_poll: float = 0.0

    def acknowledge(self) -> None:
        """Called with the broker's answer."""
        self.acknowledged = time.perf_counter()

    @property
    def seconds(self) -> float | None:
        """Publish -> readable; None where the row never came."""
        return None if self.readable is None else self.readable - self.published


class RowWatcher:
    """Watches events from `watch` until their rows are readable, or overdue. Without an address of Cassandra, none.

    Entering raises what keeps the session from being made; leaving waits for the pending samples, unless an error does.
    """

    def __init__(self, endpoints: Endpoints, pipeline: Pipeline, *, missing_after_seconds: float) -> None:
        self._endpoints = endpoints
        self._pipeline = pipeline
        self.missing_after_seconds = missing_after_seconds
        self._pending: list[Sample] = []
        self._done: list[Sample] = []
        self._changed = threading.Condition()
        self._closing = False
        self._failure: Exception | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"rows of {pipeline.name}", daemon=True)

    def __enter__(self) -> RowWatcher:
        if not self._endpoints.cassandra_contact_points:
            return self
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None:
            self.abandon()
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def busy(self) -> bool:
        """True while so many rows are overdue that more samples would only add load, or where none can be read."""
        return len(self._pending) >= MAX_PENDING or not self._endpoints.cassandra_contact_points

    def watch(self, event: dict[str, Any], published: float) -> Sample:
        """Watches a decoded event that was published at `published`, in `time.perf_counter()` seconds."""
        sample = Sample(row_key(self._pipeline, event), published)
        with self._changed:
            self._pending.append(sample)
            self._changed.notify()
        return sample

    def abandon(self) -> None:
        """Forgets what is pending, so that leaving does not wait for it."""
        with self._changed:
            self._closing = True
            self._pending.clear()
            self._changed.notify()

    def take(self) -> list[Sample]:
        """The samples that are readable or overdue since the last call."""
        with self._changed:
            done, self._done = self._done, []
            return done

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
                over = sample.readable is not None or now - sample.published > self.missing_after_seconds
                (self._done if over else self._pending).append(sample)
            if self._pending:
                due = min((sample.next_poll for sample in self._pending if not sample.asking), default=now + 1)
                self._changed.wait(max(due - now, FIRST_INTERVAL_SECONDS / 4))
            elif not self._closing:
                self._changed.wait()
            return bool(self._pending) or not self._closing

    def _poll(self, session: Session, statement: Any) -> None:
        now = time.perf_counter()
        with self._changed:
            due = [sample for sample in self._pending if not sample.asking and sample.next_poll <= now]
        for sample in due:
            sample.asking = True
            try:
                future = session.execute_async(statement, sample.key)
                future.add_callbacks(self._answered, self._failed, callback_args=(sample,), errback_args=(sample,))
            except Exception as error:
                # A key that the driver cannot write, or no node: it must not end the watch of all others.
                log.warning("%s cannot be queried: %s", self._pipeline.row_table.qualified_name, error)
                self._failed(error, sample)

    def _answered(self, rows: list[tuple[Any, ...]] | None, sample: Sample) -> None:
        now = time.perf_counter()
        sample.polls += 1
        if rows:
            sample.readable = now
        self._ask_again(sample, now)

    def _failed(self, _: Exception, sample: Sample) -> None:
        """A timeout or a restarting node: the sample stays pending, and the time counts."""
        self._ask_again(sample, time.perf_counter())

    def _ask_again(self, sample: Sample, now: float) -> None:
        sample.next_poll = now + max(FIRST_INTERVAL_SECONDS, INTERVAL_SHARE * (now - sample.published))
        with self._changed:
            sample.asking = False
            self._changed.notify()
