"""Running platforms and the command line, as tests use them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.local import lifecycle, ports, services, state
from weir.local.context import running_context
from weir.local.service import Context, Paths

# One platform for all tests of pipelines: a second one would cost a second Cassandra.
PIPELINE_SERVICES = ("kafka", "cassandra", "registry", "flink", "streams", "loader")
DASHBOARD_SERVICES = ("cassandra", "trino", "superset")
STACK_FILE = REPOSITORY / "stacks" / "Pulumi.local.yaml"


@dataclass(frozen=True)
class KafkaAddress:
    """A running broker."""

    host: str
    port: int

    @property
    def bootstrap_servers(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class CassandraAddress:
    """A running node."""

    host: str
    port: int
    datacenter: str


@dataclass(frozen=True)
class RegistryAddress:
    """A running registry; `url` is its Confluent-compatible base."""

    url: str


@contextmanager
def running(folder: Path, *names: str) -> Iterator[Context]:
    """A supervised platform of the services `names`, all of them ready; stopped at the end, with nothing left."""
    paths = Paths(folder)
    stack = free_ports_stack(folder.parent)
    lifecycle.start(paths, stack, list(names))
    try:
        lifecycle.wait_ready(paths, services.process_names(names, load_stack(stack)))
        shutil.copytree(paths.logs, logs_at_start(paths), dirs_exist_ok=True)
        yield running_context(paths, services.tools(names))
    finally:
        lifecycle.stop(paths)
        assert state.processes(paths) == []


def logs_at_start(paths: Paths) -> Path:
    """The logs as they were when the platform was ready: what tests do to it later is not in them."""
    return paths.data_dir.parent / "logs-at-start"


class SharedPlatform:
    """One platform at a time: another set of services than the running platform has ends it."""

    def __init__(self, folder: Callable[[], Path], services: tuple[str, ...]) -> None:
        """`services` are those of which a part is asked for sooner or later."""
        self._folder = folder
        self._services = services
        self._running: tuple[frozenset[str], Context] | None = None
        self._stopping = ExitStack()

    def of(self, *names: str) -> Context:
        """A running platform that has the services `names`, possibly with others."""
        if self._running is None or not self._running[0].issuperset(names):
            self.stop()
            started = self._services if set(names) <= set(self._services) else names
            context = self._stopping.enter_context(running(self._folder(), *started))
            self._running = frozenset(started), context
        return self._running[1]

    def stop(self) -> None:
        """Ends what runs."""
        self._running = None
        self._stopping.close()


def free_ports_stack(folder: Path) -> Path:
    """The local stack with ports that are free now, so that a developer's running platform is not in the way."""
    document = yaml.safe_load(STACK_FILE.read_text(encoding="utf-8"))
    wanted = load_stack(STACK_FILE).embedded.ports
    anywhere = ports.allocate(wanted, dict.fromkeys(wanted.model_dump(), 0))
    embedded = document["config"].setdefault("weir:embedded", {})
    # What would expire does so while a test looks.
    embedded |= {"ports": anywhere.model_dump(), "retention_check_seconds": 1}
    path = folder / "Pulumi.test.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Weir:
    """The command line, run as a person runs it, against a data folder of its own."""

    environment: dict[str, str]
    paths: Paths

    @classmethod
    @contextmanager
    def in_folder(cls, data_dir: Path) -> Iterator[Weir]:
        """`weir` on this data folder; whatever is left running at the end is a failure, and is ended."""
        paths = Paths(data_dir)
        yield cls({**os.environ, "WEIR_HOME": str(data_dir), "COLUMNS": "200"}, paths)
        lifecycle.stop(paths)
        assert state.processes(paths) == []

    def run(self, *arguments: str, timeout_seconds: float = 120, **changes: str) -> subprocess.CompletedProcess[str]:
        """Runs `weir` to its end; `changes` are added to its environment."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment | changes,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )

    def begin(self, *arguments: str, **changes: str) -> subprocess.Popen[str]:
        """Starts `weir` and returns at once."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment | changes,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A shell starts background jobs with SIGINT ignored, which children inherit; a person's `weir` heeds it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here yet
        )

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """The command line of `weir`."""
        return [sys.executable, "-c", "from weir.cli import app; app()", *arguments]
