"""The state of a pipeline's applications, from their engine: the facts for the rule in `application_state`."""

from __future__ import annotations

from typing import Any

from weir.catalog.application_state import ApplicationHealth, ApplicationState, one_line, root_cause, state_of
from weir.catalog.engine_names import connector_name
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.clients.connect import LoaderClient
from weir.clients.flink_rest import FlinkRest, Job
from weir.clients.loader_log import LoaderLog
from weir.clients.streams import StreamsClient
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

FAILURES_ASKED_FOR = 16
"""As many as the job manager remembers."""
STREAMS_STATES = {
    "": ApplicationState.STOPPED,
    "RUNNING": ApplicationState.RUNNING,
    "REFUSED": ApplicationState.FAILED,
    "ERROR": ApplicationState.FAILED,
}
"""Of its threads; all others are on the way to RUNNING."""
JOB = "job"
APPLICATION = "application"

LOADER = "loader"

Parts = dict[str, ApplicationHealth]
"""By the part's name: a Flink job is one application, Kafka Streams and its loader are two."""


def application_parts(endpoints: Endpoints, pipeline: Pipeline, loader_log: LoaderLog | None = None) -> Parts:
    """The pipeline's applications. An engine that does not answer is UNKNOWN, with the reason: nothing is raised.

    `loader_log` is what the monitor has seen of the loader.
    """
    if pipeline.spec.engine is Engine.FLINK:
        with FlinkRest.of(endpoints) as flink:
            return {JOB: job_health(flink, pipeline.name)}
    return {
        APPLICATION: streams_health(StreamsClient(endpoints.streams_url), pipeline.name),
        LOADER: loader_health(LoaderClient(endpoints.loader_url), connector_name(pipeline), loader_log or LoaderLog()),
    }


def job_health(flink: FlinkRest, name: str) -> ApplicationHealth:
    """The Flink job called `name` that was started last."""
    try:
        job = flink.latest(name)
        return ApplicationHealth(ApplicationState.STOPPED) if job is None else _of_job(flink, job)
    except WeirError as error:
        return _unknown(error)


def _of_job(flink: FlinkRest, job: Job) -> ApplicationHealth:
    found = flink.failures(job.id, at_most=FAILURES_ASKED_FOR)
    progress = flink.last_completed_milliseconds(job.id)
    since = sum(failure.at_milliseconds > progress for failure in found)
    # The metric lags behind what the job manager remembers, which is bounded.
    restarts = max(flink.restarts(job.id), len(found)) if job.active else len(found)
    reason = found[0].reason if found else ""
    return ApplicationHealth(state_of(_now(flink, job), since), restarts, since, reason)


def _now(flink: FlinkRest, job: Job) -> ApplicationState:
    if job.state == "FAILED":
        return ApplicationState.FAILED
    if not job.active:
        return ApplicationState.STOPPED
    if job.state == "RESTARTING":
        return ApplicationState.RESTARTING
    return ApplicationState.RUNNING if flink.runs(job.id) else ApplicationState.STARTING


def streams_health(streams: StreamsClient, name: str) -> ApplicationHealth:
    """The pipeline `name` in the Kafka Streams application."""
    try:
        found = streams.pipeline(name)
    except WeirError as error:
        return _unknown(error)
    now = STREAMS_STATES.get(found.get("threads", found.get("state", "")), ApplicationState.STARTING)
    failures = found.get("failures_since_progress", 0)
    reasons = [failure["reason"] for failure in _newest_first(found.get("last_failures", []))]
    reason = found.get("message") or next(iter(reasons), "")
    return ApplicationHealth(state_of(now, failures), found.get("failures", 0), failures, one_line(reason))


def _newest_first(failures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(failures, key=lambda failure: failure["at_milliseconds"], reverse=True)


def loader_health(loader: LoaderClient, connector: str, log: LoaderLog) -> ApplicationHealth:
    """The connector and its tasks, of which one that has failed says little about how often it has."""
    try:
        found = loader.parts(connector)
    except WeirError as error:
        return _unknown(error)
    failed = [part for part in found if part.get("state") == "FAILED"]
    # What the monitor has not seen yet is one more.
    failures = max(log.failures, 1) if failed else log.failures
    reason = root_cause(failed[0].get("trace") or "") if failed else log.reason
    return ApplicationHealth(state_of(_of_connector(found), failures), log.restarts, failures, reason)


def _of_connector(parts: list[dict[str, Any]]) -> ApplicationState:
    states = {part.get("state") for part in parts}
    if not parts or states & {"PAUSED", "STOPPED"}:
        return ApplicationState.STOPPED
    # The connector itself, and at least one task.
    if states == {"RUNNING"} and len(parts) > 1:
        return ApplicationState.RUNNING
    return ApplicationState.STARTING


def _unknown(error: WeirError) -> ApplicationHealth:
    return ApplicationHealth(ApplicationState.UNKNOWN, reason=one_line(str(error)))
