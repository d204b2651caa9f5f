"""The loader (Kafka Connect) as the proof and the monitor see it: its tasks, and those of them that failed."""

from __future__ import annotations

from typing import Any

import httpx

from weir.config.errors import WeirError

TIMEOUT_SECONDS = 10


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

    def restart_failed(self, connector: str) -> list[str]:
        """Starts what has failed again, and returns why it had: a task that fails stays so until it is told to start.

        Raises:
            WeirError: no worker answers.
        """
        found = self.status(connector)
        parts = [found.get("connector", {}), *found.get("tasks", [])]
        failed = [part for part in parts if part.get("state") == "FAILED"]
        if failed:
            self._ask("POST", f"/connectors/{connector}/restart?includeTasks=true&onlyFailed=true")
        return [_reason(part.get("trace") or "no reason given") for part in failed]

    def _ask(self, method: str, path: str) -> httpx.Response:
        try:
            # trust_env off: a company proxy must not be asked for an address of the platform itself.
            with httpx.Client(base_url=self._url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
                return client.request(method, path)
        except httpx.HTTPError as error:
            raise WeirError(f"the loader at {self._url} does not answer ({error}); is it running?") from None


def _reason(trace: str) -> str:
    """Of a Java stack trace the innermost cause: the outermost only says that the task ends."""
    lines = trace.strip().splitlines()
    return next((line for line in reversed(lines) if line.startswith("Caused by:")), lines[0])
