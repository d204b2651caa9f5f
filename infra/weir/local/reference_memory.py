"""Whether reference tables fit into the processes that hold them whole, asked before a pipeline is started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.config.errors import WeirError
from weir.config.stack import StackConfig
from weir.local.flink import MINIMUM_TASK_HEAP_MIB, task_manager_memory
from weir.sizing.references import flink_references_mib, streams_references_mib

STREAMS_LEAST_HEAP_MIB = 128
"""What the application needs besides; its smallest heap in `embedded.memory`."""


@dataclass(frozen=True)
class Held:
    """What the tables of one pipeline hold, by reference."""

    rows: Mapping[str, int]
    text_bytes: Mapping[str, float]


def check_references(stack: StackConfig, pipelines: Iterable[tuple[Pipeline, Held]]) -> None:
    """Refuses what would end a task manager or the application, at its start or at a reload.

    All pipelines of an engine share its processes.

    Raises:
        WeirError: names the setting, what it leaves, and what the tables need.
    """
    memory = stack.embedded.memory
    needed = dict.fromkeys(Engine, 0.0)
    for pipeline, held in pipelines:
        of = flink_references_mib if pipeline.spec.engine is Engine.FLINK else streams_references_mib
        needed[pipeline.spec.engine] += of(pipeline, held.rows, held.text_bytes)
    process = memory.flink_task_manager_process_mib
    heap = task_manager_memory(process, stack.flink.state_backend).task_heap if needed[Engine.FLINK] else 0
    _refuse("flink_task_manager_process_mib", process, heap - MINIMUM_TASK_HEAP_MIB, needed[Engine.FLINK])
    streams = memory.streams_heap_mib
    _refuse("streams_heap_mib", streams, streams - STREAMS_LEAST_HEAP_MIB, needed[Engine.KAFKA_STREAMS])


def _refuse(setting: str, value: int, room_mib: float, needed_mib: float) -> None:
    if needed_mib > max(room_mib, 0):
        raise WeirError(
            f"embedded.memory.{setting}: {value} leaves {max(room_mib, 0):,.0f} MiB for reference tables, which need "
            f"{needed_mib:,.0f} MiB, reloads included; raise it, or join fewer columns"
        )
