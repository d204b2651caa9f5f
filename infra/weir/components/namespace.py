"""The platform's namespace, with its Pod Security level and a quota for all its pods together."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site

POD_SECURITY = "pod-security.kubernetes.io"
# For containers without resources of their own: the operators' helpers and one-off jobs.
DEFAULT_CPU = "100m"
DEFAULT_MEMORY = "256Mi"


@dataclass(frozen=True)
class NamespaceArgs:
    """`cpu_cores`, `memory_mib` and `disk_gib` limit the namespace's requests; 0 means no limit."""

    restricted: bool
    cpu_cores: float = 0
    memory_mib: int = 0
    disk_gib: int = 0


class Namespace(Component):
    """The namespace `site.namespace` with its quota and the default resources of containers."""

    def __init__(self, site: Site, args: NamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:Namespace", site.namespace, site, opts)
        self.namespace = k8s.core.v1.Namespace(
            site.namespace,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=site.namespace,
                labels={
                    **site.labels(site.namespace, "namespace"),
                    **site.object_labels,
                    **_pod_security(restricted=args.restricted),
                },
            ),
            opts=self.keeper(),
        )
        if args.cpu_cores:
            self._quota(args)
        self._defaults()
        self.register_outputs({"name": site.namespace})

    def _quota(self, args: NamespaceArgs) -> None:
        k8s.core.v1.ResourceQuota(
            f"{self.site.namespace}-quota",
            metadata=self.site.metadata("platform", "namespace"),
            spec=k8s.core.v1.ResourceQuotaSpecArgs(
                hard={
                    "requests.cpu": f"{args.cpu_cores:g}",
                    "requests.memory": f"{args.memory_mib}Mi",
                    "requests.storage": f"{args.disk_gib}Gi",
                }
            ),
            opts=self.child(after=[self.namespace]),
        )

    def _defaults(self) -> None:
        size = {"cpu": DEFAULT_CPU, "memory": DEFAULT_MEMORY}
        k8s.core.v1.LimitRange(
            f"{self.site.namespace}-defaults",
            metadata=self.site.metadata("defaults", "namespace"),
            spec=k8s.core.v1.LimitRangeSpecArgs(
                limits=[k8s.core.v1.LimitRangeItemArgs(type="Container", default_request=size, default=size)]
            ),
            opts=self.child(after=[self.namespace]),
        )


def _pod_security(*, restricted: bool) -> dict[str, str]:
    level = "restricted" if restricted else "baseline"
    return {f"{POD_SECURITY}/{mode}": level for mode in ("enforce", "audit", "warn")}
