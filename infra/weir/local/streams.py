"""The Kafka Streams application: one process that runs every pipeline whose plan lies in its folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path
from typing import Any

from weir.catalog.pipeline import Pipeline
from weir.catalog.streams import STREAMS_MAIN, streams_plan
from weir.config.errors import WeirError
from weir.local import jvm
from weir.local.service import LOOPBACK, Context, NotReady, Service, ask_http

RUNNING_TIMEOUT_SECONDS = 120
POLL_SECONDS = 0.2
INSTANCE = "embedded"
QUIET_LOGGERS = ("org.apache.kafka",)


def service(ctx: Context) -> Service:
    """The application on loopback. It is ready when it answers: pipelines are submitted to it (`submit`)."""
    logging = ctx.paths.config("streams") / "log4j2.properties"
    archive = _archive(ctx)
    return Service(
        name="streams",
        version=ctx.toolchain.versions["kafka-streams"],
        command=command(ctx, ctx.paths.data("streams"), ctx.ports.streams, INSTANCE, archive.flags),
        address=ctx.endpoints.streams_url,
        prepare=lambda: _prepare(ctx, logging),
        ready=lambda: _ready(ctx),
        depends_on=("kafka", "registry"),
        ready_timeout_seconds=90,
        # It commits and closes its stores; what it does not end in time it restores at the next start.
        stop_grace_seconds=30,
        after_stop=archive.keep,
    )


def command(
    ctx: Context, folder: Path, port: int, instance: str, archive_flags: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """The process of one instance, whose state lies in `folder`; all instances run the same plans.

    The instance's name makes it a static member: killed and started again, it gets its partitions back at once.
    """
    logging = ctx.paths.config("streams") / "log4j2.properties"
    return (
        jvm.java(ctx.toolchain.java17),
        *("-cp", _classpath(ctx)),
        *jvm.COMMON_FLAGS,
        *archive_flags,
        *jvm.heap(ctx.stack.embedded.memory.streams_heap_mib),
        f"-Dlog4j2.configurationFile={logging}",
        STREAMS_MAIN,
        *("--plans", str(plan_folder(ctx))),
        *("--state", str(folder / "state")),
        *("--bootstrap-servers", ctx.endpoints.kafka_bootstrap_servers),
        *("--listen", f"{LOOPBACK}:{port}"),
        *("--property", f"group.instance.id={instance}"),
    )


def plan_folder(ctx: Context) -> Path:
    """Where the plans lie."""
    folder = ctx.paths.data("streams") / "plans"
    folder.mkdir(exist_ok=True)
    return folder


def submit(ctx: Context, pipeline: Pipeline) -> None:
    """Runs `pipeline`, or restarts it if its plan changed; returns once it reads its topic.

    Its state is kept in Kafka and on disk, under names that follow from the pipeline.

    Raises:
        WeirError: the application refuses the plan, or does not get it running.
    """
    text = streams_plan(ctx.stack.streams, ctx.endpoints, pipeline)
    target = plan_folder(ctx) / f"{pipeline.name}.json"
    staging = target.with_suffix(".new")
    staging.write_text(text, encoding="utf-8")
    staging.replace(target)
    _wait_until_running(ctx, pipeline, hashlib.sha256(text.encode()).hexdigest())


def stop(ctx: Context, pipeline: Pipeline) -> None:
    """Ends a pipeline; its state stays for the next submission.

    Raises:
        WeirError: it does not end.
    """
    (plan_folder(ctx) / f"{pipeline.name}.json").unlink(missing_ok=True)
    deadline = time.monotonic() + RUNNING_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(NotReady):
            if pipeline.name not in status(ctx):
                return
        time.sleep(POLL_SECONDS)
    raise WeirError(f"pipeline {pipeline.name} did not stop on Kafka Streams; see the log: {ctx.paths.log('streams')}")


def status(ctx: Context, port: int | None = None) -> dict[str, Any]:
    """What the application says of its pipelines, by name: state, message, counters.

    Raises:
        NotReady: it does not answer.
    """
    url = f"http://{LOOPBACK}:{port}" if port else ctx.endpoints.streams_url
    return ask_http(f"{url}/pipelines").json()


def _classpath(ctx: Context) -> str:
    return os.pathsep.join(ctx.toolchain.classpath(tool) for tool in ("kafka-streams", "streams-app"))


def _archive(ctx: Context) -> jvm.ClassArchive:
    return jvm.class_archive(ctx, "streams", _classpath(ctx))


def _wait_until_running(ctx: Context, pipeline: Pipeline, fingerprint: str) -> None:
    deadline = time.monotonic() + RUNNING_TIMEOUT_SECONDS
    found: dict[str, Any] = {}
    while time.monotonic() < deadline:
        try:
            found = status(ctx).get(pipeline.name, {})
        except NotReady as error:
            found = {"message": str(error)}
        if found.get("state") == "REFUSED":
            break
        # Its threads: whether it has got on since they failed is for `weir status` to tell.
        if found.get("threads") == "RUNNING" and found.get("fingerprint") == fingerprint:
            return
        time.sleep(POLL_SECONDS)
    raise WeirError(
        f"pipeline {pipeline.name} is not running on Kafka Streams: {found.get('state', 'unknown')} "
        f"{found.get('message', '')}; see the log: {ctx.paths.log('streams')}"
    )


def _prepare(ctx: Context, logging: Path) -> None:
    plan_folder(ctx)
    logging.write_text(jvm.log4j2(QUIET_LOGGERS), encoding="utf-8")


def _ready(ctx: Context) -> None:
    ask_http(f"{ctx.endpoints.streams_url}/live")
