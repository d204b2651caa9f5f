"""Flink's REST interface, as far as the proof needs it.

Reference: Flink 2.2 documentation, "REST API".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from weir.config.errors import WeirError

TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Job:
    """A job of the cluster; `state` is Flink's, such as RUNNING or FAILED."""

    id: str
    name: str
    state: str
    started_milliseconds: int


class FlinkClient:
    """A cluster's REST interface.

    Raises:
        WeirError: from every method, when the cluster does not answer or refuses the request.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        # trust_env off: a company proxy must not be asked for an address of the platform itself.
        self._client = httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS)

    def __enter__(self) -> FlinkClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def job(self, name: str) -> Job | None:
        """The latest job of this name, whatever its state."""
        jobs = [
            Job(entry["jid"], entry["name"], entry["state"], entry["start-time"])
            for entry in self._ask("GET", "/jobs/overview")["jobs"]
            if entry["name"] == name
        ]
        return max(jobs, key=lambda job: job.started_milliseconds, default=None)

    def vertices(self, job: Job) -> list[dict[str, Any]]:
        """The job's vertices, each with `id`, `name` and `parallelism`."""
        return self._ask("GET", f"/jobs/{job.id}")["vertices"]

    def metric_names(self, job: Job, vertex: str) -> list[str]:
        """Names of the metrics of a vertex's subtasks."""
        return [entry["id"] for entry in self._ask("GET", f"/jobs/{job.id}/vertices/{vertex}/subtasks/metrics")]

    def metric_sums(self, job: Job, vertex: str, names: list[str]) -> dict[str, float]:
        """The sum over a vertex's subtasks of each of the metrics `names` that is there."""
        if not names:
            return {}
        path = f"/jobs/{job.id}/vertices/{vertex}/subtasks/metrics"
        answer = self._ask("GET", path, params={"get": ",".join(names), "agg": "sum"})
        return {entry["id"]: entry["sum"] for entry in answer}

    def trigger_checkpoint(self, job: Job) -> None:
        """Asks for a checkpoint now; it is taken in the background."""
        self._ask("POST", f"/jobs/{job.id}/checkpoints", json={"checkpointType": "CONFIGURED"})

    def root_cause(self, job: Job) -> str:
        """The first line of the job's latest failure; empty where it has had none."""
        history = self._ask("GET", f"/jobs/{job.id}/exceptions").get("exceptionHistory", {}).get("entries", [])
        lines = history[0]["stacktrace"].splitlines() if history else []
        causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
        return (causes or lines or [""])[-1 if causes else 0]

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            answer = self._client.request(method, f"{self._url}{path}", **arguments)
            answer.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise WeirError(f"Flink refuses {path}: {error.response.status_code} {error.response.text[:500]}") from None
        except httpx.HTTPError as error:
            raise WeirError(f"Flink at {self._url} does not answer ({error}); is it running?") from None
        return answer.json()
