"""A resource, which rules look at, and a rule, which is a plain function. Nothing but the standard library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

OWNER_LABEL = "weir.io/owner"
ENVIRONMENT_LABEL = "weir.io/environment"
DATA_LABEL, DATA_KEPT = "weir.io/data", "kept"
DATA_TAG = "data"


@dataclass(frozen=True)
class Resource:
    """A resource as Pulumi is about to make it; `props` in the names of Kubernetes."""

    type: str
    name: str
    props: Mapping[str, Any]
    protect: bool = False
    urn: str = ""
    """Pulumi's name for it, where a rule of a whole stack has to tell which one it means."""

    @property
    def kind(self) -> str:
        """The kind, and nothing for what is not a Kubernetes object."""
        return str(self.props.get("kind", "")) if self.type.startswith("kubernetes:") else ""

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its spec."""
        return self.props.get("spec") or {}

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return (self.props.get("metadata") or {}).get("labels") or {}

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations."""
        return (self.props.get("metadata") or {}).get("annotations") or {}

    @property
    def keeps_data(self) -> bool:
        """Whether its environment says that data is protected: by a label, or by a tag where it is a cloud's."""
        tags = {tag.get("key"): tag.get("value") for tag in self.props.get("tags") or []}
        return DATA_KEPT in (self.labels.get(DATA_LABEL), tags.get(DATA_TAG))


Check = Callable[[Resource], Iterable[str]]
StackCheck = Callable[[Iterable[Resource]], Iterable[tuple[Resource, str]]]


@dataclass(frozen=True)
class Rule:
    """A rule: what it demands, and the function that finds what breaks it."""

    name: str
    description: str
    check: Check


@dataclass(frozen=True)
class StackRule:
    """A rule of all resources together: what is missing shows in none of them. It names the one that suffers."""

    name: str
    description: str
    check: StackCheck
