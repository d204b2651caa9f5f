"""What a person sees on the flights dashboard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.browser.dashboard_page import TIMEOUT_MILLISECONDS, DashboardPage

from weir.catalog.dashboard import load_dashboard
from weir.config.repository import REPOSITORY
from weir.verify.dataset import scalar

if TYPE_CHECKING:
    from tests.browser.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

TITLES = sorted(
    chart["slice_name"] for chart in load_dashboard(REPOSITORY / "dashboards" / "flights").of("charts").values()
)
CARRIER = "UA"


def test_every_chart_has_drawn_its_data_and_none_shows_an_error(dashboard: DashboardPage) -> None:
    for title in TITLES:
        dashboard.wait_until_drawn(title)
    assert sorted(dashboard.titles()) == TITLES
    assert dashboard.problems == []
    assert dashboard.page.locator(".ant-alert-error, [data-test='chart-error']").count() == 0
    assert len(dashboard.answers) == len(TITLES)
    for answer in dashboard.answers.values():
        assert answer["error"] is None
        assert answer["rowcount"] > 0
    if picture := os.environ.get("WEIR_SCREENSHOT"):
        dashboard.page.mouse.move(0, 0)
        dashboard.page.screenshot(path=Path(picture), animations="disabled")


def test_the_figures_are_those_of_the_original_data(served: Served, dashboard: DashboardPage) -> None:
    flights = scalar(served.dataset, "SELECT count(*) FROM events")
    cancelled = scalar(served.dataset, "SELECT avg(CAST(dep_time IS NULL AS INTEGER)) FROM events")
    late = scalar(served.dataset, "SELECT avg(CAST(dep_delay > 15 AS INTEGER)) FROM events")
    expect(dashboard.figure("Flights")).to_have_text(f"{flights:,}", timeout=TIMEOUT_MILLISECONDS)
    expect(dashboard.figure("Cancelled")).to_have_text(f"{cancelled:.1%}", timeout=TIMEOUT_MILLISECONDS)
    expect(dashboard.figure("Late departures")).to_have_text(f"{late:.1%}", timeout=TIMEOUT_MILLISECONDS)


def test_a_filter_changes_the_figures_to_those_of_its_value(served: Served, dashboard: DashboardPage) -> None:
    flights, cancelled = served.dataset.execute(
        "SELECT count(*), avg(CAST(dep_time IS NULL AS INTEGER)) FROM events WHERE carrier = ?", [CARRIER]
    ).fetchall()[0]
    expect(dashboard.figure("Flights")).not_to_have_text(f"{flights:,}", timeout=TIMEOUT_MILLISECONDS)
    dashboard.choose("carrier", CARRIER)
    expect(dashboard.figure("Flights")).to_have_text(f"{flights:,}", timeout=TIMEOUT_MILLISECONDS)
    expect(dashboard.figure("Cancelled")).to_have_text(f"{cancelled:.1%}", timeout=TIMEOUT_MILLISECONDS)


def test_the_dashboard_asks_again_by_itself(dashboard: DashboardPage) -> None:
    dashboard.wait_until_drawn("Flights")
    with dashboard.page.expect_response(
        lambda response: "/api/v1/chart/data?form_data" in response.url, timeout=30_000
    ) as refreshed:
        pass
    assert refreshed.value.ok
