"""A dashboard as a person uses it: logged in, in a real browser, with the charts' own answers written down."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Playwright, Response, TimeoutError, expect, sync_playwright

from weir.clients.superset import ADMIN
from weir.toolchain.browser import find_or_install_chromium

# A cold Superset on a busy machine needs its time for the first page; every later wait ends as soon as it can.
TIMEOUT_MILLISECONDS = 300_000
# A page that stalls while it loads is opened again in a new browser, as a person would do.
OPENING_TIMEOUT_MILLISECONDS = 120_000
OPENING_ATTEMPTS = 3
VIEWPORT = {"width": 1600, "height": 1800}
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHART = "[data-test='dashboard-component-chart-holder']"
FIGURE = ".header-line"

# Pixels of a canvas that are neither transparent nor near white nor grey (axes and labels): what was drawn of data.
_COLOURED_PIXELS = """
canvas => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b, a] = data.slice(i, i + 4);
    if (a > 40 && Math.max(r, g, b) - Math.min(r, g, b) > 20) count++;
  }
  return count;
}
"""


@dataclass
class DashboardPage:
    """An open dashboard. `answers` maps a chart's id to the latest answer that its data request was given."""

    page: Page
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def chart(self, title: str) -> Locator:
        """The box of the chart with this title."""
        return self.page.locator(CHART).filter(has=self.page.locator(f"[data-test-chart-name='{title}']"))

    def titles(self) -> list[str]:
        """The titles of all charts."""
        boxes = self.page.locator(f"{CHART} [data-test-chart-name]")
        return [box.get_attribute("data-test-chart-name") or "" for box in boxes.all()]

    def figure(self, title: str) -> Locator:
        """The number of a tile."""
        return self.chart(title).locator(FIGURE)

    def wait_until_drawn(self, title: str) -> None:
        """Returns once the chart shows data: a number, rows, or coloured shapes on a canvas."""
        box = self.chart(title)
        shown = box.locator(f"{FIGURE}, tbody tr, canvas")
        expect(shown.first).to_be_visible(timeout=TIMEOUT_MILLISECONDS)
        if box.locator("canvas").count():
            canvas = box.locator("canvas").first.element_handle()
            self.page.wait_for_function(
                f"canvas => ({_COLOURED_PIXELS})(canvas) > 500", arg=canvas, timeout=TIMEOUT_MILLISECONDS
            )
        elif box.locator(FIGURE).count():
            expect(box.locator(FIGURE)).to_have_text(re.compile(r"\d"))

    def choose(self, filter_column: str, value: str) -> None:
        """Chooses one value of a filter, as with the mouse, and applies it."""
        self.page.locator(f"[data-test='NATIVE_FILTER-{filter_column}']").click()
        self.page.get_by_role("option", name=value, exact=True).or_(
            self.page.locator(f".ant-select-item-option[title='{value}']")
        ).first.click()
        self.page.keyboard.press("Escape")
        self.page.get_by_role("button", name="Apply").click()

    def _note(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status} {response.request.method} {response.url}")

    def _keep(self, response: Response) -> None:
        match = re.search(r"slice_id%22%3A(\d+)", response.url)
        if match and "/api/v1/chart/data" in response.url and response.status == 200:
            self.answers[int(match.group(1))] = json.loads(response.text())["result"][0]


def watched(page: Page) -> DashboardPage:
    """What fails in the page from now on is written down."""
    dashboard = DashboardPage(page)
    page.on("response", dashboard._note)
    page.on("pageerror", lambda error: dashboard.problems.append(f"script error: {error}"))
    return dashboard


@contextmanager
def open_dashboard(url: str, password_file: Path) -> Iterator[DashboardPage]:
    """Logs in with the password in `password_file` and opens the dashboard at `url`."""
    password = password_file.read_text(encoding="utf-8").strip()
    with sync_playwright() as playwright, ExitStack() as closing:
        yield _opened(playwright, closing, url, password)


def _opened(playwright: Playwright, closing: ExitStack, url: str, password: str) -> DashboardPage:
    attempt = 1
    while True:
        executable = str(find_or_install_chromium())
        browser = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_FLAGS))
        closing.callback(browser.close)
        page = browser.new_page(viewport=VIEWPORT)  # pyright: ignore[reportArgumentType]
        try:
            return _visited(page, url, password)
        except TimeoutError as error:
            if attempt == OPENING_ATTEMPTS:
                raise
            attempt += 1
            warnings.warn(f"the dashboard stalled while it loaded, at {page.url}: {error}", stacklevel=2)
            closing.pop_all().close()


def _visited(page: Page, url: str, password: str) -> DashboardPage:
    """The dashboard once its first chart stands. The login leads to it: a second visit would cut off the first."""
    page.set_default_timeout(OPENING_TIMEOUT_MILLISECONDS)
    log_in(page, url, password)
    dashboard = watched(page)
    page.on("response", dashboard._keep)
    page.locator(CHART).first.wait_for()
    page.set_default_timeout(TIMEOUT_MILLISECONDS)
    return dashboard


def log_in(page: Page, url: str, password: str) -> None:
    """Through the login form, which sends an unknown visitor's request there."""
    page.goto(url)
    # An answer to the login page that comes after the login would put the visitor's session in the place of the user's.
    page.wait_for_load_state("networkidle")
    page.locator("#username").fill(ADMIN)
    page.locator("#password").fill(password)
    with page.expect_navigation(url=lambda address: "/login/" not in address, wait_until="commit"):
        page.locator("button[type=submit]").click()
