"""Signing in to Superset through a real Keycloak: an administrator, a reader, somebody without a group."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.browser.dashboard_page import (
    CHART,
    CHROMIUM_FLAGS,
    TIMEOUT_MILLISECONDS,
    VIEWPORT,
    DashboardPage,
    watched,
)
from tests.catalog.with_clients import flights_with
from tests.keycloak import CLIENT_ID, Person, realm, running_keycloak
from tests.ports import free_port
from tests.superset.cluster_process import CLEAR, SECURE, ClusterSuperset, cluster_superset

from weir.catalog.access import dashboard_limits
from weir.config.sign_in import SignIn
from weir.toolchain.browser import find_or_install_chromium
from weir.verify.dataset import EVENTS, scalar

if TYPE_CHECKING:
    from tests.browser.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(900)]

PEOPLE = (Person("ada", ("platform",)), Person("rita", ("staff",), ("JFK",)), Person("nora", ("canteen",)))
GROUPS = {"administrators": ["platform"], "readers_of": {"flights": ["staff"]}}
EDIT = "[data-test='edit-dashboard-button'], button:has-text('Edit dashboard')"


@pytest.fixture(scope="module")
def superset(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterSuperset]:
    """A second Superset over the same Trino, with the settings of a pod and sign-in by a Keycloak of its own."""
    folder = tmp_path_factory.mktemp("sign-in")
    port = free_port()
    with ExitStack() as stack:
        keycloak = stack.enter_context(running_keycloak(folder, realm(PEOPLE, f"{CLEAR}:{port}")))
        sign_in = SignIn.model_validate(
            {"issuer_url": keycloak.issuer_url.replace(CLEAR, SECURE), "client_id": CLIENT_ID, "groups": GROUPS}
        )
        made = _by_airport(cluster_superset(folder, port, sign_in, served.ctx.endpoints.trino_url))
        made.set_up()
        stack.enter_context(made.serving())
        yield made


def _by_airport(superset: ClusterSuperset) -> ClusterSuperset:
    """With the rule that readers of flights see those from their own airports."""
    pipeline = flights_with(superset.home / "pipelines", {}, access=[{"column": "origin", "from_claim": "airports"}])
    limits = dashboard_limits(superset.args.dashboards, [pipeline])
    return replace(superset, args=replace(superset.args, limits=limits))


@pytest.fixture(scope="module")
def person(superset: ClusterSuperset) -> Iterator[Callable[[str], Page]]:
    """`person("rita")`: a browser of that person's own, after the provider's login form."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_or_install_chromium()), args=list(CHROMIUM_FLAGS))

        def came(name: str) -> Page:
            page = browser.new_context(viewport=VIEWPORT).new_page()  # pyright: ignore[reportArgumentType]
            page.set_default_timeout(TIMEOUT_MILLISECONDS)
            page.goto(f"{superset.url}/login/")
            page.get_by_text("Sign in with Company").click()
            page.locator("#username").fill(name)
            page.locator("#password").fill(name)
            page.locator("#kc-login").click()
            page.wait_for_url(f"{superset.url}/**")
            return page

        yield came
        browser.close()


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("WEIR_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"sign-in-{name}.png", animations="disabled")


def shown(superset: ClusterSuperset, page: Page) -> DashboardPage:
    dashboard = watched(page)
    page.goto(f"{superset.url}/superset/dashboard/flights/", wait_until="commit")
    page.locator(CHART).first.wait_for()
    for title in ("Flights", "Flights per day by airport"):
        dashboard.wait_until_drawn(title)
    return dashboard


def status_of_a_change(superset: ClusterSuperset, page: Page) -> int:
    """The status of a change of the dashboard's title, sent with everything that a page of Superset would send."""
    found = page.request.get(f"{superset.url}/api/v1/dashboard/flights").json()["result"]
    token = page.locator("#csrf_token").get_attribute("value") or ""
    headers = {"X-CSRFToken": token, "Referer": superset.url}
    address = f"{superset.url}/api/v1/dashboard/{found['id']}"
    return page.request.put(address, data={"dashboard_title": found["dashboard_title"]}, headers=headers).status


def test_an_administrator_may_change_everything(superset: ClusterSuperset, person: Callable[[str], Page]) -> None:
    page = person("ada")
    page.goto(f"{superset.url}/superset/dashboard/flights/", wait_until="commit")
    expect(page.locator(EDIT).first).to_be_visible()
    assert status_of_a_change(superset, page) == 200
    users = page.request.get(f"{superset.url}/api/v1/security/users/").json()["result"]
    assert {user["username"] for user in users} >= {"ada"}
    picture(page, "administrator")


def test_a_reader_sees_the_own_rows_drawn_and_cannot_change_anything(
    served: Served, superset: ClusterSuperset, person: Callable[[str], Page]
) -> None:
    page = person("rita")
    dashboard = shown(superset, page)
    picture(page, "reader")
    assert dashboard.problems == []
    own = scalar(served.dataset, f"SELECT count(*) FROM {EVENTS} WHERE origin = 'JFK'")
    expect(dashboard.figure("Flights")).to_have_text(f"{own:,}")
    assert page.locator(EDIT).count() == 0
    assert status_of_a_change(superset, page) == 403
    assert page.request.get(f"{superset.url}/api/v1/security/users/").status == 403
    assert page.request.get(f"{superset.url}/api/v1/database/").status == 403


def test_somebody_without_a_group_is_refused_in_words(superset: ClusterSuperset, person: Callable[[str], Page]) -> None:
    page = person("nora")
    expect(page.get_by_role("heading")).to_have_text("You cannot use weir's dashboards")
    expect(page.locator("dd").first).to_have_text("nora")
    expect(page.locator("dd").last).to_have_text("canteen")
    picture(page, "refused")
    page.goto(f"{superset.url}/superset/dashboard/flights/")
    expect(page).to_have_url(re.compile("/login/"))


def test_logging_out_ends_the_session_at_the_provider_too(
    superset: ClusterSuperset, person: Callable[[str], Page]
) -> None:
    page = person("rita")
    page.goto(f"{superset.url}/logout/")
    page.locator("#kc-logout").click()
    page.wait_for_url(f"{superset.url}/login/")
    page.goto(f"{superset.url}/superset/dashboard/flights/")
    expect(page).to_have_url(re.compile("/login/"))
    page.get_by_text("Sign in with Company").click()
    expect(page.locator("#password")).to_be_visible()
