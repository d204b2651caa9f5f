"""What a check finds. Pure: a check is a function of what was asked beforehand, and asks nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Subject = TypeVar("Subject")


class State(StrEnum):
    """`missing` stops the first `up`; a `warning` does not, or cannot be decided from here."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"


class Maker(StrEnum):
    """Who makes what is missing."""

    YOU = "you"
    CLUSTER = "the cluster's administrator"
    CLOUD = "the cloud's administrator"
    OWNER = "the owner of the existing Kafka"


@dataclass(frozen=True)
class Finding:
    """One line of the report. `remedy` is what to do, a command where there is one."""

    about: str
    state: State
    found: str
    remedy: str = ""
    maker: Maker | None = None


class UnknownError(Exception):
    """What a check needs could not be asked; `str()` says why."""


@dataclass(frozen=True)
class Check(Generic[Subject]):
    """`find` looks at one thing, which its findings are `about`."""

    about: str
    find: Callable[[Subject], Iterable[Finding]]


def findings(checks: Iterable[Check[Subject]], subject: Subject) -> list[Finding]:
    """What the checks find, in their order; one that lacks an answer is a warning."""
    found: list[Finding] = []
    for check in checks:
        try:
            found += check.find(subject)
        except UnknownError as unknown:
            found.append(Finding(check.about, State.WARNING, f"cannot be checked: {unknown}"))
    return found


def is_ready(found: Iterable[Finding]) -> bool:
    """True where nothing is missing."""
    return all(finding.state is not State.MISSING for finding in found)


def graded(about: str, problems: Iterator[Finding], fine: str) -> Iterator[Finding]:
    """The problems, or one line that says what is fine."""
    found = list(problems)
    yield from found or [Finding(about, State.OK, fine)]
