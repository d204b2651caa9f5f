"""Metrics and alerts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.config.base import Frozen


class ObservabilityConfig(Frozen):
    """What is measured and who is told."""

    pod_monitors: Annotated[bool, Field(description="PodMonitors of the Prometheus operator.")] = True
    alerts: Annotated[bool, Field(description="PrometheusRules: lag, full disks, failed checkpoints.")] = True
    labels: Annotated[dict[str, str], Field(description="What your Prometheus selects monitors and rules by.")] = {}
    scrape_interval_seconds: Annotated[int, Field(ge=5, le=600)] = 30
    freshness_p99_alert_seconds: Annotated[
        float, Field(gt=0, description="How long an event in a hundred may wait until its job reads it.")
    ] = 30
    consumer_lag_alert_minutes: Annotated[float, Field(gt=0, description="Lag in minutes of the mean rate.")] = 5
