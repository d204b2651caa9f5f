"""Cassandra's partitions: rows, bytes and cells in the fullest one of each table."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from tests.sizing.stacks import FLIGHTS, rates, sized, stack_of

from weir.catalog.environment import resolve
from weir.catalog.pipeline import Pipeline
from weir.sizing import Bound, SizingRefused, plan_for
from weir.sizing.load import load_of
from weir.sizing.row_bytes import row_bytes
from weir.sizing.width import PartitionWidth, widths_of

pytestmark = pytest.mark.unit


def pipeline_with(partition_key: list[str], **rows: Any) -> Pipeline:
    """Flights with rows of another key."""
    changed = FLIGHTS.spec.rows.model_copy(update={"partition_key": partition_key, **rows})
    workload = FLIGHTS.spec.workload.model_copy(update={"expected_values": {}})
    return dataclasses.replace(FLIGHTS, spec=FLIGHTS.spec.model_copy(update={"rows": changed, "workload": workload}))


def width_of(pipeline: Pipeline, table: str, mean: float, expected: dict[str, float]) -> PartitionWidth:
    """Of one table at this mean, without growth, headroom and duplicates."""
    load = {**rates(mean, mean)["pipelines"]["flights"], "duplicate_ratio": 0, "expected_values": expected}
    settings = {"pipelines": {"flights": load}, "headroom_percent": 0, "planning_months": 0}
    stack = stack_of(workload=settings)
    (here,) = resolve(stack, [pipeline]).pipelines
    (found,) = [each for each in widths_of([load_of(here, stack.workload)]) if each.table == f"flights.{table}"]
    return found


@pytest.mark.parametrize(
    ("key", "expected", "rows"),
    [
        (["flight_date", "origin"], {}, 10 * 86_400),
        (["flight_date", "origin"], {"origin": 4}, 10 * 86_400 / 4),
        (["flight_month", "origin"], {"origin": 4}, 10 * 3600 * 730 / 4),
        (["flight_date", "flight_month", "origin"], {"origin": 4}, 10 * 86_400 / 4),
        (["origin"], {"origin": 400}, 10 * 86_400 * 400 / 400),
        (["flight_date", "origin", "dest"], {"origin": 4, "dest": 10}, 10 * 86_400 / 40),
        (["time_hour", "carrier", "flight"], {}, 1),
    ],
)
def test_the_key_of_rows_says_how_many_are_in_a_partition(
    key: list[str], expected: dict[str, float], rows: float
) -> None:
    clustering = [name for name in ("time_hour", "carrier", "flight") if name not in key]
    found = width_of(pipeline_with(key, clustering_key=clustering), "flights_enriched", 10, expected)
    assert found.rows == pytest.approx(rows)


def test_bytes_and_cells_follow_from_rows_and_columns() -> None:
    stack = stack_of()
    (here,) = resolve(stack, [FLIGHTS]).pipelines
    found = width_of(FLIGHTS, "flights_enriched", 10, {"origin": 4})
    assert found.bytes == pytest.approx(found.rows * row_bytes(load_of(here, stack.workload)))
    others = len(FLIGHTS.row_table.columns) - len(FLIGHTS.row_table.primary_key)
    assert found.cells == pytest.approx(found.rows * others)


def test_totals_have_a_row_for_each_group_and_grain() -> None:
    # 100 groups of each day in a partition of a month: 31 days begun in 730 hours.
    assert width_of(FLIGHTS, "traffic_by_day", 10, {}).rows == 31 * 100
    assert width_of(FLIGHTS, "delays_by_hour", 10, {}).rows == 1500


def narrow_from(expected: float) -> tuple[str, ...]:
    """The warnings about flights at 1,000/s with so many origins."""
    load = rates(1000, 1000, headroom_percent=0)
    load["pipelines"]["flights"] |= {"duplicate_ratio": 0, "expected_values": {"origin": expected}}
    return sized(workload=load).warnings


def test_a_partition_above_a_hundred_megabytes_is_warned_of() -> None:
    each = 100 * width_of(FLIGHTS, "flights_enriched", 10, {}).bytes
    assert narrow_from(each / 100e6 + 1e-6) == ()
    (warning,) = narrow_from(each / 100e6 - 1e-3)
    for word in ("flights.flights_enriched", "rows", "MB", "`rows.bucket` of the pipeline file", "expected_values"):
        assert word in warning


def test_more_cells_than_a_partition_can_hold_are_refused() -> None:
    mean = 10 * 2e9 / width_of(FLIGHTS, "flights_enriched", 10, {}).cells
    assert width_of(FLIGHTS, "flights_enriched", mean * 0.999, {}).cells <= 2e9
    with pytest.raises(SizingRefused) as caught:
        width_of(FLIGHTS, "flights_enriched", mean * 1.001, {})
    assert caught.value.bottleneck is Bound.PARTITION_WIDTH
    assert "`rows.bucket`" in caught.value.limit
    assert "limit is 2 billion cells" in caught.value.reason


def test_the_refusal_reaches_a_person_with_the_load_that_fits() -> None:
    load = rates(50_000, 50_000)
    load["pipelines"]["flights"]["expected_values"] = {"origin": 1}
    with pytest.raises(SizingRefused) as caught:
        sized(workload=load, retention={"pipelines": {"flights": {"rows_ttl_days": 1}}})
    assert caught.value.bottleneck is Bound.PARTITION_WIDTH
    assert caught.value.feasible is not None


def test_every_table_is_explained() -> None:
    entry = plan_for(resolve(stack_of(), [FLIGHTS])).explanation_of("partition.flights.traffic_by_day")
    assert (entry.unit, entry.bound) == ("MB", Bound.PARTITION_WIDTH)
    assert "3,100 rows" in entry.because
