"""The nearest feasible load: accepted when it is asked for, and 2 % more is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from tests.sizing.stacks import AVAILABLE, SMALL, merged, rates, sized

from weir.sizing import SizingRefused
from weir.sizing.explanation import Rates

pytestmark = pytest.mark.unit


@st.composite
def small_clusters(draw: st.DrawFn) -> dict[str, Any]:
    """A stack whose limits are low, with growth and headroom."""
    peak = draw(st.floats(10_000, 500_000))
    flights = {
        "peak_events_per_second": peak,
        "mean_events_per_second": peak / draw(st.floats(1, 20)),
        "growth_percent_per_year": draw(st.integers(0, 100)),
        "expected_values": {"origin": 1e9},
    }
    return merged(
        draw(st.sampled_from([SMALL, AVAILABLE])),
        {
            "workload": {
                "pipelines": {"flights": flights},
                "planning_months": draw(st.integers(0, 24)),
                "headroom_percent": draw(st.integers(0, 100)),
            },
            "retention": {"pipelines": {"flights": {"source_retention_hours": draw(st.integers(1, 192))}}},
            "resources": {
                "largest_pod": {"cpu_cores": draw(st.sampled_from([2, 4, 16])), "disk_gib": 2000},
                "max_kafka_brokers": draw(st.integers(3, 12)),
                "max_cassandra_nodes": draw(st.integers(3, 12)),
            },
        },
    )


def at(stack: dict[str, Any], rates: Rates, factor: float) -> dict[str, Any]:
    """The stack with such rates instead."""
    asked = {"mean_events_per_second": rates.mean * factor, "peak_events_per_second": rates.peak * factor}
    return merged(stack, {"workload": {"pipelines": {"flights": asked}}})


@settings(max_examples=40, deadline=None)
@given(small_clusters())
def test_the_advice_of_a_refusal_is_accepted_and_two_percent_more_is_not(stack: dict[str, Any]) -> None:
    try:
        sized(stack)
    except SizingRefused as refused:
        advice = refused.feasible
    else:
        reject()
    if advice is None:
        return
    asked = stack["workload"]["pipelines"]["flights"]
    assert advice["flights"].peak <= asked["peak_events_per_second"]
    assert advice["flights"].mean <= asked["mean_events_per_second"]
    assert sized(at(stack, advice["flights"], 1.0)).kafka.brokers > 0
    with pytest.raises(SizingRefused):
        sized(at(stack, advice["flights"], 1.02))


def test_growth_is_divided_out_of_the_advice() -> None:
    growing = rates(20_000)
    growing["pipelines"]["flights"]["growth_percent_per_year"] = 25
    changes = {"workload": {**growing, "planning_months": 12}, "resources": {"max_kafka_brokers": 3}}
    long = {"pipelines": {"flights": {"source_retention_hours": 90 * 24, "deduplication_horizon_hours": 91 * 24}}}
    with pytest.raises(SizingRefused) as caught:
        sized(AVAILABLE, retention=long, **changes)
    assert caught.value.feasible is not None
    advice = caught.value.feasible["flights"]
    assert advice.peak < 20_000
    assert advice.mean == pytest.approx(advice.peak / 5, rel=0.002)
    assert f"at a mean of {advice.mean:,g} and a peak of {advice.peak:,g} events/s" in str(caught.value)


def test_where_no_load_fits_the_refusal_says_so() -> None:
    with pytest.raises(SizingRefused, match="no lower load fits either") as caught:
        sized(resources={"largest_pod": {"disk_gib": 9}})
    assert caught.value.feasible is None
