"""How applications fare, from what their engines answer: failures count until what failed has got on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from weir.catalog.application_state import ApplicationHealth, ApplicationState
from weir.clients.applications import job_health, loader_health, streams_health
from weir.clients.connect import LoaderClient
from weir.clients.flink_rest import FlinkRest
from weir.clients.loader_log import LoaderLog, has_got_on, read_logs, write_logs
from weir.clients.streams import StreamsClient
from weir.config.errors import WeirError

pytestmark = pytest.mark.unit

JOB = "j1"
REASON = "com.datastax.InvalidQueryException: unconfigured table"


class Told(FlinkRest):
    """A job manager that has one job, which failed at `failed` (newest first) and completed a checkpoint at `done`."""

    def __init__(self, state: str, *, failed: tuple[int, ...] = (), done: int = 0, tasks: str = "RUNNING") -> None:
        super().__init__("http://nowhere")
        self.restarts_told = len(failed)
        completed = {"latest_ack_timestamp": done} if done else None
        trace = f"java.lang.RuntimeException: outer\nCaused by: {REASON}\n"
        entries = [{"timestamp": at, "stacktrace": trace} for at in failed]
        self.answers: dict[str, Any] = {
            "/jobs/overview": {"jobs": [{"jid": JOB, "name": "orders", "state": state, "start-time": 1}]},
            f"/jobs/{JOB}": {"state": state, "status-counts": {tasks: 3}},
            f"/jobs/{JOB}/exceptions": {"exceptionHistory": {"entries": entries}},
            f"/jobs/{JOB}/checkpoints": {"latest": {"completed": completed, "savepoint": None}},
        }

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        assert (method, body) == ("GET", None)
        if path.endswith("get=numRestarts"):
            return [{"id": "numRestarts", "value": str(self.restarts_told)}]
        return self.answers[path.partition("?")[0]]


class Silent(FlinkRest):
    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        raise WeirError("Flink at http://nowhere does not answer")


def health(told: FlinkRest) -> ApplicationHealth:
    return job_health(told, "orders")


def state(told: FlinkRest) -> str:
    return health(told).state.value


def test_a_job_without_failures_runs_and_one_whose_tasks_do_not_yet_starts() -> None:
    assert health(Told("RUNNING", done=100)) == ApplicationHealth(ApplicationState.RUNNING)
    assert health(Told("RUNNING")) == ApplicationHealth(ApplicationState.RUNNING)
    assert state(Told("RUNNING", tasks="DEPLOYING")) == "STARTING"
    assert state(Told("CREATED", tasks="CREATED")) == "STARTING"


def test_a_job_that_runs_between_two_failures_is_not_told_as_running() -> None:
    assert state(Told("RUNNING", failed=(300,))) == "RESTARTING"
    assert state(Told("RUNNING", failed=(300, 200))) == "RESTARTING"
    looping = health(Told("RUNNING", failed=(300, 200, 100)))
    assert looping == ApplicationHealth(ApplicationState.LOOPING, restarts=3, failures=3, reason=REASON)
    assert state(Told("RESTARTING", failed=(300, 200, 100))) == "LOOPING"
    assert state(Told("RESTARTING")) == "RESTARTING"


def test_only_failures_after_the_last_complete_checkpoint_count() -> None:
    after_all = health(Told("RUNNING", failed=(300, 200, 100), done=301))
    assert after_all == ApplicationHealth(ApplicationState.RUNNING, restarts=3, failures=0, reason=REASON)
    assert state(Told("RUNNING", failed=(300, 200, 100), done=300)) == "RUNNING"
    assert health(Told("RUNNING", failed=(300, 200, 100), done=150)).failures == 2
    assert state(Told("RUNNING", failed=(300, 200, 100), done=99)) == "LOOPING"


def test_the_job_manager_forgets_failures_but_not_their_number() -> None:
    told = Told("RUNNING", failed=tuple(range(316, 300, -1)))
    told.restarts_told = 40
    assert health(told).restarts == 40


def test_a_job_that_ended_or_is_not_there_or_cannot_be_asked() -> None:
    assert health(Told("FAILED", failed=(300,))).reason == REASON
    assert state(Told("FAILED", failed=(300, 200, 100))) == "FAILED"
    assert state(Told("CANCELED", failed=(300, 200, 100))) == "STOPPED"
    assert job_health(Told("RUNNING"), "other").state is ApplicationState.STOPPED
    assert health(Silent("http://nowhere")) == ApplicationHealth(
        ApplicationState.UNKNOWN, reason="Flink at http://nowhere does not answer"
    )


class ToldStreams(StreamsClient):
    def __init__(self, **status: Any) -> None:
        super().__init__("http://nowhere")
        self.status = status

    def pipeline(self, name: str) -> dict[str, Any]:
        return self.status


def streams_state(**status: Any) -> str:
    return streams_health(ToldStreams(**status), "orders").state.value


def test_threads_that_are_replaced_run_and_their_pipeline_loops() -> None:
    last = [{"at_milliseconds": 5, "reason": "older"}, {"at_milliseconds": 9, "reason": REASON}]
    status = {"threads": "RUNNING", "state": "LOOPING", "failures": 8, "last_failures": last}
    looping = streams_health(ToldStreams(**status, failures_since_progress=3, message=REASON), "orders")
    assert looping == ApplicationHealth(ApplicationState.LOOPING, restarts=8, failures=3, reason=REASON)
    assert streams_state(threads="RUNNING", failures_since_progress=2) == "RESTARTING"
    well = streams_health(ToldStreams(**status | {"state": "RUNNING"}, failures_since_progress=0, message=""), "orders")
    assert well == ApplicationHealth(ApplicationState.RUNNING, restarts=8, failures=0, reason=REASON)


def test_a_pipeline_that_waits_starts_and_one_that_is_refused_has_failed() -> None:
    assert streams_state(threads="WAITING", state="WAITING", failures_since_progress=0) == "STARTING"
    assert streams_state(threads="WAITING", state="LOOPING", failures_since_progress=3) == "LOOPING"
    assert streams_state(threads="REBALANCING", failures_since_progress=0) == "STARTING"
    assert streams_state(state="REFUSED", message="no plan") == "FAILED"
    assert streams_state(threads="ERROR", state="ERROR", failures_since_progress=3) == "FAILED"
    assert streams_state() == "STOPPED"


class ToldLoader(LoaderClient):
    def __init__(self, *states: str) -> None:
        super().__init__("http://nowhere")
        self.states = states

    def parts(self, connector: str) -> list[dict[str, Any]]:
        return [{"state": state, "trace": f"a.B: outer\nCaused by: {REASON}\n"} for state in self.states]


def loader_state(log: LoaderLog, *states: str) -> str:
    return loader_health(ToldLoader(*states), "weir-orders", log).state.value


def test_a_task_that_is_started_again_and_again_makes_its_loader_loop() -> None:
    log = LoaderLog()
    assert loader_state(log, "RUNNING", "RUNNING") == "RUNNING"
    assert loader_state(log, "RUNNING", "RUNNING", "FAILED") == "RESTARTING"
    for _ in range(3):
        log.failed(REASON)
    looping = loader_health(ToldLoader("RUNNING", "RUNNING"), "weir-orders", log)
    assert looping == ApplicationHealth(ApplicationState.LOOPING, restarts=3, failures=3, reason=REASON)
    log.passed()
    assert loader_state(log, "RUNNING", "RUNNING") == "RUNNING"
    assert loader_state(log, "RUNNING", "UNASSIGNED") == "STARTING"
    assert loader_state(log, "RUNNING") == "STARTING"
    assert loader_state(log, "PAUSED", "PAUSED") == "STOPPED"
    assert loader_state(log) == "STOPPED"


def test_a_loader_has_got_on_when_no_partition_with_records_stands_still() -> None:
    before = {("rows", 0): 5, ("rows", 1): 7}
    assert not has_got_on(before, before)
    assert not has_got_on(before, {("rows", 0): 9, ("rows", 1): 7})
    assert has_got_on(before, {("rows", 0): 9, ("rows", 1): 8})
    assert has_got_on(before, {("rows", 0): 6}), "the other one is done"
    assert has_got_on(before, {("totals", 0): 0, ("rows", 0): 6}), "records that came since"
    assert has_got_on({}, {})


def test_what_the_monitor_saw_of_loaders_outlives_it(tmp_path: Path) -> None:
    assert read_logs(tmp_path) == {}
    logs = {"orders": LoaderLog(restarts=4, failures=2, reason=REASON)}
    write_logs(tmp_path, logs)
    assert read_logs(tmp_path) == logs
