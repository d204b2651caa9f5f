"""Flink's REST interface, as far as jobs are watched, measured and stopped through it.

Reference: Flink 2.2 documentation, "REST API".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx

from weir.catalog.application_state import root_cause
from weir.clients.http import platform_client
from weir.config.endpoints import Endpoints, Login
from weir.config.errors import WeirError

T = TypeVar("T")

POLL_SECONDS = 0.1
REQUEST_TIMEOUT_SECONDS = 30
ENDED_STATES = frozenset({"FAILED", "CANCELED", "FINISHED", "SUSPENDED"})


@dataclass(frozen=True)
class Job:
    """A job as the job manager lists it."""

    id: str
    name: str
    state: str
    started_milliseconds: int

    @property
    def active(self) -> bool:
        """True unless it has ended; a job that restarts is active."""
        return self.state not in ENDED_STATES


@dataclass(frozen=True)
class Failure:
    """A failure that the job was started again after, or that it ended with."""

    at_milliseconds: int
    """Since 1970."""
    reason: str
    """Its innermost cause, in one line."""


class FlinkRest:
    """A client of one job manager. Every method raises WeirError when it does not answer or refuses."""

    def __init__(self, url: str, login: Login | None = None) -> None:
        self._url = url
        self._client = platform_client(REQUEST_TIMEOUT_SECONDS, login=login)

    @classmethod
    def of(cls, endpoints: Endpoints) -> FlinkRest:
        """The platform's job manager."""
        return cls(endpoints.flink_url, endpoints.flink_login)

    def __enter__(self) -> FlinkRest:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def jobs(self) -> list[Job]:
        """All jobs that the job manager remembers, ended ones included."""
        entries = self._call("GET", "/jobs/overview")["jobs"]
        return [Job(entry["jid"], entry["name"], entry["state"], entry["start-time"]) for entry in entries]

    def running(self, name: str) -> Job | None:
        """The active job called `name`."""
        return next((job for job in self.jobs() if job.name == name and job.active), None)

    def latest(self, name: str) -> Job | None:
        """The job called `name` that was started last, whatever its state."""
        named = [job for job in self.jobs() if job.name == name]
        return max(named, key=lambda job: job.started_milliseconds, default=None)

    def vertices(self, job_id: str) -> list[dict[str, Any]]:
        """The job's vertices, each with `id`, `name` and `parallelism`."""
        return self._call("GET", f"/jobs/{job_id}")["vertices"]

    def metric_names(self, job_id: str, vertex: str) -> list[str]:
        """Names of the metrics of a vertex's subtasks."""
        return [entry["id"] for entry in self._call("GET", f"/jobs/{job_id}/vertices/{vertex}/subtasks/metrics")]

    def metric_sums(self, job_id: str, vertex: str, names: list[str]) -> dict[str, float]:
        """The sum over a vertex's subtasks of each of the metrics `names` that is there."""
        return self._metrics(job_id, vertex, names, "sum")

    def metric_minima(self, job_id: str, vertex: str, names: list[str]) -> dict[str, float]:
        """The least of a vertex's subtasks of each of the metrics `names` that is there."""
        return self._metrics(job_id, vertex, names, "min")

    def subtask_metrics(self, job_id: str, vertex: str, subtask: int, names: list[str]) -> dict[str, str]:
        """The metrics `names` of one subtask that are there, as texts: only here Flink tells what is no number."""
        query = urlencode({"get": ",".join(names)})
        answer = self._call("GET", f"/jobs/{job_id}/vertices/{vertex}/subtasks/{subtask}/metrics?{query}")
        return {entry["id"]: entry["value"] for entry in answer}

    def _metrics(self, job_id: str, vertex: str, names: list[str], aggregate: str) -> dict[str, float]:
        if not names:
            return {}
        query = urlencode({"get": ",".join(names), "agg": aggregate})
        answer = self._call("GET", f"/jobs/{job_id}/vertices/{vertex}/subtasks/metrics?{query}")
        return {entry["id"]: entry[aggregate] for entry in answer}

    def restored_savepoint(self, job_id: str) -> str | None:
        """Where the savepoint lies that the job's state came from; None without one, or after a later checkpoint."""
        restored = self._call("GET", f"/jobs/{job_id}/checkpoints")["latest"]["restored"]
        return restored["external_path"] if restored and restored["is_savepoint"] else None

    def trigger_checkpoint(self, job_id: str) -> None:
        """Asks for a checkpoint now; it is taken in the background."""
        self._call("POST", f"/jobs/{job_id}/checkpoints", {"checkpointType": "CONFIGURED"})

    def wait_until_running(self, job_id: str, timeout_seconds: float) -> None:
        """Returns once every task of the job runs, that is, has restored its state.

        Raises:
            WeirError: the job failed, with the root cause; or it did not run in time, with what it last failed of.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            details = self._call("GET", f"/jobs/{job_id}")
            waiting = _waiting(details)
            if details["state"] == "RUNNING" and waiting == 0:
                return
            if details["state"] in ENDED_STATES:
                raise WeirError(f"the job {details['name']} {details['state'].lower()}: {self.failure(job_id)}")
            if time.monotonic() > deadline:
                raise WeirError(
                    f"the job {details['name']} is not running after {timeout_seconds:.0f} s (state "
                    f"{details['state']}, {waiting} tasks waiting): {self.failure(job_id)}"
                )
            time.sleep(POLL_SECONDS)

    def runs(self, job_id: str) -> bool:
        """Whether every task of the job runs at this moment."""
        details = self._call("GET", f"/jobs/{job_id}")
        return details["state"] == "RUNNING" and _waiting(details) == 0

    def failure(self, job_id: str) -> str:
        """What the job failed of last: the innermost cause, as Flink words it."""
        found = self.failures(job_id, at_most=1)
        return found[0].reason if found else "no failure is recorded; check the job manager's log"

    def failures(self, job_id: str, *, at_most: int) -> list[Failure]:
        """The job's last failures, the newest first. The job manager remembers 16 (`web.exception-history-size`)."""
        answer = self._call("GET", f"/jobs/{job_id}/exceptions?maxExceptions={at_most}")
        entries = answer.get("exceptionHistory", {}).get("entries", [])
        return [Failure(entry["timestamp"], root_cause(entry["stacktrace"])) for entry in entries]

    def last_completed_milliseconds(self, job_id: str) -> int:
        """When the job's last checkpoint or savepoint was complete, in milliseconds since 1970; 0 where none is."""
        latest = self._call("GET", f"/jobs/{job_id}/checkpoints")["latest"]
        found = [latest[kind]["latest_ack_timestamp"] for kind in ("completed", "savepoint") if latest.get(kind)]
        return max(found, default=0)

    def restarts(self, job_id: str) -> int:
        """How often the job was started again, as the job manager counts: up to ten seconds old."""
        answer = self._call("GET", f"/jobs/{job_id}/metrics?get=numRestarts")
        return max((int(entry["value"]) for entry in answer), default=0)

    def request_stop(self, job_id: str, savepoint_folder: str) -> str:
        """Asks the job to stop with a savepoint below `savepoint_folder`; returns the request's id."""
        body = {"targetDirectory": savepoint_folder, "drain": False, "formatType": "NATIVE"}
        return self._call("POST", f"/jobs/{job_id}/stop", body)["request-id"]

    def await_savepoint(self, job_id: str, request_id: str, timeout_seconds: float) -> str:
        """The location of the savepoint that was requested.

        Raises:
            WeirError: it failed, or was not ready in time.
        """

        def location() -> str | None:
            answer = self._call("GET", f"/jobs/{job_id}/savepoints/{request_id}")
            if answer["status"]["id"] != "COMPLETED":
                return None
            operation = answer["operation"]
            if "failure-cause" in operation:
                raise WeirError(f"the savepoint failed: {operation['failure-cause']['class']}")
            return operation["location"]

        return self._wait(location, timeout_seconds, f"the savepoint of job {job_id}")

    def cancel(self, job_id: str, timeout_seconds: float) -> None:
        """Ends the job, keeping its checkpoints, and returns once it has ended."""
        self._call("PATCH", f"/jobs/{job_id}?mode=cancel")
        self.await_end(job_id, timeout_seconds)

    def await_end(self, job_id: str, timeout_seconds: float) -> None:
        """Returns once the job has ended."""

        def ended() -> bool | None:
            return self._call("GET", f"/jobs/{job_id}/status")["status"] in ENDED_STATES or None

        self._wait(ended, timeout_seconds, f"the end of job {job_id}")

    def _wait(self, ask: Callable[[], T | None], timeout_seconds: float, what: str) -> T:
        deadline = time.monotonic() + timeout_seconds
        while (answer := ask()) is None:
            if time.monotonic() > deadline:
                raise WeirError(f"{what} did not complete within {timeout_seconds:.0f} s")
            time.sleep(POLL_SECONDS)
        return answer

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            response = self._client.request(method, self._url + path, json=body)
        except httpx.HTTPError as error:
            raise WeirError(
                f"Flink at {self._url} does not answer ({type(error).__name__}); check `weir status`"
            ) from None
        if not response.is_success:
            raise WeirError(f"Flink at {self._url} refused {method} {path} ({response.status_code}): {response.text}")
        return response.json() if response.content else {}


def _waiting(details: dict[str, Any]) -> int:
    """How many of a job's tasks do not run yet."""
    return sum(count for state, count in details["status-counts"].items() if state not in {"RUNNING", "FINISHED"})
