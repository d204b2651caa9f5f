"""Real services for tests: started by the platform's own code, on free ports, in a folder that goes away."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.platforms import (
    DASHBOARD_SERVICES,
    PIPELINE_SERVICES,
    STACK_FILE,
    CassandraAddress,
    KafkaAddress,
    RegistryAddress,
    SharedPlatform,
    Weir,
)

from weir.config.repository import REPOSITORY
from weir.config.stack import StackConfig, load_stack
from weir.local import installation, services
from weir.local.service import CASSANDRA_DATACENTER, LOOPBACK, Context
from weir.toolchain.installed import Toolchain

# Slow is no fault: other tests, and other people, use the machine.
settings.register_profile("weir", deadline=None)
settings.load_profile("weir")


SHARED_SERVICES = pytest.StashKey[tuple[str, ...]]()


# Before -m chooses, for it adds a mark.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a platform stand together, and after those with a platform of their own: only one runs at a
    time, since an idle one takes a third of two cores."""
    for item in items:
        if turn_of(item):
            item.add_marker("alone")
    items.sort(key=turn_of)


def turn_of(item: pytest.Item) -> int:
    """2 of a test that asks, directly or not, for a part of the shared platform, 1 for dashboards, 0 for neither."""
    names = set(getattr(item, "fixturenames", ()))
    return 2 * ("platform_of" in names) + bool({"dashboards", "served"} & names)


def pytest_collection_finish(session: pytest.Session) -> None:
    """The shared platform has from the start what its last tests need. Modules and tests stay until the end: the
    collector, which took a tenth of the time, need not walk them again."""
    pipelines = any(turn_of(item) >= 2 and item.get_closest_marker("pipeline") for item in session.items)
    session.config.stash[SHARED_SERVICES] = PIPELINE_SERVICES if pipelines else ()
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
        return installation.ensure(REPOSITORY, services.tools(names), lambda *_: None)

    return ensure


@pytest.fixture(scope="session")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedPlatform]:
    """The one platform that the tests of this run share, one after the other."""
    wanted = request.config.stash[SHARED_SERVICES]
    platform = SharedPlatform(lambda: tmp_path_factory.mktemp("shared") / "weir", wanted)
    yield platform
    platform.stop()


@pytest.fixture(scope="session")
def platform_of(shared: SharedPlatform) -> Callable[..., Context]:
    """`platform_of("kafka")`: a running platform that has these services, shared by the tests of this run."""
    return shared.of


@pytest.fixture(scope="session")
def dashboards(shared: SharedPlatform) -> Context:
    """A running platform that serves dashboards."""
    return shared.of(*DASHBOARD_SERVICES)


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
