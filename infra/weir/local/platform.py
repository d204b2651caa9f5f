"""`weir up`: from an empty machine to a verified pipeline, each step as soon as what it needs is there."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from weir.catalog.dataset import DATASET_FILE
from weir.catalog.environment import Environment, load_environment
from weir.catalog.existing_topics import existing_setup
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.local import installation, lifecycle, services, state
from weir.local.board import Board
from weir.local.context import running_context
from weir.local.service import Paths
from weir.local.state import State, Status
from weir.sizing import PlatformPlan, SizingRefused, plan_for

if TYPE_CHECKING:
    from weir.verify.verify import Verification

WATCH_SECONDS = 0.2


def start_services(
    paths: Paths, stack_path: Path, names: list[str] | None, board: Board, engine: Engine | None = None
) -> bool:
    """Fetches what is missing and starts a supervisor; False when one runs already.

    `names` are the services to start; None starts what the stack's pipelines need on their engines, or on `engine`.

    Raises:
        WeirError: the configuration, the toolchain or the data directory is not fit.
    """
    stack = load_stack(stack_path)
    known = state.read(paths)
    if engine is None and known and known.engine and state.supervisor_pid(paths) is not None:
        engine = Engine(known.engine)
    pipelines = load_environment(REPOSITORY / "pipelines", stack, engine).pipelines
    names = services.own(names or services.needed({pipeline.spec.engine for pipeline in pipelines}), stack)
    if state.supervisor_pid(paths) is None:
        lifecycle.claim(paths)
        installation.ensure(REPOSITORY, services.tools(names), board.report)
    return lifecycle.start(paths, stack_path, names, engine)


@contextmanager
def watching(paths: Paths, board: Board) -> Iterator[None]:
    """Shows each service's state on the board as long as the block runs."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(WATCH_SECONDS):
            if known := state.read(paths):
                show(known, board)

    thread = threading.Thread(target=watch, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def show(known: State, board: Board) -> None:
    """Reports every service of a state."""
    for entry in known.services:
        if entry.status is Status.READY:
            board.report(entry.name, f"{entry.address}  ready in {entry.start_seconds} s", 1.0)
        else:
            board.report(entry.name, f"{entry.status} {entry.message}", None)


@dataclass(frozen=True)
class Outcome:
    """What `weir up` brought up."""

    dashboard_urls: Mapping[str, str]
    """Pipeline -> its dashboard."""
    password_file: Path
    """Of Superset's user `admin`."""
    verifications: tuple[Verification, ...]


def bring_up(
    paths: Paths, board: Board, *, with_pipelines: bool, replay: bool, reload_references: bool = False
) -> Outcome | None:
    """Goes on until everything answers and, with the pipelines, was verified.

    Safe to repeat: what exists is left alone, unless `reload_references` puts the files' rows back. None when another
    `weir up` is doing it, or without pipelines.

    Raises:
        WeirError: a service failed, a pipeline was refused, or the job is stuck.
    """
    with _alone(paths) as alone:
        if not alone:
            board.report("waiting", "another `weir up` is already running here", None)
            return None
        with watching(paths, board), _root_cause(paths):
            outcome = (
                _bring_up_pipelines(paths, board, replay=replay, reload_references=reload_references)
                if with_pipelines
                else None
            )
            known = state.read(paths)
            lifecycle.wait_ready(paths, [entry.name for entry in known.services] if known else [])
            if known := state.read(paths):
                show(known, board)
            return outcome


def _plan(environment: Environment) -> PlatformPlan | None:
    """The plan of the environment; None if its workload is too large for any cluster within sizing's limits.

    One machine may well try out a pipeline that is meant for a large cluster: topics and tables are then as its files
    say, without the guards that follow from the workload.
    """
    try:
        return plan_for(environment)
    except SizingRefused:
        return None


def _is_seeded(pipeline: Pipeline) -> bool:
    """Whether a dataset fills its references. A pipeline that reads a topic of others may have none."""
    return pipeline.spec.source.owned or (pipeline.folder / DATASET_FILE).exists()


def _bring_up_pipelines(paths: Paths, board: Board, *, replay: bool, reload_references: bool) -> Outcome:
    # Heavy clients, imported while the services start.
    from weir.catalog.dataset import load_dataset  # noqa: PLC0415
    from weir.clients import superset as dashboards  # noqa: PLC0415
    from weir.local import engines, provision, reference_memory, superset, verification  # noqa: PLC0415
    from weir.verify.seeding import seed_references  # noqa: PLC0415

    ctx = running_context(paths)
    environment = ctx.environment()
    pipelines = environment.pipelines
    used = {pipeline.spec.engine for pipeline in pipelines}
    ctx = running_context(paths, services.tools(services.of_engines(used)))
    with ThreadPoolExecutor(max_workers=1) as pool:
        lifecycle.wait_ready(paths, services.own(["kafka", "cassandra", "registry"], ctx.stack))
        with step(board, "topics and tables"):
            own = [topic for pipeline in pipelines for topic in pipeline.topics]
            setup = existing_setup(pipelines, own, ctx.stack.availability.kafka_replication_factor)
            provision.provision(
                ctx.endpoints,
                pipelines,
                _plan(environment),
                setup if ctx.stack.kafka.existing else None,
                warn=lambda line: board.report("existing Kafka", line, None),
            )
        held: list[tuple[Pipeline, reference_memory.Held]] = []
        for pipeline in filter(_is_seeded, pipelines):
            seeded = seed_references(
                ctx.endpoints,
                pipeline,
                load_dataset(pipeline.folder),
                paths.data("references"),
                overwrite=reload_references,
            )
            for table in seeded:
                board.report(f"reference {table.table}", str(table), 1.0)
            rows = {table.reference: table.held for table in seeded}
            held.append(
                (pipeline, reference_memory.Held(rows, {table.reference: table.text_bytes for table in seeded}))
            )
        reference_memory.check_references(ctx.stack, held)

        def import_dashboards() -> dict[str, str]:
            lifecycle.wait_ready(paths, ["trino", "superset"])
            with step(board, "dashboards"):
                password, folder = superset.password_file(ctx), ctx.repository / "dashboards"
                return dashboards.import_dashboards(ctx.endpoints, password, folder, pipelines)

        urls = pool.submit(import_dashboards)
        running = [name for name in services.of_engines(used) if name != "references"]
        lifecycle.wait_ready(paths, services.process_names(running, ctx.stack))
        for pipeline in pipelines:
            with step(board, f"pipeline {pipeline.name} on {pipeline.spec.engine.value}"):
                engines.submit(ctx, pipeline)
        # Before the replay: it is watched on the dashboards, and no start disturbs what it measures.
        dashboard_urls = urls.result()
        proved = [pipeline for pipeline in pipelines if replay and pipeline.spec.source.owned]
        verifications = tuple(verification.prove(ctx, pipeline, board) for pipeline in proved)
        return Outcome(dashboard_urls, superset.password_file(ctx), verifications)


@contextmanager
def _root_cause(paths: Paths) -> Iterator[None]:
    """When a service failed, that is the error, and not that its clients lost it."""
    try:
        yield
    except WeirError as error:
        known = state.read(paths)
        if known is None or not known.failure or known.failure == str(error):
            raise
        lifecycle.wait_ready(paths, [])


@contextmanager
def _alone(paths: Paths) -> Iterator[bool]:
    """True for one `weir up` at a time: two that submit a job would run it twice."""
    with (paths.run / "up.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def step(board: Board, name: str) -> Iterator[None]:
    """Shows a step without progress information."""
    begun = time.monotonic()
    board.report(name, "working", None)
    yield
    board.report(name, f"done in {time.monotonic() - begun:.1f} s", 1.0)
