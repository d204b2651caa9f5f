"""Whole plans, number by number: a constant of sizing that changes shows here as a line that a person reads.

`WEIR_UPDATE_PLANS=1 .venv/bin/python -m pytest tests/sizing/test_pinned_plans.py` writes tests/sizing/plans anew.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from tests.sizing.stacks import AVAILABLE, FLIGHTS, SMALL, merged, rates, sized, stack_of

from weir.catalog.environment import resolve
from weir.catalog.spec import Engine
from weir.catalog.tables import Table
from weir.sizing import PlatformPlan, SizingRefused, plan_for
from weir.sizing.figures import figures_of

pytestmark = pytest.mark.unit

PLANS = Path(__file__).parent / "plans"
PODS = {"largest_pod": {"cpu_cores": 64, "memory_mib": 262_144, "disk_gib": 8000}}
SCENARIOS: dict[str, dict[str, Any]] = {
    "small": SMALL,
    "available": AVAILABLE,
    # State in RocksDB, more than one broker, node and task manager.
    "large": merged(AVAILABLE, {"workload": rates(30_000, 2_000), "resources": PODS}),
    "small-large": merged(SMALL, {"workload": rates(20_000), "resources": PODS}),
    "tiered": merged(AVAILABLE, {"retention": {"tiered_storage": {"enabled": True, "local_retention_hours": 6}}}),
    "held": merged(AVAILABLE, {"retention": {"pipelines": {"flights": {"legal_hold": True}}}, "resources": PODS}),
    "aiven": merged(
        AVAILABLE,
        {
            "kafka": {"provider": "aiven", "aiven": {"project": "weir", "cloud_name": "aws-eu-west-1"}},
            "prices": {
                "aiven_plans": {
                    "business-4": {"month": 500, "included_disk_gib": 300, "maximum_disk_gib": 2000},
                    "business-8": {"month": 900, "included_disk_gib": 600, "maximum_disk_gib": 4000},
                }
            },
        },
    ),
}
NODE = {"cpu_cores": 3, "memory_mib": 12_288, "disk_gib": 700}
POD = {"cpu_cores": 3, "memory_mib": 6144}
OVERRIDES = {
    "kafka": {"brokers": 6, "controllers": 5, "broker": {**NODE, "disk_gib": 1500}, "controller": NODE},
    "cassandra": {"nodes_per_rack": 5, "node": {**NODE, "disk_gib": 4000}},
    "flink": {"flights": {"parallelism": 6, "state_backend": "rocksdb", "task_manager": NODE, "job_manager": POD}},
    "streams": {"flights": {"instances": 4, "instance": NODE, "loaders": 3, "loader": POD}},
    "registry": POD,
    "trino": {"workers": 4, "coordinator": POD, "worker": POD},
    "superset": {"web_replicas": 3, "web": POD, "worker_replicas": 2, "postgresql": NODE, "valkey": POD},
    "quota": {"cpu_cores": 900, "memory_mib": 9_000_000, "disk_gib": 90_000},
    "cpu_request_share": 0.5,
}
SCENARIOS["overridden"] = merged(AVAILABLE, {"resources": OVERRIDES})
STREAMS = {
    "streams": SMALL,
    "streams-overridden": merged(AVAILABLE, {"resources": OVERRIDES}),
    "streams-large": merged(AVAILABLE, {"workload": rates(20_000), "resources": PODS}),
}


def plan_of(name: str) -> PlatformPlan:
    """The plan of a scenario."""
    if name in STREAMS:
        return plan_for(resolve(stack_of(STREAMS[name]), [FLIGHTS.on(Engine.KAFKA_STREAMS)]))
    return sized(SCENARIOS[name])


@pytest.mark.parametrize("name", [*SCENARIOS, *STREAMS])
def test_a_plan_is_the_one_that_was_read(name: str) -> None:
    _compare(PLANS / f"{name}.yaml", written(plan_of(name)))


def refusal_of(resources: dict[str, Any], engine: Engine, base: dict[str, Any]) -> str:
    """What sizing says of a stack with too little."""
    with pytest.raises(SizingRefused) as refused:
        plan_for(resolve(stack_of(base, resources=resources), [FLIGHTS.on(engine)]))
    return str(refused.value)


def test_a_refusal_is_the_one_that_was_read() -> None:
    said = [
        f"{engine.value}, {resources}: {refusal_of(resources, engine, base)}"
        for engine, base, resources in (
            (Engine.FLINK, SMALL, {"kafka": {"broker": {"disk_gib": 1}, "brokers": 1}}),
            (Engine.FLINK, SMALL, {"largest_pod": {"network_mib_per_second": 0.01}}),
            (Engine.FLINK, SMALL, {"largest_pod": {"disk_mib_per_second": 0.01}}),
            (Engine.FLINK, SMALL, {"max_cassandra_nodes": 1, "largest_pod": {"disk_gib": 600}}),
            (Engine.FLINK, AVAILABLE, {"cassandra": {"nodes_per_rack": 1, "node": {"disk_gib": 50}}}),
            (Engine.FLINK, AVAILABLE, {"flink": {"flights": {"parallelism": 1}}}),
            (Engine.FLINK, SMALL, {"max_flink_task_managers": 1, "largest_pod": {"memory_mib": 2048}}),
            (Engine.FLINK, SMALL, {"quota": {"cpu_cores": 1, "memory_mib": 10**7, "disk_gib": 10**7}}),
            (Engine.FLINK, SMALL, {"quota": {"cpu_cores": 1000, "memory_mib": 1024, "disk_gib": 10**7}}),
            (Engine.FLINK, SMALL, {"quota": {"cpu_cores": 1000, "memory_mib": 10**7, "disk_gib": 100}}),
            (Engine.KAFKA_STREAMS, AVAILABLE, {"streams": {"flights": {"instances": 1}}}),
            (
                Engine.KAFKA_STREAMS,
                SMALL,
                {"max_streams_instances": 1, "largest_pod": {"disk_gib": 3000, "memory_mib": 1024}},
            ),
            (Engine.KAFKA_STREAMS, SMALL, {"streams": {"flights": {"loaders": 1, "loader": {"cpu_cores": 0.1}}}}),
        )
    ]
    _compare(PLANS / "refusals.yaml", yaml.safe_dump(said, width=150, allow_unicode=True))


def _compare(path: Path, text: str) -> None:
    if "WEIR_UPDATE_PLANS" in os.environ:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"another plan; read the difference, then {__doc__}"


def written(plan: PlatformPlan) -> str:
    """The plan as YAML, tables by their numbers alone, and the figures that a person sees of it."""
    figures = [f"{figure.name}: {figure.text}" for figure in figures_of(plan)]
    return yaml.safe_dump(
        {**_plain(plan), "figures": figures}, sort_keys=False, default_flow_style=None, width=150, allow_unicode=True
    )


def _plain(value: Any) -> Any:
    """What YAML writes: groups as mappings, floats to nine digits."""
    if isinstance(value, Table):
        value = {"name": value.name, "ttl_seconds": value.ttl_seconds, "gc_grace_seconds": value.gc_grace_seconds}
    elif isinstance(value, BaseModel):
        value = value.model_dump()
    elif dataclasses.is_dataclass(value):
        value = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    return float(f"{value:.9g}") if isinstance(value, float) else value
