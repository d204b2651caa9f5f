"""Six workloads, from a trial to 200,000 events a second, and what both capacity models are told of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.sizing.stacks import AVAILABLE, FLIGHTS, SMALL, merged, stack_of

from weir.catalog.environment import resolve
from weir.catalog.retention import SECONDS_PER_DAY
from weir.config.stack import StackConfig
from weir.sizing import PlatformPlan, plan_for
from weir.sizing.cassandra import COMPRESSION
from weir.sizing.kafka_topics import mean_bytes
from weir.sizing.load import Load, load_of
from weir.sizing.row_bytes import row_bytes
from weir.sizing.shares import GIB
from weir.sizing.state import total_writes_per_second
from weir.sizing.trino_superset import queries_per_second


@dataclass(frozen=True)
class Workload:
    """Events per second, hours in Kafka, days in Cassandra, and whether a zone may fail."""

    mean: float
    peak: float
    hours: int
    days: int
    available: bool = True
    users: int = 20

    @property
    def stack(self) -> StackConfig:
        """A stack for it, with roomy nodes, no growth, and the default headroom."""
        base = AVAILABLE if self.available else SMALL
        changes = {
            "workload": {
                "pipelines": {
                    "flights": {
                        "mean_events_per_second": self.mean,
                        "peak_events_per_second": self.peak,
                        "expected_values": {"origin": 1e6},
                    }
                },
                "planning_months": 0,
                "dashboard_users": self.users,
            },
            "retention": {
                "pipelines": {
                    "flights": {
                        "source_retention_hours": self.hours,
                        "deduplication_horizon_hours": self.hours + 24,
                        "rows_ttl_days": self.days,
                    }
                }
            },
            "resources": {"max_kafka_brokers": 90, "max_cassandra_nodes": 300, "max_flink_task_managers": 200},
            "flink": {"max_parallelism": 1024},
        }
        return stack_of(merged(base, changes))


WORKLOADS: Mapping[str, Workload] = {
    "trial": Workload(mean=20, peak=1000, hours=24, days=14, available=False, users=2),
    "small": Workload(mean=200, peak=1000, hours=72, days=30),
    "medium": Workload(mean=1000, peak=5000, hours=168, days=90),
    "production": Workload(mean=4000, peak=20_000, hours=168, days=90, users=100),
    "large": Workload(mean=20_000, peak=60_000, hours=72, days=30, users=100),
    "very large": Workload(mean=100_000, peak=200_000, hours=24, days=7, users=500),
}


def load_for(workload: Workload) -> Load:
    """The load that the plan is made for."""
    stack = workload.stack
    (pipeline,) = resolve(stack, [FLIGHTS]).pipelines
    return load_of(pipeline, stack.workload)


def plan_of(workload: Workload) -> PlatformPlan:
    """Our plan."""
    return plan_for(resolve(workload.stack, [FLIGHTS]))


def inputs() -> dict[str, Any]:
    """What Netflix's models are told of each workload: the same rates, with the same headroom, and the same copies."""
    return {
        name: {"kafka": _kafka(workload), "cassandra": _cassandra(workload)} for name, workload in WORKLOADS.items()
    }


def _kafka(workload: Workload) -> dict[str, Any]:
    load, stack = load_for(workload), workload.stack
    copies = stack.availability.kafka_replication_factor
    return {
        "available": workload.available,
        "copies": copies,
        "bytes_per_second": round(load.planned_bytes_per_second),
        "readers": 1,
        "stored_gib": round(mean_bytes(load, workload.hours) * copies / GIB, 1),
    }


def _cassandra(workload: Workload) -> dict[str, Any]:
    load, stack = load_for(workload), workload.stack
    stored = load.distinct_mean * workload.days * SECONDS_PER_DAY * row_bytes(load) * COMPRESSION
    return {
        "available": workload.available,
        "copies": stack.availability.cassandra_replication_factor,
        "writes_per_second": round(load.distinct_processed + total_writes_per_second(load)),
        "reads_per_second": round(queries_per_second(stack), 1),
        "row_bytes": round(row_bytes(load)),
        "stored_gib": round(stored / GIB, 1),
    }
