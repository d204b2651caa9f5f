"""The loader: a Kafka Connect worker that writes topics into Cassandra."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from weir.catalog.engine_names import connector_name, loaded_tables
from weir.catalog.loader import WORKER_SETTINGS, connector_config
from weir.catalog.pipeline import Pipeline
from weir.clients.connect import LoaderClient
from weir.config.errors import WeirError
from weir.config.properties_text import properties
from weir.local import jvm
from weir.local.service import LOOPBACK, Context, Service, ask_http

MAIN = "org.apache.kafka.connect.cli.ConnectDistributed"
GROUP = "weir-loader"
REPLICATION_FACTOR = 1
RUNNING_TIMEOUT_SECONDS = 120
POLL_SECONDS = 0.3
QUIET_LOGGERS = ("org.apache.kafka", "org.eclipse.jetty", "org.glassfish.jersey", "org.reflections")


def service(ctx: Context) -> Service:
    """The worker on loopback; what it loads is submitted to it (`submit`) and kept in its own topics."""
    config = ctx.paths.config("loader") / "worker.properties"
    logging = ctx.paths.config("loader") / "log4j2.properties"
    archive = jvm.class_archive(ctx, "loader", ctx.toolchain.classpath("kafka-connect"))
    return Service(
        name="loader",
        version=ctx.toolchain.versions["kafka-connect"],
        command=(
            jvm.java(ctx.toolchain.java17),
            *("-cp", ctx.toolchain.classpath("kafka-connect")),
            *jvm.COMMON_FLAGS,
            *archive.flags,
            *jvm.heap(ctx.stack.embedded.memory.loader_heap_mib),
            f"-Dlog4j2.configurationFile={logging}",
            MAIN,
            str(config),
        ),
        address=ctx.endpoints.loader_url,
        prepare=lambda: _prepare(ctx, config, logging),
        ready=lambda: _ready(ctx),
        depends_on=("kafka", "cassandra", "registry"),
        ready_timeout_seconds=120,
        after_stop=archive.keep,
    )


def settings(ctx: Context) -> dict[str, object]:
    """The worker's properties."""
    return {
        "bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers,
        "group.id": GROUP,
        "listeners": f"http://{LOOPBACK}:{ctx.ports.loader}",
        "rest.advertised.host.name": LOOPBACK,
        **WORKER_SETTINGS,
        "plugin.path": ctx.toolchain.home("loader-plugin"),
        "plugin.discovery": "service_load",
        "config.storage.topic": f"{GROUP}-configs",
        "offset.storage.topic": f"{GROUP}-offsets",
        "status.storage.topic": f"{GROUP}-status",
        "config.storage.replication.factor": REPLICATION_FACTOR,
        "offset.storage.replication.factor": REPLICATION_FACTOR,
        "offset.storage.partitions": 1,
        "status.storage.replication.factor": REPLICATION_FACTOR,
        "status.storage.partitions": 1,
        # There is only one worker, so there is no rebalance to wait for.
        "scheduled.rebalance.max.delay.ms": 0,
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 2000,
        "topic.creation.enable": False,
    }


def submit(ctx: Context, pipeline: Pipeline, tables: Mapping[str, str] | None = None) -> None:
    """Loads `tables` (topic: table; by default all results of the pipeline); returns once all tasks run.

    Raises:
        WeirError: the worker refuses the configuration, or a task fails.
    """
    config = connector_config(
        ctx.stack.streams,
        ctx.endpoints,
        pipeline,
        loaded_tables(pipeline) if tables is None else tables,
        replication_factor=REPLICATION_FACTOR,
    )
    client, connector = LoaderClient(ctx.endpoints.loader_url), connector_name(pipeline)
    client.configure(connector, config)
    deadline = time.monotonic() + RUNNING_TIMEOUT_SECONDS
    states: list[str] = []
    while time.monotonic() < deadline:
        tasks = client.status(connector).get("tasks", [])
        failed = [task for task in tasks if task["state"] == "FAILED"]
        if failed:
            reason = failed[0].get("trace", "").strip().splitlines()[:1]
            raise WeirError(f"the loader of {pipeline.name} failed: {''.join(reason)}; see {ctx.paths.log('loader')}")
        states = [task["state"] for task in tasks]
        if states and set(states) == {"RUNNING"}:
            return
        time.sleep(POLL_SECONDS)
    raise WeirError(f"the loader of {pipeline.name} is not running ({states}); see {ctx.paths.log('loader')}")


def stop(ctx: Context, pipeline: Pipeline) -> None:
    """Ends loading; the offsets stay."""
    LoaderClient(ctx.endpoints.loader_url).delete(connector_name(pipeline))


def _prepare(ctx: Context, config: Path, logging: Path) -> None:
    config.write_text(properties(settings(ctx)), encoding="utf-8")
    logging.write_text(jvm.log4j2(QUIET_LOGGERS), encoding="utf-8")


def _ready(ctx: Context) -> None:
    ask_http(f"{ctx.endpoints.loader_url}/connectors")
