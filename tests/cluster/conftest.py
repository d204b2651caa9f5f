"""One cluster for all tests of this folder; at the end, what of it was real and how long each step took."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from tests.cluster import cluster, engine, programs
from tests.cluster.images import loading
from tests.cluster.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.cluster import Cluster
    from tests.cluster.engine import Tools
    from tests.cluster.images import Loading


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """Pulumi's programs."""
    with STEPS.step("Pulumi: built, or found in the cache"):
        found = engine.find_tools(tmp_path_factory.mktemp("pulumi") / "bin")
    STEPS.parts.update(found.parts)
    return found


@pytest.fixture(scope="session")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running cluster."""
    with STEPS.step("Kubernetes: built, or found in the cache"):
        cluster.prepare()
    with ExitStack() as gone:
        with STEPS.step("the cluster is up"):
            running = gone.enter_context(cluster.running(tmp_path_factory.mktemp("cluster") / "kubernetes"))
        version = programs.ALL["kubeall"].version
        STEPS.parts["Kubernetes"] = f"real: {version}, built from source" if running.is_own else "real: $KUBECONFIG"
        yield running
        with STEPS.step("the cluster is gone"):
            gone.close()


@pytest.fixture(scope="session")
def images(kubernetes: Cluster) -> Iterator[Loading]:
    """The images of the stack that is deployed, loaded from the first test on: most of the others need none."""
    with loading(kubernetes, engine.STACK) as started:
        yield started


@pytest.fixture(scope="session", autouse=True)
def _images_begin_early(request: pytest.FixtureRequest) -> None:
    if any("images" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("images")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = list(STEPS.lines())
    if lines:
        terminalreporter.section("cluster")
        for line in lines:
            terminalreporter.write_line(line)
