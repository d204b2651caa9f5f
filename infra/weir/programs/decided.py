"""Refused changes that a person let through: `decisions` of the stack file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from weir.config.decisions import AllowedChange, Decisions
from weir.programs.changes import Change, Risk
from weir.programs.rules.cassandra import FEWER_NODES
from weir.programs.rules.kafka import FEWER_BROKERS


@dataclass(frozen=True)
class Decided:
    """The changes with the decisions applied, the most daring first."""

    changes: list[Change]
    stale: list[AllowedChange]
    """Decisions that fit no refused change: what they allowed has happened, or never will."""

    @property
    def refused(self) -> list[Change]:
        """What nobody let through."""
        return [change for change in self.changes if change.risk is Risk.REFUSED]


def decide(changes: Sequence[Change], decisions: Decisions) -> Decided:
    """Applies each decision to the one change that it names, with the value that it names."""
    used: set[int] = set()
    decided = []
    for change in changes:
        reason = _fewer_nodes(change, decisions)
        found = next((index for index, entry in enumerate(decisions.allow) if _fits(entry, change)), None)
        if found is not None:
            used.add(found)
            reason = f"allowed by decisions.allow: {decisions.allow[found].because}"
        decided.append(replace(change, risk=Risk.DATA_MOVING, reason=reason) if reason else change)
    decided.sort(key=lambda change: -change.risk)
    return Decided(decided, [entry for index, entry in enumerate(decisions.allow) if index not in used])


def stale_line(entry: AllowedChange) -> str:
    """What is said of a decision that fits nothing."""
    return f"decisions.allow: nothing refused matches `{entry.change}` to {_text(entry.to)}; remove the entry"


def _fewer_nodes(change: Change, decisions: Decisions) -> str:
    """The decision that lets nodes leave; empty if there is none, or something else stands in the way."""
    fewer = decisions.fewer_nodes
    wanted = {FEWER_BROKERS.reason: ("kafka", fewer.kafka), FEWER_NODES.reason: ("cassandra", fewer.cassandra)}
    service, lowest = wanted.get(change.reason, ("", None))
    return f"allowed by decisions.fewer_nodes.{service}" if lowest is not None and change.after >= lowest else ""


def _fits(entry: AllowedChange, change: Change) -> bool:
    if change.risk is not Risk.REFUSED or not change.by_decision or entry.change != change.subject:
        return False
    return _text(entry.to) == _text(change.after)


def _text(value: Any) -> str:
    """As it is compared: a topic's settings are text where a person writes a number."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
