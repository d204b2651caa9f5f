"""The state of a pipeline's application: one rule for both engines, for `weir status`, the health table and the alerts.

Whether it runs at this moment says little: an application that fails on the same record for ever runs for a second or
two between two failures. What counts is whether it has got on since it failed. It has got on once a checkpoint was
completed (Flink), or once what failed has committed an offset behind the failure, or has nothing left to do
(Kafka Streams and its loader). See docs/adr/0013.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

LOOPING_FAILURES = 3
"""So many failures in a row, with no progress between them, are a loop: one may be a node that died, two its return."""
REASON_CHARACTERS = 300


class ApplicationState(StrEnum):
    """From good to bad: the state of a pipeline is the last one of its parts'."""

    RUNNING = "RUNNING"
    """Runs, and has got on since it last failed."""
    STARTING = "STARTING"
    """Has not failed, and does not run yet."""
    RESTARTING = "RESTARTING"
    """Has failed, and has not got on since."""
    LOOPING = "LOOPING"
    """Has failed at least `LOOPING_FAILURES` times, and has not got on since the first of them."""
    UNKNOWN = "UNKNOWN"
    """Its engine does not answer."""
    STOPPED = "STOPPED"
    """Its engine does not have it."""
    FAILED = "FAILED"
    """Has failed for good: nothing starts it again."""


@dataclass(frozen=True)
class ApplicationHealth:
    """One application, or several together."""

    state: ApplicationState
    restarts: int = 0
    """How often it failed and was started again, since its engine began it."""
    failures: int = 0
    """How many of them came after the last progress."""
    reason: str = ""
    """What it failed of last, in one line; empty where it has not failed."""


def state_of(engine_says: ApplicationState, failures: int) -> ApplicationState:
    """What becomes of how the application is at this moment when it failed `failures` times since its last progress."""
    if engine_says not in {ApplicationState.RUNNING, ApplicationState.STARTING, ApplicationState.RESTARTING}:
        return engine_says
    if failures >= LOOPING_FAILURES:
        return ApplicationState.LOOPING
    return ApplicationState.RESTARTING if failures else engine_says


def worst(parts: Iterable[ApplicationHealth]) -> ApplicationHealth:
    """All parts of one pipeline together: the state and the reason of the worst, and the restarts of all.

    Raises:
        ValueError: there is none.
    """
    order = list(ApplicationState)
    ranked = sorted(parts, key=lambda part: (order.index(part.state), part.failures, bool(part.reason)))
    if not ranked:
        raise ValueError("a pipeline has at least one application")
    last = ranked[-1]
    return ApplicationHealth(last.state, sum(part.restarts for part in ranked), last.failures, last.reason)


def root_cause(stacktrace: str) -> str:
    """The innermost cause of a Java stack trace in one line: the outermost only shows that a task ended."""
    lines = [line.strip() for line in stacktrace.strip().splitlines()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return one_line(causes[-1] if causes else next(iter(lines), "no reason given"))


def one_line(text: str) -> str:
    """The text without line breaks, cut to `REASON_CHARACTERS`."""
    joined = re.sub(r"\s+", " ", text).strip()
    return joined if len(joined) <= REASON_CHARACTERS else joined[: REASON_CHARACTERS - 1] + "…"
