"""Verification: waits for the job, computes what must be there, reads what is there, and compares all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from weir.catalog.dataset import Dataset
from weir.catalog.pipeline import Pipeline
from weir.clients.cassandra import session_of
from weir.clients.kafka import TopicReader
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.verify import oracle
from weir.verify.compare import TableResult, compare
from weir.verify.corrected import accept_joined_before, adopt_references
from weir.verify.dataset import EVENTS, open_dataset, scalar
from weir.verify.drain import STALL_TIMEOUT_SECONDS, wait_until_drained
from weir.verify.letters import LetterResult, check_letters, letters_of, read_letters
from weir.verify.manifest import Latency, Manifest, load_manifests, union_of
from weir.verify.scan import copy_table
from weir.verify.topic import TopicCount, count_records, settle
from weir.verify.write_times import WriteTimeResult, check_write_times, counted_beyond_horizon, observed_column


@dataclass(frozen=True)
class Sent:
    """What the replays say that they sent, all of them together."""

    records: int
    distinct: int
    poison: int

    @property
    def duplicates(self) -> int:
        """Records that repeat an event."""
        return self.records - self.distinct - self.poison


@dataclass(frozen=True)
class Verification:
    """The outcome for one pipeline; `seconds` excludes the waiting for the job."""

    pipeline: str
    replays: int
    sent: Sent
    topic: TopicCount
    rows: TableResult
    aggregates: tuple[TableResult, ...]
    dead_letters: LetterResult
    latency: Latency | None
    waited_seconds: float
    seconds: float
    write_times: tuple[WriteTimeResult, ...] = ()
    """Only where they were asked for."""
    counted_beyond_horizon: int = 0
    """Duplicates that were counted because deduplication had forgotten their event; the rows are right even so."""

    corrected_references: dict[str, int] = field(default_factory=dict)
    """Reference -> its rows in Cassandra that differ from the dataset's."""
    joined_before_correction: int = 0
    """Rows, once for each such reference, that hold what the dataset says: right as well; `weir rejoin` renews them."""

    @property
    def conserved(self) -> bool:
        """True where every record on the topic, counted by its offsets, became a row, a duplicate or a dead letter."""
        outcome = self.rows.stored + self.sent.duplicates + self.dead_letters.found
        return self.topic.records == self.sent.records == outcome

    @property
    def correct(self) -> bool:
        """True where nothing was lost, invented, changed or counted twice."""
        return (
            self.conserved
            and self.rows.correct
            and all(table.correct for table in self.aggregates)
            and self.dead_letters.correct
            and all(part.wrong == 0 for part in self.write_times)
        )


def verify(
    endpoints: Endpoints,
    pipeline: Pipeline,
    dataset: Dataset,
    manifest_folder: Path,
    *,
    stall_timeout_seconds: float = STALL_TIMEOUT_SECONDS,
    write_times: bool = False,
    hasten: bool = True,
    progress: Callable[[str], None] = lambda _doing: None,
) -> Verification:
    """Checks every row, every aggregate and every dead letter of a pipeline; with `write_times`, those of all rows.

    `progress` is told what is being done. A difference is not an error: see `Verification.correct`.

    Raises:
        WeirError: nothing was replayed, the job is stuck, or a service does not answer.
    """
    manifests = load_manifests(manifest_folder, pipeline.name)
    if not manifests:
        raise WeirError(f"nothing has been replayed into {pipeline.name} yet; run `weir replay {pipeline.name}` first")
    began = time.monotonic()
    wait_until_drained(
        endpoints,
        pipeline,
        stall_timeout_seconds=stall_timeout_seconds,
        hasten=hasten,
        progress=lambda remaining: progress(f"waiting for the job: {remaining:,} records to go"),
    )
    drained = time.monotonic()
    progress("computing the expected result")
    connection = open_dataset(pipeline, dataset)
    size = scalar(connection, f"SELECT count(*) FROM {EVENTS}")
    manifests = settle(endpoints, pipeline, connection, manifests, size)
    sent_events = union_of(part for manifest in manifests for part in manifest.events_sent)
    tables = (pipeline.row_table, *pipeline.aggregate_tables.values())
    results, dated = [], []
    with session_of(endpoints) as session:
        corrected = adopt_references(session, connection, pipeline)
        sent = sum_up(manifests, oracle.compute_rows(connection, pipeline, sent_events))
        joined_before = 0
        for table in tables:
            progress(f"comparing {table.qualified_name}")
            observed = observed_column(pipeline, table) if write_times else None
            copy_table(session, connection, table, observed)
            if table is pipeline.row_table:
                joined_before = accept_joined_before(connection, pipeline, corrected)
                oracle.compute_totals(connection, pipeline)
            dated += [check_write_times(connection, pipeline, table)] if observed else []
            results.append(compare(connection, table))
    progress("reading the dead letters")
    poison = [record for manifest in manifests for record in manifest.poison]
    letters = check_letters(pipeline, letters_of(poison), read_letters(endpoints, pipeline, len(poison)))
    with TopicReader(endpoints, pipeline.source_topic.name) as reader:
        counted = count_records(reader, manifests)
    return Verification(
        pipeline=pipeline.name,
        replays=len(manifests),
        sent=sent,
        topic=counted,
        rows=results[0],
        aggregates=tuple(results[1:]),
        dead_letters=letters,
        latency=latest_latency(manifests),
        waited_seconds=round(drained - began, 1),
        seconds=round(time.monotonic() - drained, 1),
        write_times=tuple(dated),
        counted_beyond_horizon=counted_beyond_horizon(connection, pipeline),
        corrected_references=corrected,
        joined_before_correction=joined_before,
    )


def check_rows(endpoints: Endpoints, pipeline: Pipeline, dataset: Dataset, window: range) -> None:
    """All columns of the rows of the events in `window`, once the job has read them.

    For a job that was given new columns: its earlier rows have none of those, so `verify` cannot ask for them.

    Raises:
        WeirError: a row of the window is missing or differs.
    """
    wait_until_drained(endpoints, pipeline)
    connection = open_dataset(pipeline, dataset)
    oracle.compute(connection, pipeline, np.asarray(window))
    with session_of(endpoints) as session:
        copy_table(session, connection, pipeline.row_table)
    result = compare(connection, pipeline.row_table)
    if result.missing or result.wrong:
        raise WeirError(
            f"rows of the new columns: {result.missing} missing, {result.wrong} wrong: {result.differences[:3]}"
        )


def sum_up(manifests: Sequence[Manifest], distinct: int) -> Sent:
    """The replays together; `distinct` is the number of different ids among the events they sent."""
    records = sum(manifest.acknowledged["records"] for manifest in manifests)
    return Sent(records, distinct, sum(len(manifest.poison) for manifest in manifests))


def latest_latency(manifests: Sequence[Manifest]) -> Latency | None:
    """The measurement of the latest replay that could make one (a replay of known events has no first sends)."""
    measured = [manifest.latency for manifest in manifests if manifest.latency and manifest.latency.samples]
    return measured[-1] if measured else None
