"""Reference tables are held whole by every process that joins: they are planned for, or refused with the number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.sizing.stacks import FLIGHTS, stack_of

from weir.catalog.environment import resolve
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.config.errors import WeirError
from weir.local.reference_memory import Held, check_references
from weir.sizing import SizingRefused, plan_for
from weir.sizing.explanation import Bound
from weir.sizing.references import flink_references_mib, streams_references_mib

pytestmark = pytest.mark.unit

MILLION = 1_000_000


def planes(rows: int, engine: Engine = Engine.FLINK) -> Pipeline:
    """Flights with so many planes."""
    references = dict(FLIGHTS.spec.references)
    references["planes"] = references["planes"].model_copy(update={"expected_rows": rows})
    return replace(FLIGHTS.on(engine), spec=FLIGHTS.on(engine).spec.model_copy(update={"references": references}))


def test_a_row_takes_what_the_connectors_test_measured() -> None:
    # A copy of the key and three texts of 16 bytes, a quarter of it twice, and the index of the reload.
    joins = [join for join in FLIGHTS.spec.joins if join.reference == "planes"]
    texts = joins[0].model_copy(update={"select": {"type": "t", "manufacturer": "m", "model": "o"}})
    pipeline = replace(FLIGHTS, spec=FLIGHTS.spec.model_copy(update={"joins": [texts]}))
    per_row = flink_references_mib(pipeline, {"planes": MILLION}) * 2**20 / MILLION
    assert per_row == pytest.approx(846 * 1.25 + 72)


@pytest.mark.parametrize("engine", list(Engine))
def test_small_tables_change_no_plan_and_large_ones_are_given_memory(engine: Engine) -> None:
    def memory(rows: int) -> float:
        plan = plan_for(resolve(stack_of(), [planes(rows, engine)]))
        if engine is Engine.FLINK:
            return plan.flink["flights"].task_manager.memory_mib
        return plan.streams["flights"].instance.heap_mib or 0

    assert memory(3_000) == memory(10_000)
    needed = (flink_references_mib if engine is Engine.FLINK else streams_references_mib)(planes(MILLION, engine))
    assert memory(MILLION) - memory(10_000) >= needed - 256


@pytest.mark.parametrize("engine", list(Engine))
def test_what_fits_into_no_pod_is_refused_with_the_number(engine: Engine) -> None:
    words = r"the reference tables of pipeline flights take [\d,]+ MiB of heap in every"
    with pytest.raises(SizingRefused, match=words) as refused:
        plan_for(resolve(stack_of(), [planes(1000 * MILLION, engine)]))
    assert refused.value.bottleneck is Bound.MEMORY
    assert "expected_rows" in refused.value.limit


@pytest.mark.parametrize(
    ("engine", "setting"),
    [(Engine.FLINK, "flink_task_manager_process_mib: 1792"), (Engine.KAFKA_STREAMS, "streams_heap_mib: 384")],
)
def test_on_one_machine_the_real_rows_count(engine: Engine, setting: str) -> None:
    pipeline = FLIGHTS.on(engine)
    check_references(stack_of(), [(pipeline, Held({"planes": 3_322, "airports": 1_458, "airlines": 16}, {}))])
    rows = {"planes": 2 * MILLION, "airports": 1_458, "airlines": 16}
    with pytest.raises(WeirError, match=f"embedded.memory.{setting} leaves .* MiB for reference tables, which need"):
        check_references(stack_of(), [(pipeline, Held(rows, {"planes": 20.0}))])
