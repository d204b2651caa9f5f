"""`weir bench pipeline`: what deduplication, join and Cassandra cost, against what a consumer can merely read.

It runs on a platform of its own, beside any other, which is gone afterwards. All figures come from one run on one
machine; ratios to K, the raw read rate of Kafka's own ConsumerPerformance, are what can be compared between machines.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table as RichTable

from weir.catalog.dataset import Dataset
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec_source import SourceFormat
from weir.clients.counters import JobCounters
from weir.clients.flink_rest import FlinkRest
from weir.config.errors import WeirError
from weir.config.flink import GarbageCollector
from weir.local import jobs, jvm, platform, state
from weir.local.board import Board
from weir.local.flink import TASK_MANAGER
from weir.local.own_platform import own_platform, temporary_folder
from weir.local.provision import provision
from weir.local.service import Context
from weir.toolchain.job_package import build_job_package
from weir.verify.seeding import load_references
from weir.verify.synthetic import EVENT_BYTES, publish, write_pipeline

SERVICES: tuple[str, ...] = ("kafka", "cassandra", "registry", "flink")
CONSUMER_PERFORMANCE = "org.apache.kafka.tools.ConsumerPerformance"
POLL_SECONDS = 0.2
MAXIMUM_SECONDS = 180.0
"""A variant is measured until the topic is drained, at most so long after its first record."""
STALL_SECONDS = 120.0
STEADY = (0.1, 0.9)
"""The part of a variant's records over which its rate is taken: start-up and the last, partial batch are left out."""
VARIANTS = {
    "read -> blackhole": ("--last-stage", "read", "--sinks", "blackhole"),
    "read, deduplicate -> blackhole": ("--last-stage", "deduplicate", "--sinks", "blackhole"),
    "read, deduplicate, join -> blackhole": ("--last-stage", "join", "--sinks", "blackhole"),
    "everything -> Cassandra": (),
}


@dataclass(frozen=True)
class Measurement:
    """Records per second of one variant, over `records` records."""

    name: str
    events_per_second: float
    records: int


@dataclass(frozen=True)
class BenchSettings:
    """What a bench is run with. Heap state of 10 million ids takes 3 GiB, and a checkpoint writes all of it."""

    events: int
    task_manager_mib: int
    checkpoint_interval_seconds: int
    source_format: SourceFormat = SourceFormat.AVRO


@dataclass(frozen=True)
class BenchResult:
    """One run. `raw` is K."""

    events: int
    source_format: SourceFormat
    raw: Measurement
    variants: tuple[Measurement, ...]


def run(stack_path: Path, bench: BenchSettings, board: Board) -> BenchResult:
    """Measures everything on a fresh platform.

    Raises:
        WeirError: the platform does not start, or a job fails (so many ids may need a larger task manager).
    """
    events = bench.events
    with bench_platform(stack_path, bench, board) as ctx:
        pipeline, dataset = write_pipeline(ctx.paths.config("bench"), bench.source_format)
        provision(ctx.endpoints, [pipeline])
        raw = filled(ctx, pipeline, dataset, events, board)
        package = build_job_package(ctx.repository, ctx.paths.config("jobs") / "dedup_join.zip")
        measured = []
        for name, arguments in VARIANTS.items():
            with platform.step(board, name):
                command = jobs.command(ctx, pipeline, package, None, arguments)
                measured.append(measured_job(ctx, pipeline, name, command, events))
        return BenchResult(events, bench.source_format, raw, tuple(measured))


def as_table(result: BenchResult) -> RichTable:
    """The result with the two ratios that matter."""
    return rate_table(result, {"of raw read": result.raw, "of read-only job": result.variants[0]})


def rate_table(result: BenchResult, shares: Mapping[str, Measurement]) -> RichTable:
    """Every rate, and in a column for each of `shares` which part of that one it is."""
    size = f"about {EVENT_BYTES[result.source_format]} bytes of {result.source_format}"
    table = RichTable(title=f"{result.events:,} events of {size}", title_justify="left")
    table.add_column("variant")
    for name in ("records", "events/s", *shares):
        table.add_column(name, justify="right")
    for part in (result.raw, *result.variants):
        rate = part.events_per_second
        # K is not a job, so it is only shown relative to itself.
        ratios = [
            "" if part is result.raw and whole is not part else f"{rate / whole.events_per_second:.3f}"
            for whole in shares.values()
        ]
        table.add_row(part.name, f"{part.records:,}", f"{rate:,.0f}", *ratios)
    return table


def filled(ctx: Context, pipeline: Pipeline, dataset: Dataset, events: int, board: Board) -> Measurement:
    """Fills the reference tables and the topic of `pipeline`; K of the topic.

    Raises:
        WeirError: a service does not take or give everything.
    """
    load_references(ctx.endpoints, pipeline, dataset)
    with platform.step(board, f"publishing {events:,} events"):
        publish(ctx.endpoints, pipeline, events)
    with platform.step(board, "raw read"):
        return raw_read_rate(ctx, pipeline, events)


def raw_read_rate(ctx: Context, pipeline: Pipeline, events: int) -> Measurement:
    """K: ConsumerPerformance over the whole topic; joining the group is not counted.

    Raises:
        WeirError: it failed, or did not read everything.
    """
    result = subprocess.run(
        [
            jvm.java(ctx.toolchain.java17),
            "-Xmx512m",
            "-cp",
            ctx.toolchain.classpath("kafka"),
            CONSUMER_PERFORMANCE,
            *("--bootstrap-server", ctx.endpoints.kafka_bootstrap_servers),
            *("--topic", pipeline.source_topic.name),
            *("--num-records", str(events)),
            *("--timeout", "60000"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    rows = list(csv.DictReader(result.stdout.splitlines(), skipinitialspace=True))
    if result.returncode != 0 or not rows:
        raise WeirError(f"ConsumerPerformance failed: {(result.stderr or result.stdout).strip()[-1000:]}")
    read = int(rows[-1]["data.consumed.in.nMsg"])
    if read < events:
        raise WeirError(f"ConsumerPerformance read only {read} of {events} records; check the broker's log")
    return Measurement("raw read (ConsumerPerformance)", float(rows[-1]["fetch.nMsg.sec"]), read)


def steady_rate(points: list[tuple[float, int]], total: int) -> tuple[float, int]:
    """(records per second, records) of the least-squares line through `points` in the STEADY part of `total`.

    `points` are (seconds, records so far), taken whenever the count changed.

    Raises:
        WeirError: too few points; more events are needed.
    """
    low, high = (share * total for share in STEADY)
    inside = [(at, count) for at, count in points if low <= count <= high]
    if len(inside) < 3:
        raise WeirError(f"only {len(inside)} measurements between the start and the end; raise --events")
    times, counts = np.array(inside, dtype=float).T
    return float(np.polyfit(times - times[0], counts, 1)[0]), int(counts[-1] - counts[0])


def measured_job(ctx: Context, pipeline: Pipeline, name: str, command: list[str], events: int) -> Measurement:
    """The rate of a Flink job over the topic, on a heap without the state of a job before it.

    Raises:
        WeirError: the job fails, or reads nothing.
    """
    _collect_garbage(ctx)
    rest = FlinkRest.of(ctx.endpoints)
    job_id = jobs.run_client(ctx, command, name)
    try:
        points = list(_progress(pipeline, rest, job_id, events))
    finally:
        rest.cancel(job_id, jobs.STOP_TIMEOUT_SECONDS)
    rate, records = steady_rate(points, points[-1][1])
    return Measurement(name, rate, records)


def _progress(pipeline: Pipeline, rest: FlinkRest, job_id: str, events: int) -> Iterator[tuple[float, int]]:
    """(seconds, records read so far) whenever Flink reports another count, until all are read or time is up."""
    seen, started, changed = 0, 0.0, time.monotonic()
    counters = JobCounters(rest, pipeline, ["received"])
    while seen < events:
        count = counters.read().get("received", 0)
        now = time.monotonic()
        if count > seen:
            started = started or now
            seen, changed = count, now
            yield now, count
        if started and now - started > MAXIMUM_SECONDS:
            return
        if now - changed > STALL_SECONDS:
            raise WeirError(f"the job has read nothing for {STALL_SECONDS:.0f} s: {rest.failure(job_id)}")
        # Flink's REST interface is polled, because it sends no notifications.
        time.sleep(POLL_SECONDS)


@contextmanager
def bench_platform(
    stack_path: Path, bench: BenchSettings, board: Board, services: tuple[str, ...] = SERVICES
) -> Iterator[Context]:
    """As much of the stack as the bench needs, gone afterwards."""
    folder = temporary_folder("bench")

    def enlarge(settings: dict[str, Any]) -> None:
        memory = settings.setdefault("weir:embedded", {}).setdefault("memory", {})
        memory["flink_task_manager_process_mib"] = bench.task_manager_mib
        settings["weir:flink"]["checkpoint_interval_seconds"] = bench.checkpoint_interval_seconds
        # A benchmark needs throughput, not short pauses.
        settings["weir:flink"]["garbage_collector"] = GarbageCollector.PARALLEL.value

    try:
        with own_platform(folder, stack_path, services, enlarge, board) as ctx:
            yield ctx
    finally:
        shutil.rmtree(folder)


def _collect_garbage(ctx: Context) -> None:
    """Frees the state of the variant before, whose collection would be counted against the next one.

    Raises:
        WeirError: the JDK's jcmd failed.
    """
    jcmd = str(ctx.toolchain.java17 / "bin" / "jcmd")
    for process in state.processes(ctx.paths):
        if (state.service_of(process) or "").startswith(TASK_MANAGER):
            command = [jcmd, str(process.pid), "GC.run"]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode != 0:
                raise WeirError(f"{' '.join(command)} failed: {(result.stderr or result.stdout).strip()}")
