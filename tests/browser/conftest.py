"""The flights dashboard, served by a platform of its own or by one that runs already."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.browser.dashboard_page import DashboardPage, open_dashboard
from tests.browser.served import Served, fill, import_flights

from weir.catalog.dataset import load_dataset
from weir.catalog.pipeline import Pipeline, load_pipelines
from weir.catalog.platform import PIPELINE_HEALTH
from weir.config.repository import REPOSITORY
from weir.local import provision
from weir.local.context import paths_from, running_context
from weir.verify.dataset import open_dataset


@pytest.fixture(scope="session")
def flights() -> Pipeline:
    return load_pipelines(REPOSITORY / "pipelines", ["flights"])[0]


@pytest.fixture(scope="session")
def served(request: pytest.FixtureRequest, flights: Pipeline) -> Served:
    """Cassandra, Trino and Superset of their own with filled tables; or, when WEIR_BROWSER_HOME names the data folder
    of a running platform, that platform with what its pipeline wrote."""
    dataset = open_dataset(flights, load_dataset(flights.folder))
    if home := os.environ.get("WEIR_BROWSER_HOME"):
        ctx = running_context(paths_from({"WEIR_HOME": home}))
    else:
        ctx = request.getfixturevalue("dashboards")
        provision.create_tables(ctx.endpoints, [PIPELINE_HEALTH, *flights.tables])
        fill(ctx, flights, dataset)
    return Served(ctx, flights, dataset, import_flights(ctx, flights))


@pytest.fixture
def dashboard(served: Served) -> Iterator[DashboardPage]:
    """The flights dashboard, just opened by a person who logged in."""
    with open_dashboard(served.url, served.password_file) as page:
        yield page
