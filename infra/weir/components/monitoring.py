"""What Prometheus is told to read, and when it tells people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from weir.components.base import Component, CustomKind, Site, custom_resource

COMPONENT = "monitoring"


@dataclass(frozen=True)
class Target:
    """Pods with metrics: how they are found, and the name of their port."""

    name: str
    labels: Mapping[str, str]
    port: str
    path: str = "/metrics"


@dataclass(frozen=True)
class Alert:
    """A condition that must hold for `minutes`; `action` is what a person does about it first.

    `runbook` is the file that says more, from the repository's root.
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
    """`labels` are what the company's Prometheus selects monitors and rules by."""

    monitor_api_version: str
    rule_api_version: str
    targets: Sequence[Target]
    alerts: Sequence[Alert]
    interval_seconds: int
    labels: Mapping[str, str] = field(default_factory=dict)


class Monitoring(Component):
    """A PodMonitor for each target, and one PrometheusRule with every alert."""

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
