"""The monitor: a small process that writes each pipeline's health into Cassandra every few seconds.

    python -m weir.proof.monitor --endpoints endpoints.json --pipelines pipelines --state monitor.json flights

Counters come from the engine, the lag from Kafka, freshness from sampling of its own. Whatever is away leaves its
columns empty; the monitor goes on and asks again.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cassandra import ConsistencyLevel, DriverException
from cassandra.cluster import NoHostAvailable
from cassandra.query import UNSET_VALUE

from weir.catalog.engine_names import connector_name, consumer_group, loader_group
from weir.catalog.pipeline import Pipeline, load_pipelines
from weir.catalog.platform import PIPELINE_HEALTH
from weir.catalog.spec import Engine
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.proof.cassandra import insert_statement, session_of
from weir.proof.daemon import argument_parser, endpoints_of, run_until_stopped
from weir.proof.drain import records_waiting
from weir.proof.flink_rest import FlinkRest
from weir.proof.freshness import FreshnessSampler
from weir.proof.kafka import TopicReader
from weir.proof.latency import RowWatcher
from weir.proof.loader import LoaderClient
from weir.proof.streams import StreamsClient

if TYPE_CHECKING:
    from cassandra.cluster import Session

INTERVAL_SECONDS = 5.0
OVERDUE_SECONDS = 60.0
log = logging.getLogger("weir.monitor")

Counters = dict[str, int]


def counter_patterns(pipeline: Pipeline) -> dict[str, re.Pattern[str]]:
    """Column of the health table -> the metric that counts it, as Flink names operators: `Name[id].metric`."""
    rows = re.escape(pipeline.row_table.name)
    patterns = {
        "received": r"Source__[^.]*\.numRecordsOut",
        "deduplicated": r"Deduplicate\[\d+\]\.numRecordsIn",
        "distinct_events": r"Deduplicate\[\d+\]\.numRecordsOut",
        "late_events": rf"{rows}\[\d+\]__Writer\.lateRecords",
        "rows_written": rf"{rows}\[\d+\]__Writer\.numRecordsSend",
        "dead_letters": r"_dead_letters\[\d+\]__Writer\.numRecordsSend",
    }
    return {name: re.compile(pattern) for name, pattern in patterns.items()}


@dataclass
class Totals:
    """Counters that only grow: an engine's begin at 0 whenever the job starts or restarts."""

    totals: Counters = field(default_factory=dict)
    last: Counters = field(default_factory=dict)

    def add(self, seen: Counters) -> Counters:
        """The totals after the engine's counters stand at `seen`; a counter below its last value began anew."""
        for name, value in seen.items():
            before = self.last.get(name, 0)
            self.totals[name] = self.totals.get(name, 0) + (value - before if value >= before else value)
            self.last[name] = value
        return self.totals


class JobCounters:
    """The counters of one pipeline's job, read through Flink's REST interface."""

    def __init__(self, flink: FlinkRest, pipeline: Pipeline, columns: Collection[str] | None = None) -> None:
        """`columns` are those wanted of `counter_patterns`; all of them by default."""
        self._flink = flink
        self._name = pipeline.name
        patterns = counter_patterns(pipeline)
        self._patterns = {name: patterns[name] for name in columns or patterns}
        self._job_id = ""
        self._metrics: dict[str, dict[str, str]] = {}

    def read(self) -> Counters:
        """Column -> count since the job (re)started; empty while it does not run.

        Raises:
            WeirError: Flink does not answer.
        """
        job = self._flink.latest(self._name)
        if job is None or job.state != "RUNNING":
            return {}
        complete = {name for found in self._metrics.values() for name in found.values()} == set(self._patterns)
        if job.id != self._job_id or not complete:
            self._job_id = job.id
            self._metrics = {
                vertex["id"]: self._wanted(job.id, vertex["id"]) for vertex in self._flink.vertices(job.id)
            }
        counters: Counters = {}
        for vertex, wanted in self._metrics.items():
            for metric, value in self._flink.metric_sums(job.id, vertex, list(wanted)).items():
                counters[wanted[metric]] = int(value)
        return counters

    def _wanted(self, job_id: str, vertex: str) -> dict[str, str]:
        names = self._flink.metric_names(job_id, vertex)
        return {
            metric: column
            for column, pattern in self._patterns.items()
            for metric in names
            if pattern.fullmatch(metric)
        }


class StreamsCounters:
    """The counters of one pipeline on Kafka Streams, since its application began it."""

    def __init__(self, streams: StreamsClient, pipeline: Pipeline) -> None:
        self._streams = streams
        self._name = pipeline.name

    def read(self) -> Counters:
        """Column -> count; empty while the pipeline does not run.

        Raises:
            WeirError: the application does not answer.
        """
        return self._streams.pipeline(self._name).get("counters", {})


class LoadedRows:
    """How many rows of a pipeline on Kafka Streams are in Cassandra; failed tasks of its loader are started again."""

    def __init__(self, endpoints: Endpoints, pipeline: Pipeline) -> None:
        self._loader = LoaderClient(endpoints.loader_url)
        self._pipeline = pipeline
        topic = pipeline.table_topics[pipeline.row_table.name].name
        self._reader = TopicReader(endpoints, topic, group=loader_group(pipeline))

    def close(self) -> None:
        """Ends its connection."""
        self._reader.__exit__()

    def written(self, distinct_events: int) -> int:
        """Of so many rows that the application has sent, those that the loader has written.

        Raises:
            WeirError: Kafka does not answer.
        """
        return max(0, distinct_events - records_waiting(self._reader))

    def revive(self) -> None:
        """A task that failed (its table was not there yet) loads nothing until it is told to start."""
        try:
            for reason in self._loader.restart_failed(connector_name(self._pipeline)):
                log.warning("%s: the loader failed and is started again: %s", self._pipeline.name, reason)
        except WeirError as error:
            log.warning("%s", error)


class PipelineMonitor:
    """What is known of one pipeline."""

    def __init__(self, endpoints: Endpoints, pipeline: Pipeline, flink: FlinkRest, totals: Totals) -> None:
        self.pipeline = pipeline
        self.totals = totals
        self._endpoints = endpoints
        self._job = (
            JobCounters(flink, pipeline)
            if pipeline.spec.engine is Engine.FLINK
            else StreamsCounters(StreamsClient(endpoints.streams_url), pipeline)
        )
        self._open = ExitStack()
        self._loaded = LoadedRows(endpoints, pipeline) if pipeline.spec.engine is Engine.KAFKA_STREAMS else None
        if self._loaded is not None:
            self._open.callback(self._loaded.close)
        watcher = self._open.enter_context(RowWatcher(endpoints, pipeline, missing_after_seconds=OVERDUE_SECONDS))
        self._open.callback(watcher.abandon)
        self._freshness = self._open.enter_context(FreshnessSampler(endpoints, pipeline, watcher))
        self._reader = self._open.enter_context(
            TopicReader(endpoints, pipeline.source_topic.name, group=consumer_group(pipeline))
        )

    def close(self) -> None:
        """Ends its threads."""
        self._open.close()

    def health(self, now: datetime) -> dict[str, Any]:
        """One row of the health table; a column that cannot be told is left out."""
        row: dict[str, Any] = {"pipeline": self.pipeline.name, "day": now.date(), "at": now}
        row |= self._counters()
        if self._loaded is not None:
            self._loaded.revive()
        try:
            ends, committed = self._reader.offsets(), self._reader.committed()
            row["consumer_lag"] = sum(max(0, end - max(committed[p], oldest)) for p, (oldest, end) in ends.items())
            if self._loaded is not None and "distinct_events" in row:
                row["rows_written"] = self._loaded.written(row["distinct_events"])
        except WeirError as error:
            log.warning("%s", error)
        freshness = self._freshness.take()
        if freshness is not None:
            row["freshness_p50_milliseconds"], row["freshness_p99_milliseconds"] = freshness
        return row

    def _counters(self) -> Counters:
        try:
            self.totals.add(self._job.read())
        except WeirError as error:
            log.warning("%s", error)
        counters = dict(self.totals.totals)
        deduplicated = counters.pop("deduplicated", None)
        if deduplicated is not None and "distinct_events" in counters:
            counters["duplicates"] = deduplicated - counters["distinct_events"]
        return counters


def run(endpoints: Endpoints, pipelines: list[Pipeline], state_file: Path, stop: threading.Event) -> None:
    """Writes health rows until `stop` is set.

    Raises:
        WeirError: a service does not answer at the start.
        DriverException: Cassandra has not the tables yet.
    """
    saved = _load(state_file)
    with (
        session_of(endpoints, consistency=ConsistencyLevel.LOCAL_ONE) as session,
        FlinkRest(endpoints.flink_url) as flink,
        ExitStack() as opened,
    ):
        statement = insert_statement(session, PIPELINE_HEALTH)
        monitors: list[PipelineMonitor] = []
        for pipeline in pipelines:
            monitors.append(PipelineMonitor(endpoints, pipeline, flink, saved.get(pipeline.name, Totals())))
            opened.callback(monitors[-1].close)
        while not stop.wait(INTERVAL_SECONDS):
            for monitor in monitors:
                _write(session, statement, monitor.health(datetime.now(UTC)))
            _save(state_file, {monitor.pipeline.name: monitor.totals for monitor in monitors})


def _write(session: Session, statement: Any, row: dict[str, Any]) -> None:
    # Unset, not null: a null is a tombstone.
    values = [row.get(name, UNSET_VALUE) for name in PIPELINE_HEALTH.columns]
    try:
        session.execute(statement, values)
    except (DriverException, NoHostAvailable) as error:
        log.warning("%s: health is not written: %s", row["pipeline"], error)


def _load(path: Path) -> dict[str, Totals]:
    """The totals of the last run, so that a restart of the monitor does not lose what earlier jobs counted."""
    try:
        return {name: Totals(**entry) for name, entry in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError):
        return {}


def _save(path: Path, totals: dict[str, Totals]) -> None:
    document = {name: {"totals": entry.totals, "last": entry.last} for name, entry in totals.items()}
    staging = path.with_suffix(".new")
    staging.write_text(json.dumps(document), encoding="utf-8")
    staging.replace(path)


def main() -> None:
    """Runs until SIGTERM; while a service is not there yet, tries again."""
    parser = argument_parser("weir.proof.monitor", "Writes pipelines' health.", "file that keeps totals over restarts")
    parser.add_argument("--engine", type=Engine, help="what runs all of them; by default what their files say")
    arguments = parser.parse_args()
    endpoints = endpoints_of(arguments)
    pipelines = load_pipelines(arguments.pipelines, arguments.names, arguments.engine)
    run_until_stopped(log, lambda stop: run(endpoints, pipelines, arguments.state, stop))


if __name__ == "__main__":
    main()
