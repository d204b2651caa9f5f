"""What an engine has counted of a pipeline, and totals of it that outlive the engine's restarts."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from weir.catalog.pipeline import Pipeline
from weir.clients.flink_rest import FlinkRest
from weir.clients.streams import StreamsClient

Counters = dict[str, int]


def counter_patterns(pipeline: Pipeline) -> dict[str, re.Pattern[str]]:
    """Column of the health table -> the metrics whose sum counts it, as Flink names operators: `Name[id].metric`."""
    rows = re.escape(pipeline.row_table.name)
    patterns = {
        "received": r"Source__[^.]*\.numRecordsOut",
        "deduplicated": r"Deduplicate\[\d+\]\.numRecordsIn",
        "distinct_events": r"Deduplicate\[\d+\]\.numRecordsOut",
        # At least so many: the format remembers the ids that it read last (see its README).
        "conflicting_duplicates": r"Source__[^.]*\.(?:[^.]+\.)*conflictingDuplicates",
        "late_events": rf"{rows}\[\d+\]__Writer\.lateRecords",
        "rows_written": rf"{rows}\[\d+\]__Writer\.numRecordsSend",
        "dead_letters": r"_dead_letters\[\d+\]__Writer\.numRecordsSend",
    }
    if pipeline.spec.joins:
        patterns["join_misses"] = r".*\.reference\.[^.]+\.joinMisses"
    return {name: re.compile(pattern) for name, pattern in patterns.items()}


@dataclass
class Totals:
    """Counters that only grow: an engine's begin at 0 whenever the job starts or restarts."""

    totals: Counters = field(default_factory=dict)
    last: Counters = field(default_factory=dict)

    def add(self, seen: Counters) -> Counters:
        """The totals after the engine's counters stand at `seen`; a counter below its last value has restarted."""
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
                counters[wanted[metric]] = counters.get(wanted[metric], 0) + int(value)
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
