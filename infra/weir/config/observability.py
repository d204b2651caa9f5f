"""Metrics and alerts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.config.base import Frozen


class ObservabilityConfig(Frozen):
    """Monitoring and alerts."""

    pod_monitors: Annotated[bool, Field(description="Create PodMonitors for the Prometheus operator.")] = True
    alerts: Annotated[bool, Field(description="Create PrometheusRules for lag, full disks, failed checkpoints.")] = True
    labels: Annotated[
        dict[str, str], Field(description="The labels by which your Prometheus selects monitors and rules.")
    ] = {}
    scrape_interval_seconds: Annotated[int, Field(ge=5, le=600)] = 30
    freshness_p99_alert_seconds: Annotated[
        float, Field(gt=0, description="99 of 100 events must be read by their job within this time.")
    ] = 30
    consumer_lag_alert_minutes: Annotated[
        float, Field(gt=0, description="Alert above this lag, in minutes of the mean rate.")
    ] = 5
