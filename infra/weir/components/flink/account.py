"""The service account of Flink's pods. A job manager creates its task managers and elects its leader in ConfigMaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site

ACCOUNT = "flink"


@dataclass(frozen=True)
class FlinkAccountArgs:
    """`annotations` bind the account to a cloud identity, for access to object storage."""

    annotations: Mapping[str, str] = field(default_factory=dict)


class FlinkAccount(Component):
    """Account, role and binding, limited to the platform's namespace."""

    def __init__(self, site: Site, args: FlinkAccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("flink:FlinkAccount", ACCOUNT, site, opts)
        self.account = k8s.core.v1.ServiceAccount(
            ACCOUNT,
            metadata=site.metadata(ACCOUNT, "flink", annotations=args.annotations),
            opts=self.child(),
        )
        verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
        self.role = k8s.rbac.v1.Role(
            ACCOUNT,
            metadata=site.metadata(ACCOUNT, "flink"),
            rules=[
                k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["pods", "configmaps"], verbs=verbs),
                k8s.rbac.v1.PolicyRuleArgs(api_groups=["apps"], resources=["deployments"], verbs=verbs),
            ],
            opts=self.child(),
        )
        self.binding = k8s.rbac.v1.RoleBinding(
            ACCOUNT,
            metadata=site.metadata(ACCOUNT, "flink"),
            role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=ACCOUNT),
            subjects=[k8s.rbac.v1.SubjectArgs(kind="ServiceAccount", name=ACCOUNT, namespace=site.namespace)],
            opts=self.child(after=[self.account, self.role]),
        )
        self.register_outputs({"name": ACCOUNT})
