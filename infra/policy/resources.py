"""A resource, which rules look at, and a rule, which is a plain function. Nothing but the standard library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

OWNER_LABEL = "weir.io/owner"
ENVIRONMENT_LABEL = "weir.io/environment"


@dataclass(frozen=True)
class Resource:
    """A resource as Pulumi is about to make it; `props` in the names of Kubernetes."""

    type: str
    name: str
    props: Mapping[str, Any]
    protect: bool = False

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
    def environment(self) -> str:
        """The environment that it is labelled with, or tagged with where it is a cloud's."""
        tags = {tag.get("key"): tag.get("value") for tag in self.props.get("tags") or []}
        return str(self.labels.get(ENVIRONMENT_LABEL) or tags.get("environment") or "")


Check = Callable[[Resource], Iterable[str]]


@dataclass(frozen=True)
class Rule:
    """A rule: what it demands, and the function that finds what breaks it."""

    name: str
    description: str
    check: Check
