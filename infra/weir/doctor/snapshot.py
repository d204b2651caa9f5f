"""What a cluster says of itself, read once: plain documents of its API, and which of them it refused to give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from weir.doctor.findings import UnknownError

Document = Mapping[str, Any]
QUANTITY = re.compile(r"^([0-9.]+)(m|[kKMGTP]i?)?$")
FACTORS = {"": 1.0, "m": 1e-3} | {
    f"{letter}{binary}": float((1024 if binary else 1000) ** power)
    for power, letter in enumerate("kMGTP", start=1)
    for binary in ("", "i")
}
FACTORS["Ki"] = FACTORS["ki"]
"""Thousand is a small letter, 1024 a large one."""
MIB = 1024**2


@dataclass(frozen=True)
class Snapshot:
    """`documents` by the name that `gather` gave each request; None where the cluster has no such thing."""

    documents: Mapping[str, Document | None]
    refused: Mapping[str, str] = field(default_factory=dict)
    """Name -> why the cluster did not answer."""

    def document(self, name: str) -> Document | None:
        """One answer; None where there is nothing.

        Raises:
            UnknownError: the cluster refused it, or it was not asked for.
        """
        if name in self.refused:
            raise UnknownError(f"{name}: {self.refused[name]}")
        if name not in self.documents:
            raise UnknownError(f"{name}: not asked for")
        return self.documents[name]

    def items(self, name: str) -> list[Document]:
        """The entries of a list; none where the kind is not served."""
        return list((self.document(name) or {}).get("items") or ())

    @property
    def groups(self) -> set[str]:
        """The API groups that are served, as `kafka.strimzi.io/v1`."""
        found = (self.document("groups") or {}).get("groups") or ()
        return {version["groupVersion"] for group in found for version in group["versions"]}

    def has_group(self, name: str) -> bool:
        """Whether some version of the group `name` is served."""
        return any(version.split("/")[0] == name for version in self.groups)

    def kinds(self, api_version: str) -> set[str]:
        """The kinds of one group and version."""
        return {entry["kind"] for entry in (self.document(api_version) or {}).get("resources") or ()}


def quantity(text: object) -> float:
    """A quantity of Kubernetes as a number: `500m` is 0.5, `2Gi` is 2147483648.

    Raises:
        ValueError: it is none.
    """
    match = QUANTITY.match(str(text))
    if match is None:
        raise ValueError(f"{text!r} is no quantity of Kubernetes")
    return float(match[1]) * FACTORS[match[2] or ""]


def containers(workload: Document) -> Iterator[Document]:
    """The containers of a Deployment or DaemonSet."""
    yield from workload["spec"]["template"]["spec"].get("containers") or ()


def name_of(document: Document) -> str:
    """`metadata.name`."""
    return str(document["metadata"]["name"])


def namespace_of(document: Document) -> str:
    """`metadata.namespace`."""
    return str(document["metadata"].get("namespace") or "")


def labels_of(document: Document) -> Mapping[str, str]:
    """`metadata.labels`."""
    return document["metadata"].get("labels") or {}
