"""Stacks and pipelines for sizing tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from weir.catalog.environment import resolve
from weir.catalog.pipeline import load_pipeline
from weir.config.stack import StackConfig
from weir.sizing import PlatformPlan, plan_for

REPOSITORY = Path(__file__).parents[2]
FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")
SMALL: dict[str, Any] = {"environment": "test", "target": "kubernetes", "pipelines": ["flights"]}
AVAILABLE: dict[str, Any] = {
    **SMALL,
    "availability": {
        "zones": ["a", "b", "c"],
        "kafka_replication_factor": 3,
        "kafka_min_in_sync_replicas": 2,
        "cassandra_replication_factor": 3,
        "highly_available": True,
    },
    "storage": {"object_storage": {"bucket": "weir-test", "workload_identity": True}},
}


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`base` with `changes` laid over it, group by group."""
    result = dict(base)
    for name, value in changes.items():
        kept = result.get(name)
        result[name] = merged(kept, value) if isinstance(kept, dict) and isinstance(value, dict) else value
    return result


def stack_of(base: dict[str, Any] = SMALL, **changes: Any) -> StackConfig:
    """A stack: `base` with some groups changed."""
    return StackConfig.model_validate(merged(base, changes))


def sized(base: dict[str, Any] = SMALL, **changes: Any) -> PlatformPlan:
    """The plan of flights on such a stack."""
    return plan_for(resolve(stack_of(base, **changes), [FLIGHTS]))


def rates(peak: float, mean: float | None = None, **more: Any) -> dict[str, Any]:
    """The workload group for one peak; the mean is a fifth of it where not given, and no partition is wide."""
    flights = {
        "peak_events_per_second": peak,
        "mean_events_per_second": peak / 5 if mean is None else mean,
        "expected_values": {"origin": 1e6},
    }
    return {"pipelines": {"flights": flights}, **more}
