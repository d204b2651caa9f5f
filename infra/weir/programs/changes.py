"""The difference between two renderings of a stack: every changed field, and its risk class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from weir.programs.recording import SECRET, STACK_TYPE, Recorded

MISSING = "(none)"
LONGEST_VALUE = 60
IN_ORDER = ("racks",)
"""Lists of named entries whose order counts as well: cass-operator places nodes by it."""


class Risk(IntEnum):
    """The risk class of a change, from harmless to impossible."""

    SAFE = 0
    """Nothing restarts that anybody notices."""
    ROLLING = 1
    """Pods restart one after the other, or a job from its savepoint; the result stays exact."""
    DATA_MOVING = 2
    """Data is moved, reordered or expires: it takes time and causes load, and cannot be undone at once."""
    REFUSED = 3
    """It would lose data, or cannot be done; it needs a decision, or another way."""

    @property
    def label(self) -> str:
        """As people read it."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True)
class FieldChange:
    """A field of a resource, before and after; a field that is not there is None."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """A field's change and what it means. `path` is empty if the whole resource is added or removed."""

    resource: str
    path: str
    before: Any
    after: Any
    risk: Risk
    reason: str
    by_decision: bool = True
    """Whether `decisions.allow` can let it through; what becomes of a job's state has a setting of its own."""

    @property
    def subject(self) -> str:
        """What `decisions.allow` calls it: `KafkaTopic flights.events spec.partitions`."""
        return f"{self.resource} {self.path}".strip()

    def as_line(self) -> str:
        """`KafkaTopic flights.events spec.partitions: 4 -> 8`."""
        if not self.path:
            return f"{self.resource}: {'added' if self.before is None else 'removed'}"
        return f"{self.resource} {self.path}: {shown(self.before)} -> {shown(self.after)}"


@dataclass(frozen=True)
class Pair:
    """A resource of one rendering and its counterpart in the other; one of them may be missing."""

    before: Recorded | None
    after: Recorded | None

    @property
    def either(self) -> Recorded:
        """Whichever there is, the newer first."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change needs a resource before or after")
        return found

    @property
    def kind(self) -> str:
        """`KafkaTopic`, for Aiven's resources `aiven.KafkaTopic`."""
        provider, _, rest = self.either.type.partition(":")
        name = rest.rpartition(":")[2]
        return name if provider == "kubernetes" else f"{provider}.{name}"

    @property
    def label(self) -> str:
        """Kind and name."""
        metadata = self.either.inputs.get("metadata") or {}
        return f"{self.kind} {metadata.get('name') or self.either.name}"

    def fields(self) -> list[FieldChange]:
        """The fields that differ, without those that Pulumi leaves alone."""
        if self.before is None or self.after is None:
            return []
        ignored = self.after.ignore_changes
        found = differences(self.before.inputs, self.after.inputs)
        return [change for change in found if not change.path.startswith(ignored)]


def pairs(before: Iterable[Recorded], after: Iterable[Recorded]) -> list[Pair]:
    """The resources of both, in the order of the newer rendering; removed ones come last."""
    old = {identity(resource): resource for resource in before if resource.custom}
    new = {identity(resource): resource for resource in after if resource.custom}
    gone = [Pair(resource, None) for key, resource in old.items() if key not in new]
    return [Pair(old.get(key), resource) for key, resource in new.items()] + gone


def identity(resource: Recorded) -> tuple[str, ...]:
    """What tells resources apart: type and name, and the type of the parent.

    Not the whole URN: it begins with the stack's name, which a new name for an environment changes in every resource,
    and the engine puts every ancestor's type into it, where a rendering has the parent's alone.
    """
    types, _, name = resource.urn.split("::", 2)[2].partition("::")
    return (*[part for part in types.split("$") if part != STACK_TYPE][-2:], name)


def differences(before: Any, after: Any, path: str = "") -> Iterator[FieldChange]:
    """The leaves that differ. List entries are matched by `name` or `id` where they have one, else by their place.

    A secret is equal to any other: neither side has its value.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({**before, **after}):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list):
        old, new = _keyed(before), _keyed(after)
        if path.endswith(IN_ORDER) and list(old) != list(new):
            yield FieldChange(path, list(old), list(new))
            new = {key: entry for key, entry in new.items() if key in old}
            old = {key: entry for key, entry in old.items() if key in new}
        for key in {**old, **new}:
            yield from differences(old.get(key), new.get(key), f"{path}[{key}]")
    elif before != after and not (_is_secret(before) and _is_secret(after)):
        yield FieldChange(path, before, after)


def _is_secret(value: Any) -> bool:
    """A secret, or a map or list of nothing else: in a state, one secret may stand for the whole of it."""
    if isinstance(value, dict | list) and value:
        return all(map(_is_secret, value.values() if isinstance(value, dict) else value))
    return value == SECRET


def shown(value: Any) -> str:
    """A value on one line, shortened."""
    if value is None:
        return MISSING
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _keyed(entries: list[Any]) -> Mapping[str, Any]:
    for key in ("name", "id"):
        names = [entry.get(key) if isinstance(entry, dict) else None for entry in entries]
        if names and None not in names and len(set(names)) == len(names):
            return {str(name): entry for name, entry in zip(names, entries, strict=True)}
    return {str(index): entry for index, entry in enumerate(entries)}
