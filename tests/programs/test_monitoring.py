"""What is measured, and that alerts follow the plan."""

from __future__ import annotations

from typing import Any

import pytest
from tests.renderings import rendered, rendered_with

from weir.config.repository import REPOSITORY
from weir.programs.rendering import Rendering

pytestmark = pytest.mark.unit


def rules(rendering: Rendering) -> dict[str, Any]:
    (found,) = [entry for entry in rendering.manifests if entry.inputs["kind"] == "PrometheusRule"]
    return {rule["alert"]: rule for group in found.inputs["spec"]["groups"] for rule in group["rules"]}


def monitors(rendering: Rendering) -> dict[str, Any]:
    found = [entry.inputs for entry in rendering.manifests if entry.inputs["kind"] == "PodMonitor"]
    return {entry["metadata"]["name"]: entry["spec"] for entry in found}


def test_kafka_flink_and_the_registry_are_scraped_at_ports_pods_name() -> None:
    assert set(monitors(rendered("prod"))) == {"flink", "kafka", "registry"}
    for name in ("flink", "registry"):
        spec = monitors(rendered("prod"))[name]
        (endpoint,) = spec["podMetricsEndpoints"]
        assert f"'name': '{endpoint['port']}'" in str([entry.inputs for entry in rendered("prod").manifests])


@pytest.mark.parametrize(("mean", "minutes", "limit"), [(2000, 5, 600_000), (3000, 10, 1_800_000)])
def test_the_allowed_lag_is_minutes_of_the_mean_rate(mean: int, minutes: int, limit: int) -> None:
    changes = {
        "weir:workload.pipelines.flights.mean_events_per_second": mean,
        "weir:observability": {"consumer_lag_alert_minutes": minutes},
    }
    expression = rules(rendered_with("prod", changes))["WeirLagFlights"]["expr"]
    assert expression.endswith(f"> {limit}")


def test_events_may_be_as_late_as_the_stack_says() -> None:
    changes = {"weir:observability": {"freshness_p99_alert_seconds": 2.5}}
    rule = rules(rendered_with("prod", changes))["WeirEventsAreLate"]
    assert rule["expr"].endswith("[10m:]) > 2500")
    assert "2.5 s" in rule["annotations"]["summary"]
    assert rules(rendered("prod"))["WeirEventsAreLate"]["expr"].endswith("> 30000")


def test_every_alert_says_what_to_do_and_whose_it_is() -> None:
    for rule in rules(rendered("prod")).values():
        assert rule["annotations"]["action"]
        assert rule["labels"]["owner"] == "data-platform"
        assert 'namespace="weir-prod"' in rule["expr"]


def test_both_can_be_switched_off() -> None:
    off = rendered_with("dev", {"weir:observability": {"pod_monitors": False, "alerts": False}})
    kinds = {entry.inputs["kind"] for entry in off.manifests}
    assert not kinds & {"PodMonitor", "PrometheusRule", "ServiceMonitor"}


def test_a_job_that_restarts_without_a_checkpoint_loops() -> None:
    rule = rules(rendered("prod"))["WeirJobLooping"]
    assert rule["expr"] == (
        'increase(flink_jobmanager_job_numRestarts{namespace="weir-prod"}[180s]) >= 3 and '
        'increase(flink_jobmanager_job_numberOfCompletedCheckpoints{namespace="weir-prod"}[180s]) == 0'
    )
    assert rule["for"] == "0m"
    slow = rendered_with("prod", {"weir:flink.checkpoint_interval_seconds": 120})
    assert "[360s]" in rules(slow)["WeirJobLooping"]["expr"]


def test_a_runbook_that_an_alert_names_is_there() -> None:
    named = {rule["annotations"].get("runbook") for rule in rules(rendered("prod")).values()} - {None}
    assert named
    for name in named:
        assert (REPOSITORY / name).is_file(), name
