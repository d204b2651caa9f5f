"""`weir bench engines`: the same pipeline on Kafka Streams and on Flink, over the same topic, in one run.

Flink writes rows as it joins them; Kafka Streams writes to Kafka, and a loader from there to Cassandra. Both halves are
measured alone, and "both" is what two cores do that must do one as much as the other.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from weir.bench.pipeline import (
    SERVICES,
    VARIANTS,
    BenchResult,
    BenchSettings,
    Measurement,
    bench_platform,
    filled,
    measured_job,
    rate_table,
)
from weir.catalog.engine_names import loader_group
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.clients.cassandra import session_of
from weir.clients.kafka import TopicReader
from weir.clients.kafka_backlog import records_waiting
from weir.clients.streams import StreamsClient
from weir.config.errors import WeirError
from weir.incluster.references import publish_references
from weir.local import jobs, loader, platform, streams
from weir.local.board import Board
from weir.local.provision import provision
from weir.local.service import Context
from weir.toolchain.job_package import build_job_package
from weir.verify.drain import Step, steps
from weir.verify.synthetic import write_pipeline

if TYPE_CHECKING:
    from rich.table import Table as RichTable

POLL_SECONDS = 0.2
STALL_SECONDS = 120.0
FLINK_VARIANTS = ("read, deduplicate, join -> blackhole", "everything -> Cassandra")


def run(stack_path: Path, bench: BenchSettings, board: Board) -> BenchResult:
    """Measures both engines on a fresh platform.

    Raises:
        WeirError: the platform does not start, or an engine fails.
    """
    with bench_platform(stack_path, bench, board, (*SERVICES, "streams", "loader")) as ctx:
        flink, dataset = write_pipeline(ctx.paths.config("bench"), bench.source_format)
        on_streams = flink.on(Engine.KAFKA_STREAMS)
        provision(ctx.endpoints, [on_streams])
        raw = filled(ctx, flink, dataset, bench.events, board)
        measured = [*_kafka_streams(ctx, on_streams, bench.events, board)]
        _empty(ctx, flink)
        package = build_job_package(ctx.repository, ctx.paths.config("jobs") / "dedup_join.zip")
        for name in FLINK_VARIANTS:
            with platform.step(board, f"Flink: {name}"):
                command = jobs.command(ctx, flink, package, None, VARIANTS[name])
                measured.append(measured_job(ctx, flink, f"Flink: {name}", command, bench.events))
        return BenchResult(bench.events, bench.source_format, raw, tuple(measured))


def as_table(result: BenchResult) -> RichTable:
    """The result, each rate as a share of the raw read rate, too."""
    return rate_table(result, {"of raw read": result.raw})


def one_after_the_other(first: float, second: float) -> float:
    """The rate of work that has two halves, whose rates alone are these, on the same cores."""
    return 1 / (1 / first + 1 / second)


def _kafka_streams(ctx: Context, pipeline: Pipeline, events: int, board: Board) -> list[Measurement]:
    publish_references(ctx.endpoints, pipeline)
    name = "Kafka Streams: read, deduplicate, join, add up -> Kafka"
    with platform.step(board, name):
        streams.submit(ctx, pipeline)
        seconds, distinct = _application(ctx, pipeline)
    application = Measurement(name, events / seconds, events)
    name = "Kafka Streams: loader -> Cassandra"
    with platform.step(board, name):
        loader.submit(ctx, pipeline)
        seconds = _drained(ctx, pipeline, [step for step in steps(pipeline) if step.group == loader_group(pipeline)])
    # Of all events, not only of those that are new: both halves, and Flink, are told in the same events.
    loading = Measurement(name, events / seconds, distinct)
    both = one_after_the_other(application.events_per_second, loading.events_per_second)
    streams.stop(ctx, pipeline)
    loader.stop(ctx, pipeline)
    return [application, loading, Measurement("Kafka Streams: both", both, events)]


def _application(ctx: Context, pipeline: Pipeline) -> tuple[float, int]:
    """(seconds from the first event to the last total, distinct events)."""
    client = StreamsClient(ctx.endpoints.streams_url)
    started = time.monotonic()
    while not client.pipeline(pipeline.name).get("counters", {}).get("received", 0):
        if time.monotonic() - started > STALL_SECONDS:
            raise WeirError(client.describe(pipeline.name))
        time.sleep(POLL_SECONDS)
    seconds = _drained(ctx, pipeline, [step for step in steps(pipeline) if step.group != loader_group(pipeline)])
    return seconds, client.pipeline(pipeline.name)["counters"]["distinct_events"]


def _drained(ctx: Context, pipeline: Pipeline, wanted: list[Step]) -> float:
    """Seconds until the groups of these steps have done all of their topics."""
    started = changed = time.monotonic()
    least = None
    readers = [TopicReader(ctx.endpoints, step.topic, group=step.group) for step in wanted]
    try:
        while True:
            waiting = sum(records_waiting(reader) for reader in readers)
            now = time.monotonic()
            if not waiting:
                return now - started
            if least is None or waiting < least:
                least, changed = waiting, now
            if now - changed > STALL_SECONDS:
                raise WeirError(f"{pipeline.name}: no progress; {waiting:,} records are waiting")
            time.sleep(POLL_SECONDS)
    finally:
        for reader in readers:
            reader.__exit__()


def _empty(ctx: Context, pipeline: Pipeline) -> None:
    """Both engines write into empty tables."""
    with session_of(ctx.endpoints, timeout_seconds=120) as session:
        for table in (pipeline.row_table, *pipeline.aggregate_tables.values()):
            session.execute(f"TRUNCATE {table.cql_name}")
