"""A rule: a field of a kind of resource, the changes of it that it covers, and what they mean.

Paths are written as in the manifest. `*` stands for one name, `[*]` for any entry of a list, `**` for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from weir.programs.changes import FieldChange, Pair, Risk
from weir.programs.recording import Recorded

SAFE, ROLLING, DATA_MOVING, REFUSED = Risk.SAFE, Risk.ROLLING, Risk.DATA_MOVING, Risk.REFUSED
IN_TURN = "pods restart one after the other"
NO_SHRINKING = "a volume cannot shrink"
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "": 1}
WILDCARDS = {r"\*\*": r".*", r"\[\*\]": r"\[[^\]]*\]", r"\*": r"[^.\[\]]+"}


@dataclass(frozen=True)
class Case:
    """A changed field of a resource, and everything around it before and after."""

    pair: Pair
    field: FieldChange
    before: Sequence[Recorded] = ()
    after: Sequence[Recorded] = ()

    @property
    def old(self) -> dict[str, Any]:
        """The resource as it stands."""
        return self.pair.before.inputs if self.pair.before else {}

    @property
    def new(self) -> dict[str, Any]:
        """The resource as it becomes."""
        return self.pair.after.inputs if self.pair.after else {}


@dataclass(frozen=True)
class When:
    """The condition of a rule. `text` is how the documentation says it; empty for every change."""

    text: str
    holds: Callable[[Case], bool]

    def __and__(self, other: When) -> When:
        """Both."""
        return When(f"{self.text}, {other.text}", lambda case: self.holds(case) and other.holds(case))


@dataclass(frozen=True)
class Rule:
    """One line of a table. The first line that covers a change decides."""

    kinds: tuple[str, ...] | str
    """`*` for every kind that holds state."""
    path: str
    """Empty for the whole resource, added or removed."""
    when: When
    risk: Risk
    why: str
    how: str = ""
    """How it can be done all the same, or what to do besides."""
    source: str = field(default="", kw_only=True)

    @property
    def reason(self) -> str:
        """As people read it."""
        return f"{self.why}; {self.how}" if self.how else self.why

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = re.escape(self.path)
        for sign, meaning in WILDCARDS.items():
            # A lambda, for a backslash in a replacement has a meaning of its own.
            pattern = re.sub(re.escape(sign), lambda _, text=meaning: text, pattern)
        return re.compile(pattern)

    def names(self, kind: str, path: str) -> bool:
        """Whether it is about this field, under whatever condition."""
        kinds = (self.kinds,) if isinstance(self.kinds, str) else self.kinds
        return ("*" in kinds or kind in kinds) and bool(self._pattern.fullmatch(path))

    def covers(self, case: Case) -> bool:
        """True where it decides, unless an earlier rule does."""
        return self.names(case.pair.kind, case.field.path) and self.when.holds(case)


def number(value: Any) -> float:
    """A number, also one that is written as text; 0 for anything else."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0


def quantity(text: Any) -> float:
    """A quantity of Kubernetes as a number: `500Gi`."""
    found = re.fullmatch(r"([\d.]+)(Ki|Mi|Gi|Ti|)", str(text))
    return float(found[1]) * UNITS[found[2]] if found else 0


def version(text: Any) -> tuple[int, ...]:
    """`4.3.1` as numbers that can be compared."""
    return tuple(int(part) for part in re.findall(r"\d+", str(text)))


def manifests(resources: Sequence[Recorded], kind: str) -> Iterator[dict[str, Any]]:
    """The Kubernetes objects of a kind."""
    for resource in resources:
        if resource.custom and resource.inputs.get("kind") == kind:
            yield resource.inputs


def becomes(value: Any) -> When:
    """The new value is this one, as text or as itself."""
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return When(f"becomes {shown}", lambda case: str(case.field.after).lower() == shown.lower())


ALWAYS = When("", lambda _: True)
ADDED = When("added", lambda case: case.field.before is None)
REMOVED = When("removed", lambda case: case.field.after is None)
MORE = When("more", lambda case: number(case.field.after) > number(case.field.before))
FEWER = When("fewer", lambda case: number(case.field.after) < number(case.field.before))
LARGER = When("larger", lambda case: quantity(case.field.after) > quantity(case.field.before) > 0)
SMALLER = When("smaller", lambda case: 0 < quantity(case.field.after) < quantity(case.field.before))
OLDER = When("an older version", lambda case: version(case.field.after) < version(case.field.before))
