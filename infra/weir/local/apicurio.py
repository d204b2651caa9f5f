"""The schema registry: Apicurio, spoken to through its Confluent-compatible interface."""

from __future__ import annotations

from pathlib import Path

from weir.config.properties_text import properties
from weir.local import jvm
from weir.local.service import LOOPBACK, Context, Service, ask_http


def service(ctx: Context) -> Service:
    """The registry on loopback. It keeps schemas in an H2 file, so that schema ids outlive a restart.

    A file rather than a Kafka topic (`kafkasql`): the registry then starts beside the broker, not after it.
    """
    config = ctx.paths.config("registry") / "application.properties"
    return Service(
        name="registry",
        version=ctx.toolchain.versions["registry"],
        command=(
            jvm.java(ctx.toolchain.java25),
            *jvm.COMMON_FLAGS,
            f"-Xmx{ctx.stack.embedded.memory.registry_heap_mib}m",
            # It answers a handful of requests at a job's start: the smallest collector and the quickest compiler do.
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xss512k",
            f"-Dquarkus.config.locations={config}",
            f"-Djava.io.tmpdir={ctx.paths.data('registry')}",
            "-jar",
            str(ctx.toolchain.home("registry") / "quarkus-run.jar"),
        ),
        address=f"http://{LOOPBACK}:{ctx.ports.registry}",
        prepare=lambda: _prepare(ctx, config),
        ready=lambda: _ready(ctx),
        ready_timeout_seconds=120,
    )


def _prepare(ctx: Context, config: Path) -> None:
    settings: dict[str, object] = {
        "quarkus.http.host": LOOPBACK,
        "quarkus.http.port": ctx.ports.registry,
        # The management interface cannot be switched off at run time; 0 is any free port.
        "quarkus.management.host": LOOPBACK,
        "quarkus.management.port": 0,
        "quarkus.http.access-log.enabled": False,
        "apicurio.storage.kind": "sql",
        "apicurio.storage.sql.kind": "h2",
        "apicurio.datasource.url": f"jdbc:h2:file:{ctx.paths.data('registry') / 'schemas'};DB_CLOSE_ON_EXIT=FALSE",
        "apicurio.datasource.jdbc.initial-size": 1,
        "apicurio.datasource.jdbc.min-size": 1,
        "apicurio.datasource.jdbc.max-size": 8,
    }
    config.write_text(properties(settings), encoding="utf-8")


def _ready(ctx: Context) -> None:
    ask_http(f"{ctx.endpoints.registry_url}/subjects")
