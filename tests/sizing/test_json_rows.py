"""What a row of a JSON event takes: its columns, and not the names of its members."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.sizing.stacks import AVAILABLE, FLIGHTS, stack_of

from weir.catalog.environment import resolve
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.spec import Engine
from weir.config.repository import REPOSITORY
from weir.sizing import plan_for
from weir.sizing.cost import costs_of
from weir.sizing.load import Load, load_of
from weir.sizing.row_bytes import row_bytes
from weir.sizing.state import event_row_bytes
from weir.sizing.streams_traffic import engine_traffic
from weir.sizing.streams_traffic import row_bytes as record_of_row

pytestmark = pytest.mark.unit

ORDERS = load_pipeline(REPOSITORY / "pipelines" / "orders")
COLUMNS = 5 * 16 + 5 * 8 + 2 * 4 + 1
"""Five texts; two times, two amounts and a weight; a date and a quantity; whether it is a gift."""


def load(pipeline: Pipeline, event_bytes: int) -> Load:
    stack = stack_of()
    (here,) = resolve(stack, [pipeline]).pipelines
    return replace(load_of(here, stack.workload), event_bytes=event_bytes, record_bytes=event_bytes + 20)


@pytest.mark.parametrize(("event_bytes", "taken"), [(350, COLUMNS), (COLUMNS + 1, COLUMNS), (100, 100)])
def test_the_columns_of_json_take_what_columns_take(event_bytes: int, taken: int) -> None:
    assert event_row_bytes(load(ORDERS, event_bytes)) == taken
    assert event_row_bytes(load(FLIGHTS, event_bytes)) == event_bytes


def test_rows_follow_from_the_columns_and_topics_from_the_event() -> None:
    small, large = load(ORDERS, 350), load(ORDERS, 1350)
    assert row_bytes(small) == row_bytes(large)
    assert record_of_row(small) == record_of_row(large)
    assert load(FLIGHTS, 1350).record_bytes - load(FLIGHTS, 350).record_bytes == 1000
    assert row_bytes(load(FLIGHTS, 1350)) - row_bytes(load(FLIGHTS, 350)) == 1000
    assert record_of_row(load(FLIGHTS, 1350)) - record_of_row(load(FLIGHTS, 350)) == 1000


def test_traffic_to_cassandra_follows_from_the_columns_too() -> None:
    stack = stack_of(AVAILABLE)
    plan = plan_for(resolve(stack, [FLIGHTS]))

    def network(pipeline: Pipeline, event_bytes: int) -> dict[str, float]:
        found = costs_of(plan, [replace(load(pipeline, event_bytes), planned_mean=10_000)], stack)
        return {cost.component: cost.network for cost in found}

    small, large = network(ORDERS, 350), network(ORDERS, 1350)
    assert small["cassandra"] == large["cassandra"] > 0
    assert 0 < small["kafka"] < large["kafka"]
    assert network(FLIGHTS, 350)["cassandra"] < network(FLIGHTS, 1350)["cassandra"]


def test_events_on_the_way_to_their_id_are_columns() -> None:
    def by_id(pipeline: Pipeline, event_bytes: int) -> float:
        """What is written more where producers do not send all of an id to one partition."""
        here = load(pipeline.on(Engine.KAFKA_STREAMS), event_bytes)
        spec = here.pipeline.spec
        other = replace(
            here.pipeline,
            spec=spec.model_copy(update={"source": spec.source.model_copy(update={"partitioned_by_id": False})}),
        )
        more, less = engine_traffic(replace(here, pipeline=other)), engine_traffic(here)
        return (more.written_bytes_per_second - less.written_bytes_per_second) / here.processed_peak

    assert by_id(ORDERS, 1350) == pytest.approx(COLUMNS + 20)
    assert by_id(FLIGHTS, 1350) == pytest.approx(1370)
