"""The monitor: a small process that writes each pipeline's health into Cassandra every few seconds.

    python -m weir.incluster.monitor --endpoints endpoints.json --pipelines pipelines --state monitor.json flights

Counters come from the engine, the lag from Kafka, and freshness from the monitor's own sampling. If a service is
unavailable, its columns stay empty; the monitor continues and retries.
"""

from __future__ import annotations

import json
import logging
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cassandra import ConsistencyLevel, DriverException
from cassandra.cluster import NoHostAvailable
from cassandra.query import UNSET_VALUE

from weir.catalog.application_state import worst
from weir.catalog.engine_names import consumer_group
from weir.catalog.pipeline import Pipeline, load_pipelines
from weir.catalog.platform import PIPELINE_HEALTH
from weir.catalog.spec import Engine
from weir.clients.applications import application_parts
from weir.clients.cassandra import session_of
from weir.clients.cassandra_rows import insert_statement
from weir.clients.counters import JobCounters, StreamsCounters, Totals
from weir.clients.flink_rest import FlinkRest
from weir.clients.kafka import TopicReader
from weir.clients.loader_log import LoaderLog, read_logs, write_logs
from weir.clients.row_watcher import RowWatcher
from weir.clients.streams import StreamsClient
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.incluster.daemon import NOT_THERE_YET, argument_parser, endpoints_of, run_until_stopped
from weir.incluster.freshness import FreshnessSampler
from weir.incluster.loaded import LoadedRows

if TYPE_CHECKING:
    from cassandra.cluster import Session

INTERVAL_SECONDS = 5.0
OVERDUE_SECONDS = 60.0
log = logging.getLogger("weir.monitor")

Row = dict[str, Any]
"""Columns of the health table; a column without a known value is omitted."""


class PipelineMonitor:
    """Collects the health of one pipeline."""

    def __init__(
        self, endpoints: Endpoints, pipeline: Pipeline, flink: FlinkRest, totals: Totals, loader_log: LoaderLog
    ) -> None:
        self.pipeline = pipeline
        self.totals = totals
        self._endpoints = endpoints
        self._job = (
            JobCounters(flink, pipeline)
            if pipeline.spec.engine is Engine.FLINK
            else StreamsCounters(StreamsClient(endpoints.streams_url), pipeline)
        )
        self._open = ExitStack()
        self.loader_log = loader_log
        streams = pipeline.spec.engine is Engine.KAFKA_STREAMS
        self._loaded = LoadedRows(endpoints, pipeline, loader_log) if streams else None
        if self._loaded is not None:
            self._open.callback(self._loaded.close)
        self._freshness: FreshnessSampler | None = None
        self._reader = self._open.enter_context(
            TopicReader(endpoints, pipeline.source_topic.name, group=consumer_group(pipeline))
        )

    def close(self) -> None:
        """Stops its threads."""
        self._open.close()

    def health(self, now: datetime) -> Row:
        """One row of the health table."""
        row: Row = {"pipeline": self.pipeline.name, "day": now.date(), "at": now}
        # The state comes first, because the other parts may be slow to answer.
        for part in (self._revived, self._state, self._counters, self._lag, self._fresh):
            try:
                row |= part(row)
            except NOT_THERE_YET as error:
                log.warning("%s: %s", self.pipeline.name, error)
            except Exception:
                # An unexpected failure must not hide the rest of the row, least of all the state.
                log.exception("%s: a part of its health cannot be determined", self.pipeline.name)
        return row

    def _state(self, _: Row) -> Row:
        health = worst(application_parts(self._endpoints, self.pipeline, self.loader_log).values())
        told: Row = {"state": health.state.value, "restarts": health.restarts}
        return told | ({"last_failure": health.reason} if health.reason else {})

    def _counters(self, _: Row) -> Row:
        try:
            self.totals.add(self._job.read())
        except WeirError as error:
            log.warning("%s", error)
        counters: Row = dict(self.totals.totals)
        deduplicated = counters.pop("deduplicated", None)
        if deduplicated is not None and "distinct_events" in counters:
            counters["duplicates"] = deduplicated - counters["distinct_events"]
        return counters

    def _revived(self, _: Row) -> Row:
        if self._loaded is not None:
            self._loaded.revive()
        return {}

    def _lag(self, row: Row) -> Row:
        ends, committed = self._reader.offsets(), self._reader.committed()
        told: Row = {"consumer_lag": sum(max(0, end - max(committed[p], oldest)) for p, (oldest, end) in ends.items())}
        if self._loaded is not None and "distinct_events" in row:
            told["rows_written"] = self._loaded.written(row["distinct_events"])
        return told

    def _fresh(self, _: Row) -> Row:
        if self._freshness is None:
            self._freshness = self._sampler()
        freshness = self._freshness.take()
        if freshness is None:
            return {}
        return {"freshness_p50_milliseconds": freshness[0], "freshness_p99_milliseconds": freshness[1]}

    def _sampler(self) -> FreshnessSampler:
        """Created with the first row: if a table is still missing, the monitor starts and reports the state anyway."""
        with ExitStack() as opened:
            watcher = opened.enter_context(
                RowWatcher(self._endpoints, self.pipeline, missing_after_seconds=OVERDUE_SECONDS)
            )
            opened.callback(watcher.abandon)
            sampler = opened.enter_context(FreshnessSampler(self._endpoints, self.pipeline, watcher))
            self._open.enter_context(opened.pop_all())
        return sampler


def run(endpoints: Endpoints, pipelines: list[Pipeline], state_file: Path, stop: threading.Event) -> None:
    """Writes health rows until `stop` is set.

    Raises:
        WeirError: a service does not answer at the start.
        DriverException: Cassandra does not have the tables yet.
    """
    saved, logs = _load(state_file), read_logs(state_file.parent)
    with (
        session_of(endpoints, consistency=ConsistencyLevel.LOCAL_ONE) as session,
        FlinkRest.of(endpoints) as flink,
        ExitStack() as opened,
    ):
        statement = insert_statement(session, PIPELINE_HEALTH)
        monitors: list[PipelineMonitor] = []
        for pipeline in pipelines:
            totals, log_of_loader = saved.get(pipeline.name, Totals()), logs.get(pipeline.name, LoaderLog())
            monitors.append(PipelineMonitor(endpoints, pipeline, flink, totals, log_of_loader))
            opened.callback(monitors[-1].close)
        while not stop.wait(INTERVAL_SECONDS):
            for monitor in monitors:
                _tell(session, statement, monitor)
            _save(state_file, {monitor.pipeline.name: monitor.totals for monitor in monitors})
            write_logs(state_file.parent, {monitor.pipeline.name: monitor.loader_log for monitor in monitors})


def _tell(session: Session, statement: Any, monitor: PipelineMonitor) -> None:
    """Writes one row of health. A failure of one pipeline must not stop the monitoring of the others."""
    try:
        _write(session, statement, monitor.health(datetime.now(UTC)))
    except Exception:
        log.exception("%s: its health cannot be determined", monitor.pipeline.name)


def _write(session: Session, statement: Any, row: dict[str, Any]) -> None:
    # Unset, not null: a null is a tombstone.
    values = [row.get(name, UNSET_VALUE) for name in PIPELINE_HEALTH.columns]
    try:
        session.execute(statement, values)
    except (DriverException, NoHostAvailable) as error:
        log.warning("%s: its health cannot be written: %s", row["pipeline"], error)


def _load(path: Path) -> dict[str, Totals]:
    """The totals of the last run, so that a restart of the monitor keeps the counts of earlier jobs."""
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
    """Runs until SIGTERM. Retries while a service is not available yet."""
    parser = argument_parser(
        "weir.incluster.monitor", "Writes the health of pipelines.", "file that keeps counters across restarts"
    )
    parser.add_argument(
        "--engine", type=Engine, help="the engine that runs all pipelines; default: the one in each pipeline file"
    )
    arguments = parser.parse_args()
    endpoints = endpoints_of(arguments)
    pipelines = load_pipelines(arguments.pipelines, arguments.names, arguments.engine)
    run_until_stopped(log, lambda stop: run(endpoints, pipelines, arguments.state, stop))


if __name__ == "__main__":
    main()
