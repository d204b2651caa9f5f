"""The rule that tells a loop from a restart, at its edges."""

from __future__ import annotations

import pytest

from weir.catalog.application_state import (
    LOOPING_FAILURES,
    REASON_CHARACTERS,
    ApplicationHealth,
    ApplicationState,
    one_line,
    root_cause,
    state_of,
    worst,
)

pytestmark = pytest.mark.unit

RUNNING, STARTING, RESTARTING = ApplicationState.RUNNING, ApplicationState.STARTING, ApplicationState.RESTARTING
LOOPING, FAILED, STOPPED = ApplicationState.LOOPING, ApplicationState.FAILED, ApplicationState.STOPPED


@pytest.mark.parametrize(
    ("now", "failures", "state"),
    [
        (RUNNING, 0, RUNNING),
        (RUNNING, 1, RESTARTING),
        (RUNNING, 2, RESTARTING),
        (RUNNING, 3, LOOPING),
        (RUNNING, 4, LOOPING),
        (STARTING, 0, STARTING),
        (STARTING, 1, RESTARTING),
        (STARTING, 3, LOOPING),
        (RESTARTING, 0, RESTARTING),
        (RESTARTING, 3, LOOPING),
        (FAILED, 3, FAILED),
        (STOPPED, 3, STOPPED),
        (ApplicationState.UNKNOWN, 3, ApplicationState.UNKNOWN),
    ],
)
def test_three_failures_without_progress_are_a_loop_even_while_it_runs(
    now: ApplicationState, failures: int, state: ApplicationState
) -> None:
    assert LOOPING_FAILURES == 3
    assert state_of(now, failures) is state


def test_a_pipeline_is_as_bad_as_the_worst_of_its_parts() -> None:
    application = ApplicationHealth(RUNNING, restarts=2, failures=0, reason="an old one")
    loader = ApplicationHealth(LOOPING, restarts=5, failures=4, reason="no table")
    assert worst([loader, application]) == ApplicationHealth(LOOPING, restarts=7, failures=4, reason="no table")
    assert worst([application, ApplicationHealth(RUNNING)]).reason == "an old one"
    assert worst([application, ApplicationHealth(FAILED, reason="refused")]).state is FAILED


def test_the_reason_is_the_innermost_cause_in_one_line() -> None:
    trace = """java.lang.RuntimeException: Task failed
\tat org.apache.flink.Task.run(Task.java:1)
Caused by: java.io.IOException: outer
\tat a.B.c(B.java:2)
Caused by: com.datastax.InvalidQueryException: Undefined column name weight
\t... 12 more
"""
    assert root_cause(trace) == "com.datastax.InvalidQueryException: Undefined column name weight"
    assert root_cause("java.lang.Error: alone\n\tat x") == "java.lang.Error: alone"
    assert root_cause("") == "no reason given"
    assert one_line("a\n  b\tc ") == "a b c"
    assert len(one_line("x" * 1000)) == REASON_CHARACTERS
