"""What is started for which name, and how memory is divided."""

from __future__ import annotations

import pytest

from weir.catalog.spec import Engine
from weir.config.errors import WeirError
from weir.config.flink import FlinkConfig, GarbageCollector, StateBackend
from weir.config.stack import StackConfig
from weir.local import jvm, services
from weir.local.flink import (
    FRAMEWORK_HEAP_MIB,
    FRAMEWORK_OFF_HEAP_MIB,
    METASPACE_MIB,
    TASK_OFF_HEAP_MIB,
    task_manager_memory,
)

pytestmark = pytest.mark.unit


def test_services_are_chosen_in_starting_order() -> None:
    assert services.chosen("flink, kafka") == ["kafka", "flink"]
    assert services.chosen(None) == list(services.TOOLS)


def test_an_unknown_service_is_refused_with_the_known_ones() -> None:
    with pytest.raises(WeirError, match="unknown service zookeeper; known: kafka"):
        services.chosen("kafka,zookeeper")


def test_the_monitor_is_not_started_without_the_pipelines_it_watches() -> None:
    with pytest.raises(WeirError, match="monitor watches the pipelines, which --only does not start; remove it"):
        services.chosen("kafka,cassandra,flink,monitor")


def test_flink_is_a_job_manager_and_the_task_managers_of_the_stack(stack: StackConfig) -> None:
    three = stack.model_copy(update={"flink": FlinkConfig(task_managers=3)})
    names = services.process_names(["kafka", "flink"], three)
    assert names == ["kafka", "flink-jobmanager", *(f"flink-taskmanager-{number}" for number in (1, 2, 3))]


def test_what_the_stack_says_is_there_already_is_not_started(stack: StackConfig) -> None:
    kafka = {"bootstrap_servers": ["localhost:19092"], "tls": False, "authentication": "none"}
    registry = {"provider": "existing", "existing": {"url": "http://localhost:18081"}}
    settings = stack.model_dump(by_alias=True, exclude_unset=True)
    beside = StackConfig.model_validate(settings | {"kafka": {"provider": "existing", "existing": kafka}})
    neither = StackConfig.model_validate(
        settings | {"kafka": beside.kafka.model_dump(exclude_unset=True), "registry": registry}
    )
    names = ["kafka", "cassandra", "registry"]
    assert services.own(names, stack) == names
    assert services.own(names, beside) == ["cassandra", "registry"]
    assert services.own(names, neither) == ["cassandra"]
    with pytest.raises(WeirError, match="kafka: the stack says that this is there already"):
        services.own(["kafka"], neither)


@pytest.mark.parametrize("backend", list(StateBackend))
@pytest.mark.parametrize("process_mib", [1536, 1792, 4096, 32768])
def test_the_parts_of_a_task_manager_add_up(process_mib: int, backend: StateBackend) -> None:
    memory = task_manager_memory(process_mib, backend)
    fixed = FRAMEWORK_HEAP_MIB + FRAMEWORK_OFF_HEAP_MIB + TASK_OFF_HEAP_MIB + METASPACE_MIB
    assert memory.task_heap + memory.managed + memory.network + memory.overhead + fixed == process_mib
    assert memory.task_heap > 0
    assert (memory.managed > 0) == (backend is StateBackend.ROCKSDB)


def test_a_task_manager_too_small_for_its_state_backend_is_refused() -> None:
    with pytest.raises(WeirError, match=r"flink_task_manager_process_mib: 1024 leaves .* state backend rocksdb"):
        task_manager_memory(1024, StateBackend.ROCKSDB)
    assert task_manager_memory(1024, StateBackend.HASHMAP).task_heap > 0


def test_a_parallel_heap_is_whole_from_the_start_and_a_g1_heap_grows() -> None:
    assert jvm.heap(2048) == ("-Xms128m", "-Xmx2048m", "-XX:+UseG1GC")
    assert jvm.heap(2048, GarbageCollector.PARALLEL) == ("-Xms2048m", "-Xmx2048m", "-XX:+UseParallelGC")


def test_a_platform_has_only_what_the_engines_of_its_pipelines_need() -> None:
    on_flink = services.needed({Engine.FLINK})
    on_streams = services.needed({Engine.KAFKA_STREAMS})
    assert "flink" in on_flink
    assert not {"streams", "loader", "references"} & set(on_flink)
    assert "flink" not in on_streams
    assert {"streams", "loader", "references"} < set(on_streams)
    assert services.needed(set(Engine)) == list(services.TOOLS)
