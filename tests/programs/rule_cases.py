"""Changes, and the class and reason that each must have: at least one for every rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from weir.programs.changes import FieldChange, Pair, Risk
from weir.programs.recording import Recorded
from weir.programs.rules.rule import Case

SAFE, ROLLING, MOVING, REFUSED = Risk.SAFE, Risk.ROLLING, Risk.DATA_MOVING, Risk.REFUSED
Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class World:
    """The resource around the field, and other resources, before and after."""

    old: Inputs = field(default_factory=dict)
    new: Inputs = field(default_factory=dict)
    before: tuple[Recorded, ...] = ()
    after: tuple[Recorded, ...] = ()
    protect: bool = False


EMPTY = World()


@dataclass(frozen=True)
class Told:
    """A change and what must be said of it."""

    kind: str
    path: str
    before: Any
    after: Any
    risk: Risk
    words: str
    world: World = EMPTY

    @property
    def case(self) -> Case:
        """As the rules see it."""
        world, removed = self.world, not self.path and self.after is None
        pair = Pair(
            resource(self.kind, world.old, protect=world.protect),
            None if removed else resource(self.kind, world.new, protect=world.protect),
        )
        return Case(pair, FieldChange(self.path, self.before, self.after), world.before, world.after)

    def __str__(self) -> str:
        """The name of the test."""
        return f"{self.kind} {self.path or 'whole'} {self.before}->{self.after}"[:60]


def resource(kind: str, inputs: Inputs, name: str = "one", *, protect: bool = False) -> Recorded:
    """A resource of `kind` as the rules name it."""
    provider, _, short = kind.rpartition(".")
    type_ = f"{provider}:index:{short}" if provider else f"kubernetes:any/v1:{kind}"
    full = {"kind": kind, **inputs, "metadata": {"name": name, **inputs.get("metadata", {})}}
    return Recorded(
        f"urn:pulumi:s::weir::{type_}::{name}", type_, name, full, frozenset(), "", (), True, protect, False, ()
    )


def each(kind: str, paths: str, risk: Risk, words: str, values: tuple[Any, Any] = ("a", "b")) -> list[Told]:
    """The same of several fields."""
    return [Told(kind, path, *values, risk, words) for path in paths.split()]
