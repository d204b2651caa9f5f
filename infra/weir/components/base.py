"""What components share: their environment, names and labels, sizes, and how data outlives its resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from weir.sizing.plan import PodSize

PART_OF = "weir"
OWNER_LABEL = "weir.io/owner"
ENVIRONMENT_LABEL = "weir.io/environment"
PLAIN_HTTP = "weir.io/plain-http"
"""An annotation that the policy pack asks for: why something speaks HTTP in clear."""
ZONE_KEY = "topology.kubernetes.io/zone"
HOST_KEY = "kubernetes.io/hostname"

Resources = Sequence[pulumi.Resource]


@dataclass(frozen=True)
class CustomKind:
    """A kind of custom resource: `kafka.strimzi.io/v1` and `Kafka`."""

    api_version: str
    kind: str


@dataclass(frozen=True)
class Site:
    """One environment as its components see it.

    Everything of the platform shares a namespace: pods mount the credentials that operators make there, and network
    policies, not namespaces, say who may talk to whom.
    """

    environment: str
    namespace: str
    owner: str
    """Who is asked about the environment; on every resource as a label."""
    keep_data: bool
    """Whether resources that hold data are protected from deletion, and their objects outlive the stack."""
    zones: int = 1
    """Zones that pods are spread over."""
    cpu_request_share: float = 1.0
    """Of the planned cores; what is not asked for may be used all the same."""
    extra_labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    """A person's own labels, on every resource."""
    foundation: Resources = field(default=(), hash=False, repr=False)
    """What everything in the environment comes after, and outlives nothing of: the namespace, the operators."""

    @property
    def own_labels(self) -> dict[str, str]:
        """Owner and environment: all that an operator's pods take, for the other labels are its own."""
        return {**self.extra_labels, OWNER_LABEL: self.owner, ENVIRONMENT_LABEL: self.environment}

    def labels(self, name: str, component: str) -> dict[str, str]:
        """The recommended labels of Kubernetes, owner and environment. `component` is kafka, cassandra, flink, ..."""
        return {
            **self.own_labels,
            **self.selector(name),
            "app.kubernetes.io/component": component,
            "app.kubernetes.io/part-of": PART_OF,
            "app.kubernetes.io/managed-by": "pulumi",
        }

    def selector(self, name: str) -> dict[str, str]:
        """The labels by which the pods of `name` are found; they never change."""
        return {"app.kubernetes.io/name": name}

    def metadata(
        self,
        name: str,
        component: str,
        *,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> k8s.meta.v1.ObjectMetaArgs:
        """Metadata of the object `name`: the name is pinned, so that what is kept can be adopted again."""
        return k8s.meta.v1.ObjectMetaArgs(
            name=name,
            namespace=self.namespace,
            labels={**self.labels(name, component), **(labels or {})},
            annotations=dict(annotations) if annotations else None,
        )

    def pod_metadata(
        self, name: str, component: str, annotations: Mapping[str, pulumi.Input[str]] | None = None
    ) -> k8s.meta.v1.ObjectMetaArgs:
        """Metadata of a pod template."""
        return k8s.meta.v1.ObjectMetaArgs(
            labels=self.labels(name, component), annotations=dict(annotations) if annotations else None
        )

    def resources(self, size: PodSize) -> k8s.core.v1.ResourceRequirementsArgs:
        """Requests and limits. Memory is the same in both: a pod that lives on what is left over is killed at the peak.

        The limit of CPU is twice the plan: start and recovery may use what is free.
        """
        memory = f"{size.memory_mib}Mi"
        return k8s.core.v1.ResourceRequirementsArgs(
            requests={"cpu": cpu(size.cpu_cores * self.cpu_request_share), "memory": memory},
            limits={"cpu": cpu(2 * size.cpu_cores), "memory": memory},
        )


class Component(pulumi.ComponentResource):
    """A component of weir. Its children are named after it and know it as their parent."""

    def __init__(self, kind: str, name: str, site: Site, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"weir:{kind}", name, {}, opts)
        self.site = site

    def child(
        self, *, after: Resources = (), ignore_changes: Sequence[str] = (), retain: bool = False
    ) -> pulumi.ResourceOptions:
        """Options of a child that holds no data; it is made after `after` and removed before, or kept with `retain`."""
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=self._after(after),
            ignore_changes=list(ignore_changes) or None,
            retain_on_delete=retain or None,
        )

    def keeper(self, *, after: Resources = (), ignore_changes: Sequence[str] = ()) -> pulumi.ResourceOptions:
        """Options of a child that holds data: protected, and kept when the stack goes, where the site says so."""
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=self._after(after),
            ignore_changes=list(ignore_changes) or None,
            protect=self.site.keep_data,
            retain_on_delete=self.site.keep_data,
        )

    def _after(self, resources: Resources) -> list[pulumi.Resource] | None:
        return [*self.site.foundation, *resources] or None


def custom_resource(
    name: str,
    kind: CustomKind,
    metadata: k8s.meta.v1.ObjectMetaArgs,
    spec: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
) -> k8s.apiextensions.CustomResource:
    """An operator's resource; `spec` has the operator's own names, typed arguments of Kubernetes may stand inside."""
    return k8s.apiextensions.CustomResource(
        name, api_version=kind.api_version, kind=kind.kind, metadata=metadata, spec=dict(spec), opts=opts
    )


def cpu(cores: float) -> str:
    """Cores as Kubernetes writes them back: `2`, `500m`."""
    return f"{cores:g}" if float(cores).is_integer() else f"{round(cores * 1000)}m"
