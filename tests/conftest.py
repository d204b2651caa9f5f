"""Real services for tests: started by the platform's own code, on free ports, in a folder that goes away."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.platforms import STACK_FILE, CassandraAddress, KafkaAddress, RegistryAddress, Weir, running

from weir.config.stack import StackConfig, load_stack
from weir.embedded import services, toolchain
from weir.embedded.context import REPOSITORY
from weir.embedded.service import CASSANDRA_DATACENTER, LOOPBACK, Context, Toolchain


def pytest_collection_finish() -> None:
    """Modules and tests stay until the end: the collector, which took a tenth of the time, need not walk them again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()


@pytest.fixture(scope="session")
def stack() -> StackConfig:
    """The local stack."""
    return load_stack(STACK_FILE)


@pytest.fixture(scope="session")
def toolchain_for() -> Callable[..., Toolchain]:
    """`toolchain_for("kafka", "flink")`: the tools of these services, fetched where the cache lacks them."""

    def ensure(*names: str) -> Toolchain:
        return toolchain.ensure(REPOSITORY, services.tools(names), lambda *_: None)

    return ensure


@pytest.fixture(scope="session")
def platform_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Context]]:
    """`platform_of("kafka")`: a running platform of just these services, shared by the session."""
    with ExitStack() as stopping:
        made: dict[tuple[str, ...], Context] = {}

        def start(*names: str) -> Context:
            """A platform that has these services, possibly with others."""
            for existing, context in made.items():
                if set(names) <= set(existing):
                    return context
            folder = tmp_path_factory.mktemp("-".join(names)) / "weir"
            made[names] = stopping.enter_context(running(folder, *names))
            return made[names]

        yield start


@pytest.fixture(scope="session")
def kafka(platform_of: Callable[..., Context]) -> KafkaAddress:
    """A Kafka broker."""
    return KafkaAddress(LOOPBACK, platform_of("kafka").ports.kafka)


@pytest.fixture(scope="session")
def cassandra(platform_of: Callable[..., Context]) -> CassandraAddress:
    """A Cassandra node."""
    return CassandraAddress(LOOPBACK, platform_of("cassandra").ports.cassandra, CASSANDRA_DATACENTER)


@pytest.fixture(scope="session")
def registry(platform_of: Callable[..., Context]) -> RegistryAddress:
    """A schema registry."""
    return RegistryAddress(platform_of("registry").endpoints.registry_url)


@pytest.fixture
def weir(tmp_path: Path) -> Iterator[Weir]:
    """`weir` on free ports and an empty data folder; whatever a test left running is a failure, and is ended."""
    with Weir.in_folder(tmp_path / "weir") as made:
        yield made
