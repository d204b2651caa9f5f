"""Kafka Connect's client: the tasks of a pipeline's loader, and those of them that failed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx

from weir.catalog.application_state import root_cause
from weir.clients.http import platform_client
from weir.config.errors import WeirError

TIMEOUT_SECONDS = 10
CHANGE_TIMEOUT_SECONDS = 60
REBALANCE_TIMEOUT_SECONDS = 120
"""How long workers may answer 409 while they rebalance tasks."""
POLL_SECONDS = 0.3


class LoaderClient:
    """Kafka Connect's REST interface, as far as a pipeline's connector needs it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def status(self, connector: str) -> dict[str, Any]:
        """What the workers say of a connector and its tasks; empty where they have none of this name.

        Raises:
            WeirError: no worker answers.
        """
        answer = self._ask("GET", f"/connectors/{connector}/status")
        return answer.json() if answer.is_success else {}

    def parts(self, connector: str) -> list[dict[str, Any]]:
        """The connector itself and its tasks, each with its state; empty where no worker knows it.

        Raises:
            WeirError: no worker answers.
        """
        found = self.status(connector)
        return [found["connector"], *found.get("tasks", [])] if "connector" in found else []

    def restart_failed(self, connector: str) -> list[str]:
        """Restarts failed tasks and returns their failures: a failed task stays failed until it is restarted.

        Raises:
            WeirError: no worker answers.
        """
        failed = [part for part in self.parts(connector) if part.get("state") == "FAILED"]
        if failed:
            self._ask("POST", f"/connectors/{connector}/restart?includeTasks=true&onlyFailed=true")
        return [root_cause(part.get("trace") or "") for part in failed]

    def configure(self, connector: str, config: Mapping[str, str]) -> None:
        """Creates or changes a connector; while the workers rebalance, the request is repeated.

        Raises:
            WeirError: no worker answers, or one refuses the configuration.
        """
        self._insist("PUT", f"/connectors/{connector}/config", config)

    def delete(self, connector: str) -> None:
        """Ends a connector, if there is one; its offsets stay.

        Raises:
            WeirError: no worker answers, or one refuses.
        """
        self._insist("DELETE", f"/connectors/{connector}", missing_is_fine=True)

    def _insist(
        self, method: str, path: str, body: Mapping[str, str] | None = None, *, missing_is_fine: bool = False
    ) -> None:
        deadline = time.monotonic() + REBALANCE_TIMEOUT_SECONDS
        while True:
            answer = self._ask(method, path, body, CHANGE_TIMEOUT_SECONDS)
            if answer.status_code != httpx.codes.CONFLICT or time.monotonic() >= deadline:
                break
            time.sleep(POLL_SECONDS)
        missing = answer.status_code == httpx.codes.NOT_FOUND and missing_is_fine
        if not answer.is_success and not missing:
            raise WeirError(f"the loader refused {method} {path}: {answer.status_code} {answer.text[:500]}")

    def _ask(
        self, method: str, path: str, body: Mapping[str, str] | None = None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> httpx.Response:
        try:
            with platform_client(timeout_seconds, base_url=self._url) as client:
                return client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise WeirError(f"the loader at {self._url} does not answer ({error}); check that it is running") from None
