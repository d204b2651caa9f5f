"""The operators, each from its chart: the only charts there are, and the first to come and the last to go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site
from weir.components.network_flows import Flow
from weir.components.network_policies import NetworkPolicies
from weir.components.secret import GeneratedSecret, GeneratedSecretArgs, random_password
from weir.config.versions import Chart
from weir.config.yaml_text import parsed

COMPONENT = "operators"
TIMEOUT_SECONDS = 600
WEBHOOK_SECRET = "flink-operator-webhook"  # noqa: S105 - its name, as helm-values/flink-kubernetes-operator.yaml has it

EVERY_NAMESPACE: Mapping[str, Mapping[str, Any]] = {
    "strimzi-kafka-operator": {"watchAnyNamespace": True},
    "k8ssandra-operator": {"global": {"clusterScoped": True}},
    "superset-operator": {"watch": {"scope": "cluster"}},
}
"""How each chart is told to serve the whole cluster.

Left alone, Strimzi's and K8ssandra's operators serve the namespace that they run in (STRIMZI_NAMESPACE and
WATCH_NAMESPACE in the charts' Deployments), Flink's and Superset's every one.
"""


@dataclass(frozen=True)
class OperatorsArgs:
    """`values_folder` has `<chart>.yaml` with what is the same everywhere; what differs is made here.

    The operators run in `namespace`. `watch_namespace` is None where they serve the whole cluster.
    """

    charts: Sequence[Chart]
    values_folder: Path
    namespace: str
    watch_namespace: str | None
    flows: Sequence[Flow] = ()
    """What their network allows; without any, nothing is denied."""

    def __post_init__(self) -> None:
        missing = [chart.name for chart in self.charts if not (self.values_folder / f"{chart.name}.yaml").is_file()]
        if missing:
            raise ValueError(f"operators: no values for {', '.join(missing)}; add {self.values_folder}/<chart>.yaml")


class Operators(Component):
    """A release for each chart, in a namespace of the operators' own.

    Custom resources come after `ready`. They also go before it: an operator that is gone removes no finalizer, and a
    resource that waits for one hangs for ever.
    """

    def __init__(self, site: Site, args: OperatorsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:Operators", COMPONENT, site, opts)
        self.namespace = args.namespace
        namespace = k8s.core.v1.Namespace(
            self.namespace,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=self.namespace,
                labels={
                    **site.labels(self.namespace, COMPONENT),
                    "pod-security.kubernetes.io/enforce": "restricted",
                },
            ),
            opts=self.child(),
        )
        inside = replace(site, namespace=self.namespace, foundation=(*site.foundation, namespace))
        if args.flows:
            NetworkPolicies(inside, args.flows, pulumi.ResourceOptions(parent=self), name="operators-network")
        webhook = GeneratedSecret(
            WEBHOOK_SECRET,
            inside,
            GeneratedSecretArgs(COMPONENT, lambda: {"password": random_password()}),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready: list[pulumi.Resource] = []
        before: list[pulumi.Resource] = [namespace, webhook.secret]
        for chart in args.charts:
            release = self._release(chart, _values(args, chart, self.namespace), before)
            self.ready.append(release)
            if chart.name == "cert-manager":
                # The others' webhooks have certificates of it.
                before = [*before, release]
        self.register_outputs({"namespace": self.namespace})

    def _release(
        self, chart: Chart, values: Mapping[str, Any], after: Sequence[pulumi.Resource]
    ) -> k8s.helm.v3.Release:
        oci = chart.repository.startswith("oci://")
        return k8s.helm.v3.Release(
            chart.name,
            name=chart.name,
            chart=f"{chart.repository}/{chart.name}" if oci else chart.name,
            repository_opts=None if oci else k8s.helm.v3.RepositoryOptsArgs(repo=chart.repository),
            version=chart.version,
            namespace=self.namespace,
            values=dict(values),
            # A release that fails half-way is taken back as a whole.
            atomic=True,
            timeout=TIMEOUT_SECONDS,
            opts=self.child(after=after),
        )


def _values(args: OperatorsArgs, chart: Chart, namespace: str) -> dict[str, Any]:
    text = (args.values_folder / f"{chart.name}.yaml").read_text(encoding="utf-8")
    watched = (
        _watched(chart.name, args.watch_namespace) if args.watch_namespace else EVERY_NAMESPACE.get(chart.name, {})
    )
    # Not in kube-system, the chart's default, where some clusters let nobody write.
    own = {"global": {"leaderElection": {"namespace": namespace}}} if chart.name == "cert-manager" else {}
    return {**parsed(text), **watched, **own}


def _watched(chart: str, namespace: str) -> dict[str, Any]:
    """How each chart is told to look after one namespace alone."""
    return {
        "strimzi-kafka-operator": {"watchNamespaces": [namespace], "watchAnyNamespace": False},
        "flink-kubernetes-operator": {"watchNamespaces": [namespace]},
        "superset-operator": {"watch": {"scope": "namespaces", "namespaces": [namespace]}},
        # K8ssandra's scope is its own namespace or the cluster; in the latter it may be told which to watch.
        "k8ssandra-operator": {"global": {"clusterScoped": True, "watchNamespaces": [namespace]}},
    }.get(chart, {})
