"""The client of a Kafka Streams application: its status."""

from __future__ import annotations

from typing import Any

import httpx

from weir.clients.http import platform_client
from weir.config.errors import WeirError

TIMEOUT_SECONDS = 10


class StreamsClient:
    """The application's status interface."""

    def __init__(self, url: str) -> None:
        self._url = url

    def pipeline(self, name: str) -> dict[str, Any]:
        """State, message and counters of a pipeline; empty where it does not run here.

        Raises:
            WeirError: the application does not answer.
        """
        try:
            with platform_client(TIMEOUT_SECONDS) as client:
                return client.get(f"{self._url}/pipelines").raise_for_status().json().get(name, {})
        except httpx.HTTPError as error:
            raise WeirError(
                f"Kafka Streams at {self._url} does not answer ({error}); check that it is running"
            ) from None

    def describe(self, name: str) -> str:
        """What the application says of a pipeline, for a message."""
        try:
            found = self.pipeline(name)
        except WeirError as error:
            return str(error)
        if not found:
            return f"the Kafka Streams application knows no pipeline {name}"
        return f"the pipeline {name} is {found['state']}" + (f": {found['message']}" if found["message"] else "")
