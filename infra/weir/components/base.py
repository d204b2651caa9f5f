"""Shared parts of components: their environment, names and labels, sizes, and the protection of data."""

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
IMAGES_LABEL, BY_DIGEST = "weir.io/images", "by-digest"
"""A label of every object whose environment lets no image by tag run; the policy pack goes by it."""
DATA_LABEL, DATA_KEPT = "weir.io/data", "kept"
"""A label of every object whose environment protects its data; the policy pack goes by it, not by a name."""
PLAIN_HTTP = "weir.io/plain-http"
"""An annotation that the policy pack requires: the reason why something serves plain HTTP."""
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

    The whole platform shares a namespace, because pods mount the credentials that operators create there. Network
    policies, not namespaces, decide who may talk to whom.
    """

    environment: str
    namespace: str
    owner: str
    """The contact for the environment; a label on every resource."""
    keep_data: bool
    """Whether resources with data are protected from deletion, and their objects outlive the stack."""
    by_digest: bool = False
    """Whether only images by digest may run."""
    zones: int = 1
    """The number of zones to spread pods over."""
    cpu_request_share: float = 1.0
    """The share of the planned cores that pods request. They may use more if it is free."""
    extra_labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The user's own labels, on every resource."""
    digest_key: pulumi.Output[str] | None = field(default=None, hash=False, repr=False)
    """The key of digests of secrets: what must be renewed with a secret carries its digest. None before it exists."""
    foundation: Resources = field(default=(), hash=False, repr=False)
    """The namespace and the operators: created before everything else in the environment, and deleted after it."""

    @property
    def own_labels(self) -> dict[str, str]:
        """Owner and environment, the only labels for an operator's pods. The operator sets the other ones."""
        return {**self.extra_labels, OWNER_LABEL: self.owner, ENVIRONMENT_LABEL: self.environment}

    def labels(self, name: str, component: str) -> dict[str, str]:
        """The labels that Kubernetes recommends, owner and environment. `component` is kafka, cassandra, flink, ..."""
        return {
            **self.own_labels,
            **self.selector(name),
            "app.kubernetes.io/component": component,
            "app.kubernetes.io/part-of": PART_OF,
            "app.kubernetes.io/managed-by": "pulumi",
        }

    @property
    def object_labels(self) -> dict[str, str]:
        """What the policy pack goes by. On objects alone: on a pod, a change of it would restart the pod."""
        kept = {DATA_LABEL: DATA_KEPT} if self.keep_data else {}
        return kept | ({IMAGES_LABEL: BY_DIGEST} if self.by_digest else {})

    def selector(self, name: str) -> dict[str, str]:
        """The labels that select the pods of `name`. They never change."""
        return {"app.kubernetes.io/name": name}

    def metadata(
        self,
        name: str,
        component: str,
        *,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> k8s.meta.v1.ObjectMetaArgs:
        """Metadata of the object `name`. The name is fixed, so that a retained object can be adopted again."""
        return k8s.meta.v1.ObjectMetaArgs(
            name=name,
            namespace=self.namespace,
            labels={**self.labels(name, component), **self.object_labels, **(labels or {})},
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
        """Requests and limits. Both have the same memory, because a pod that uses more than it requests may be killed.

        The CPU limit is twice the plan, so that start and recovery may use free cores.
        """
        memory = f"{size.memory_mib}Mi"
        return k8s.core.v1.ResourceRequirementsArgs(
            requests={"cpu": cpu(size.cpu_cores * self.cpu_request_share), "memory": memory},
            limits={"cpu": cpu(2 * size.cpu_cores), "memory": memory},
        )


class Component(pulumi.ComponentResource):
    """A weir component. Its children are named after it and have it as their parent."""

    def __init__(self, kind: str, name: str, site: Site, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"weir:{kind}", name, {}, opts)
        self.site = site

    def child(
        self, *, after: Resources = (), ignore_changes: Sequence[str] = (), retain: bool = False
    ) -> pulumi.ResourceOptions:
        """Options of a child without data: created after `after` and deleted before it, or retained with `retain`."""
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=self._after(after),
            ignore_changes=list(ignore_changes) or None,
            retain_on_delete=retain or None,
        )

    def keeper(self, *, after: Resources = (), ignore_changes: Sequence[str] = ()) -> pulumi.ResourceOptions:
        """Options of a child with data: protected and retained if the site keeps data."""
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
    """An operator's custom resource. `spec` uses the operator's field names and may nest typed Kubernetes arguments."""
    return k8s.apiextensions.CustomResource(
        name, api_version=kind.api_version, kind=kind.kind, metadata=metadata, spec=dict(spec), opts=opts
    )


def cpu(cores: float) -> str:
    """Cores in Kubernetes' canonical form: `2`, `500m`."""
    return f"{cores:g}" if float(cores).is_integer() else f"{round(cores * 1000)}m"
