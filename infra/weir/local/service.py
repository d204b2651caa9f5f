"""What a service of the one-machine target is: one file with `def service(ctx: Context) -> Service`.

A service describes a process; it starts nothing. The supervisor prepares it, starts it, asks it whether it is
ready, watches it and stops it. Everything that differs between machines comes in through the `Context`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from weir.catalog.environment import Environment, load_environment
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.clients.http import platform_client
from weir.config.embedded import Ports
from weir.config.endpoints import Endpoints, Login
from weir.config.stack import StackConfig
from weir.toolchain.installed import Toolchain

LOOPBACK = "127.0.0.1"
FULL_DISK_BYTES = 16 * 1024 * 1024
CASSANDRA_DATACENTER = "local"


class NotReady(Exception):  # noqa: N818 - a state, not an error: the supervisor asks again
    """The service does not answer yet; the message says what is missing, for the progress display."""


@dataclass(frozen=True)
class Paths:
    """Where one platform keeps its files. `data_dir` is `<repository>/.weir`, or `$WEIR_HOME`."""

    data_dir: Path

    def data(self, service: str) -> Path:
        """The folder that survives restarts: logs of a broker, sstables, checkpoints."""
        return self._made("data", service)

    def config(self, service: str) -> Path:
        """The folder of generated configuration, rewritten by every `prepare`."""
        return self._made("config", service)

    def log(self, service: str) -> Path:
        """The file that takes the process's standard output and error."""
        return self._made("logs") / f"{service}.log"

    @property
    def logs(self) -> Path:
        """The folder of all log files."""
        return self._made("logs")

    @property
    def run(self) -> Path:
        """State, lock and control socket of the supervisor."""
        return self._made("run")

    @property
    def disk_full(self) -> str:
        """The message when the disk is full; empty otherwise."""
        if shutil.disk_usage(self.data_dir).free >= FULL_DISK_BYTES:
            return ""
        return f"The disk of {self.data_dir} is full: free some space, or set WEIR_HOME to a folder on another disk."

    def _made(self, *parts: str) -> Path:
        folder = self.data_dir.joinpath(*parts)
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@dataclass(frozen=True)
class Context:
    """Everything a service may know of the machine and the stack."""

    repository: Path
    paths: Paths
    ports: Ports
    """The allocated ports: the stack's, or free ones where those were taken."""
    stack: StackConfig
    toolchain: Toolchain
    engine: Engine | None = None
    """Runs every pipeline, whatever its file says; None leaves it to the file."""

    def environment(self) -> Environment:
        """The stack with its pipelines, each on its engine."""
        return load_environment(self.repository / "pipelines", self.stack, self.engine)

    def pipelines(self) -> tuple[Pipeline, ...]:
        """The stack's pipelines, each on its engine."""
        return self.environment().pipelines

    @property
    def endpoints(self) -> Endpoints:
        """The addresses of the running platform, for its clients."""
        kafka, registry = self.stack.kafka.existing, self.stack.registry.existing
        return Endpoints(
            kafka_bootstrap_servers=kafka.servers if kafka else f"{LOOPBACK}:{self.ports.kafka}",
            registry_url=registry.url if registry else f"http://{LOOPBACK}:{self.ports.registry}/apis/ccompat/v7",
            cassandra_contact_points=(f"{LOOPBACK}:{self.ports.cassandra}",),
            cassandra_datacenter=CASSANDRA_DATACENTER,
            flink_url=f"https://{LOOPBACK}:{self.ports.flink}",
            trino_url=f"http://{LOOPBACK}:{self.ports.trino}",
            superset_url=f"http://{LOOPBACK}:{self.ports.superset}",
            streams_url=f"http://{LOOPBACK}:{self.ports.streams}",
            loader_url=f"http://{LOOPBACK}:{self.ports.loader}",
            flink_login=self._flink_login(),
        )

    @property
    def flink_certificate(self) -> Path:
        """The folder of the certificate that Flink and its clients show each other; `flink_tls` makes it."""
        return self.paths.data("secrets") / "flink"

    def _flink_login(self) -> Login | None:
        """None where Flink never ran."""
        folder = self.flink_certificate
        if not folder.exists():
            return None
        return Login(ca_file=folder / "ca.crt", certificate_file=folder / "tls.crt", key_file=folder / "tls.key")

    def secret_file(self, name: str) -> Path:
        """A file (mode 0600) with a random secret of 256 bits, made once per data directory.

        It lies in the data, not in the configuration: a key that signs or encrypts stored rows must outlive them.
        """
        path = self.paths.data("secrets") / name
        if not path.exists():
            staging = path.with_suffix(".new")
            staging.unlink(missing_ok=True)
            with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(32))
            staging.replace(path)
        return path

    def secret(self, name: str) -> str:
        """The text of `secret_file(name)`. Hand it on in a file or the environment, never in a command line."""
        return self.secret_file(name).read_text(encoding="utf-8")


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Service:
    """One supervised process.

    `prepare` writes configuration and formats storage, and may run any number of times. `ready` returns when the
    service itself answered and raises NotReady otherwise; it must not wait longer than a few seconds.
    """

    name: str
    version: str
    command: tuple[str, ...]
    address: str
    """What a person opens or connects to: a URL, or `host:port`."""
    ready: Callable[[], None]
    prepare: Callable[[], None] = _nothing
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to a small inherited environment (PATH, HOME, LANG, TZ)."""
    working_directory: Path | None = None
    """None: the service's data folder."""
    depends_on: tuple[str, ...] = ()
    """Services that must be ready before this one starts."""
    ready_timeout_seconds: float = 120
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_seconds: float = 20
    after_stop: Callable[[], None] | None = None
    """Called when the process ended in time after the stop signal: its final output is complete."""
    before_stop: Callable[[], None] | None = None
    """Called before anything is stopped; given up after `before_stop_seconds`."""
    before_stop_seconds: float = 60
    after_restart: Callable[[], None] | None = None
    """Called once the service is ready again after it died or was restarted: puts back what it kept in memory."""


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    """A connection to a loopback port, for a question in the service's own protocol.

    The supervisor asks this way, without a client library: it must neither crash nor grow with one.

    Raises:
        NotReady: no connection, or no answer within three seconds.
    """
    try:
        with socket.create_connection((LOOPBACK, port), timeout=3) as connection:
            yield connection
    except OSError as error:
        raise NotReady(f"port {port} does not answer yet ({type(error).__name__})") from None


def receive(connection: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes.

    Raises:
        OSError: the other side closed the connection before.
    """
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError("the connection closed before the answer was complete")
        data += part
    return data


def ask_http(url: str, *, timeout_seconds: float = 2, login: Login | None = None) -> httpx.Response:
    """The answer to a GET of `url`, with the certificate of `login` where there is one.

    Raises:
        NotReady: no connection, no answer in time, or a status other than 2xx.
    """
    try:
        with platform_client(timeout_seconds, login=login) as client:
            response = client.get(url)
    except httpx.HTTPError as error:
        raise NotReady(f"{url} does not answer yet ({type(error).__name__})") from None
    if not response.is_success:
        raise NotReady(f"{url} answers {response.status_code}")
    return response
