"""A refusal of a job names settings that help; a job manager grows with what it leads."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sizing.stacks import SMALL, merged, rates, sized

from weir.sizing import SizingRefused
from weir.sizing.flink import job_manager_memory_mib

pytestmark = pytest.mark.unit

HEAVY = merged(SMALL, {"workload": rates(20_000, 2000), "resources": {"largest_pod": {"disk_gib": 60_000}}})
HASHMAP = {"state_backend": "hashmap"}
CASES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "heap and no more tasks": (
        {"flink": {"flights": HASHMAP}},
        "resources.flink.flights.state_backend",
        {"flink": {"flights": {"state_backend": "rocksdb"}}},
    ),
    "heap, the largest pod": (
        {"flink": {"flights": HASHMAP}},
        "resources.largest_pod.memory_mib",
        {"largest_pod": {"memory_mib": 1_000_000}},
    ),
    "heap, more tasks": (
        {"flink": {"flights": HASHMAP}},
        "resources.flink.flights.parallelism",
        {"flink": {"flights": {"parallelism": 100}}, "max_flink_task_managers": 100},
    ),
    "a small task manager": (
        {"flink": {"flights": {"task_manager": {"memory_mib": 1536}}}},
        "resources.flink.flights.task_manager.memory_mib",
        {"flink": {"flights": {"task_manager": {"memory_mib": 8192}}}},
    ),
    "few task managers": (
        {"max_flink_task_managers": 1},
        "resources.max_flink_task_managers",
        {"max_flink_task_managers": 64},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_refusal_names_lets_the_job_in(name: str) -> None:
    resources, setting, remedy = CASES[name]
    with pytest.raises(SizingRefused) as caught:
        sized(HEAVY, resources=resources)
    assert setting in caught.value.limit
    assert sized(merged(HEAVY, {"resources": resources}), resources=remedy).flink["flights"].parallelism > 0


@pytest.mark.parametrize(
    ("task_managers", "parallelism", "memory_mib"),
    [(1, 1, 2048), (12, 48, 2048), (40, 128, 2048), (41, 160, 2304), (151, 604, 3584), (500, 1024, 6656)],
)
def test_a_job_manager_grows_with_what_it_leads(task_managers: int, parallelism: int, memory_mib: int) -> None:
    assert job_manager_memory_mib(task_managers, parallelism) == memory_mib
