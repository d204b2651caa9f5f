"""Events larger than a mebibyte are given memory by the plan, or refused with the number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.sizing.stacks import FLIGHTS, stack_of

from weir.catalog.environment import resolve
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.sizing import PlatformPlan, SizingRefused, plan_for
from weir.sizing.explanation import Bound

pytestmark = pytest.mark.unit

MIB = 2**20
WRITTEN = 16 * MIB + 65_536


def flights(mebibytes: int, engine: Engine = Engine.FLINK) -> Pipeline:
    on_engine = FLIGHTS.on(engine)
    source = on_engine.spec.source.model_copy(update={"max_event_bytes": mebibytes * MIB})
    return replace(on_engine, spec=on_engine.spec.model_copy(update={"source": source}))


def planned(mebibytes: int, engine: Engine = Engine.FLINK) -> PlatformPlan:
    return plan_for(resolve(stack_of(), [flights(mebibytes, engine)]))


def test_brokers_and_nodes_take_what_the_engine_writes() -> None:
    usual, large = planned(1), planned(8)
    assert usual.kafka.largest_message_bytes == usual.cassandra.largest_row_bytes == 2 * MIB + 65_536
    assert large.kafka.largest_message_bytes == large.cassandra.largest_row_bytes == WRITTEN


def test_a_task_manager_has_room_for_eight_copies_of_each_slots_event() -> None:
    usual, large = planned(1).flink["flights"], planned(8).flink["flights"]
    more = large.task_manager.memory_mib - usual.task_manager.memory_mib
    assert more >= 8 * 7 * usual.task_slots


def test_instances_and_loaders_have_it_too() -> None:
    usual, large = (planned(size, Engine.KAFKA_STREAMS).streams["flights"] for size in (1, 8))
    assert (large.instance.heap_mib or 0) - (usual.instance.heap_mib or 0) >= 8 * 7 * usual.settings.threads
    assert large.loader.memory_mib - usual.loader.memory_mib >= 8 * 7


def test_a_node_whose_heap_is_too_small_for_a_request_is_refused() -> None:
    stack = stack_of(resources={"cassandra": {"node": {"memory_mib": 1024}}})
    with pytest.raises(SizingRefused, match=r"16,842,752 bytes; .* needs a heap of 643 MiB, but has 512") as refused:
        plan_for(resolve(stack, [flights(8)]))
    assert refused.value.bottleneck is Bound.MEMORY
    assert "max_event_bytes" in refused.value.limit
