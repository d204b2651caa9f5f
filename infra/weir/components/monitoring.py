"""What Prometheus scrapes, and when it alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from weir.components.base import Component, CustomKind, Site, custom_resource

COMPONENT = "monitoring"


@dataclass(frozen=True)
class Target:
    """Pods with metrics: the labels that select them, and the name of their port."""

    name: str
    labels: Mapping[str, str]
    port: str
    path: str = "/metrics"


@dataclass(frozen=True)
class Alert:
    """An alert fires if its condition holds for `minutes`; `action` is the first thing to do about it.

    `runbook` is the path of the runbook in the repository.
    """

    name: str
    expression: str
    minutes: int
    severity: str
    summary: str
    action: str
    runbook: str = ""


@dataclass(frozen=True)
class MonitoringArgs:
    """`labels` are those by which the existing Prometheus selects monitors and rules."""

    monitor_api_version: str
    rule_api_version: str
    targets: Sequence[Target]
    alerts: Sequence[Alert]
    interval_seconds: int
    labels: Mapping[str, str] = field(default_factory=dict)


class Monitoring(Component):
    """A PodMonitor for each target, and one PrometheusRule with all alerts."""

    def __init__(self, site: Site, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("monitoring:Monitoring", COMPONENT, site, opts)
        for target in args.targets:
            custom_resource(
                f"monitor-{target.name}",
                CustomKind(args.monitor_api_version, "PodMonitor"),
                site.metadata(target.name, COMPONENT, labels=args.labels),
                {
                    "selector": {"matchLabels": dict(target.labels)},
                    "podMetricsEndpoints": [
                        {"port": target.port, "path": target.path, "interval": f"{args.interval_seconds}s"}
                    ],
                },
                self.child(),
            )
        if args.alerts:
            rules = [_rule(site, alert) for alert in args.alerts]
            custom_resource(
                "alerts",
                CustomKind(args.rule_api_version, "PrometheusRule"),
                site.metadata("weir", COMPONENT, labels=args.labels),
                {"groups": [{"name": f"weir-{site.environment}", "rules": rules}]},
                self.child(),
            )
        self.register_outputs({})


def _rule(site: Site, alert: Alert) -> dict[str, object]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": f"{alert.minutes}m",
        "labels": {"severity": alert.severity, "environment": site.environment, "owner": site.owner},
        "annotations": {
            "summary": alert.summary,
            "action": alert.action,
            **({"runbook": alert.runbook} if alert.runbook else {}),
        },
    }
