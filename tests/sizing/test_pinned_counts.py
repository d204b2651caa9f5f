"""How many pods there are as the largest pod grows: from which size on each number is enough.

`WEIR_UPDATE_PLANS=1 .venv/bin/python -m pytest tests/sizing/test_pinned_counts.py` writes plans/counts.yaml anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.sizing.stacks import AVAILABLE, FLIGHTS, SMALL, merged, rates, stack_of

from weir.catalog.environment import resolve
from weir.catalog.spec import Engine
from weir.sizing import PlatformPlan, SizingRefused, plan_for

pytestmark = pytest.mark.unit

FILE = Path(__file__).parent / "plans" / "counts.yaml"
ROOMY = {"cpu_cores": 64, "memory_mib": 262_144, "disk_gib": 8000}
LARGE = merged(AVAILABLE, {"workload": rates(30_000, 1_000)})
BUSY = merged(SMALL, {"workload": rates(20_000, 1_000)})


@dataclass(frozen=True)
class Ladder:
    """A load, the limit that grows, and what is counted."""

    base: dict[str, Any]
    engine: Engine
    limit: str
    sizes: Sequence[float]
    count: Callable[[PlatformPlan], int]
    of_instance: bool = False
    """Whether the limit is that of an instance of Kafka Streams alone; else it is every pod's."""

    def resources(self, size: float) -> dict[str, Any]:
        """The setting of the stack that holds the limit."""
        if self.of_instance:
            return {"largest_pod": ROOMY, "streams": {"flights": {"instance": {self.limit: size}}}}
        return {"largest_pod": {**ROOMY, self.limit: size}}


LADDERS = {
    "streams instances": Ladder(
        BUSY,
        Engine.KAFKA_STREAMS,
        "memory_mib",
        range(512, 3072, 16),
        lambda plan: plan.streams["flights"].instances,
        of_instance=True,
    ),
    "loaders": Ladder(
        BUSY, Engine.KAFKA_STREAMS, "cpu_cores", (1, 2, 3, 4, 5, 6, 8), lambda plan: plan.streams["flights"].loaders
    ),
    "task managers": Ladder(
        BUSY, Engine.FLINK, "memory_mib", range(4096, 49_152, 512), lambda plan: plan.flink["flights"].task_managers
    ),
    "brokers, by disk": Ladder(LARGE, Engine.FLINK, "disk_gib", range(400, 8000, 100), lambda plan: plan.kafka.brokers),
    "brokers, by network": Ladder(
        LARGE, Engine.FLINK, "network_mib_per_second", range(2, 40), lambda plan: plan.kafka.brokers
    ),
    "brokers, by throughput": Ladder(
        LARGE, Engine.FLINK, "disk_mib_per_second", range(2, 40), lambda plan: plan.kafka.brokers
    ),
    "nodes, by disk": Ladder(
        LARGE, Engine.FLINK, "disk_gib", range(2000, 8000, 100), lambda plan: plan.cassandra.nodes
    ),
    "nodes, by cores": Ladder(LARGE, Engine.FLINK, "cpu_cores", range(1, 9), lambda plan: plan.cassandra.nodes),
}


def steps(ladder: Ladder) -> dict[float, int | str]:
    """The sizes at which the count changes, and the count from there on."""
    found: dict[float, int | str] = {}
    last: int | str | None = None
    for size in ladder.sizes:
        stack = stack_of(ladder.base, resources=ladder.resources(size))
        try:
            count: int | str = ladder.count(plan_for(resolve(stack, [FLIGHTS.on(ladder.engine)])))
        except SizingRefused as refused:
            count = f"refused: {refused.bottleneck.value}"
        if count != last:
            found[size] = last = count
    return found


def test_the_numbers_of_pods_change_where_they_did_when_they_were_read() -> None:
    text = yaml.safe_dump({name: steps(ladder) for name, ladder in LADDERS.items()}, sort_keys=False)
    if "WEIR_UPDATE_PLANS" in os.environ:
        FILE.write_text(text, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text, f"other numbers; read the difference, then {__doc__}"
