"""Properties of the plan of sends, whatever the configuration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.config.embedded import ReplayConfig
from weir.verify.schedule import DISPLACEMENT, NEAR_DISTANCE, Kind, Plan, make_plan

pytestmark = pytest.mark.unit

configs = st.builds(
    ReplayConfig,
    duplicate_ratio=st.floats(0, 3),
    far_duplicate_share=st.floats(0, 1),
    out_of_order_ratio=st.floats(0, 1),
    poison_events=st.integers(0, 40),
    seed=st.integers(0, 2**32),
)
windows = st.builds(lambda start, size: range(start, start + size), st.integers(0, 10_000), st.integers(1, 3_000))
nothing = np.empty(0, np.int64)


def _places(plan: Plan, kind: Kind) -> list[tuple[int, int]]:
    return [(int(plan.numbers[place]), int(place)) for place in np.flatnonzero(plan.kinds == kind)]


@given(windows, configs)
def test_every_event_of_the_window_is_sent_first_exactly_once(window: range, config: ReplayConfig) -> None:
    plan = make_plan(window, nothing, config)
    assert sorted(plan.numbers[plan.kinds == Kind.FIRST]) == list(window)


@given(windows, configs)
def test_a_resend_comes_after_the_first_send(window: range, config: ReplayConfig) -> None:
    plan = make_plan(window, nothing, config)
    first = dict(_places(plan, Kind.FIRST))
    assert all(first[event] < place for kind in (Kind.NEAR, Kind.FAR) for event, place in _places(plan, kind))


@given(windows, configs)
def test_there_are_as_many_resends_and_poison_records_as_asked_for(window: range, config: ReplayConfig) -> None:
    counts = make_plan(window, nothing, config).counts()
    assert counts["near"] + counts["far"] == round(config.duplicate_ratio * len(window))
    assert counts["far"] == round(round(config.duplicate_ratio * len(window)) * config.far_duplicate_share)
    assert counts["poison"] == config.poison_events


@given(windows, configs)
def test_poison_records_are_numbered_from_0(window: range, config: ReplayConfig) -> None:
    plan = make_plan(window, nothing, config)
    assert sorted(plan.numbers[plan.kinds == Kind.POISON]) == list(range(config.poison_events))


@given(windows, configs, st.lists(st.integers(20_000, 30_000), unique=True, max_size=50))
def test_the_same_seed_gives_the_same_plan(window: range, config: ReplayConfig, earlier: list[int]) -> None:
    one, two = (make_plan(window, np.array(earlier, np.int64), config) for _ in range(2))
    assert np.array_equal(one.kinds, two.kinds)
    assert np.array_equal(one.numbers, two.numbers)


@given(windows, configs, st.lists(st.integers(20_000, 30_000), unique=True, min_size=1, max_size=50))
def test_some_far_resends_are_of_earlier_replays(window: range, config: ReplayConfig, earlier: list[int]) -> None:
    plan = make_plan(window, np.array(earlier, np.int64), config)
    old = plan.numbers[plan.kinds == Kind.EARLIER]
    assert set(old.tolist()) <= set(earlier)
    counts = plan.counts()
    assert counts["earlier"] == round((counts["far"] + counts["earlier"]) / 3)


def test_near_is_near_and_far_is_far() -> None:
    window = range(50_000)
    plan = make_plan(window, nothing, ReplayConfig(out_of_order_ratio=0, poison_events=0))
    undisturbed = np.cumsum(plan.kinds == Kind.FIRST)
    first = dict(_places(plan, Kind.FIRST))
    near = [undisturbed[place] - undisturbed[first[event]] for event, place in _places(plan, Kind.NEAR)]
    far = [undisturbed[place] - undisturbed[first[event]] for event, place in _places(plan, Kind.FAR) if event < 40_000]
    assert max(near) <= NEAR_DISTANCE
    assert min(far) >= NEAR_DISTANCE
    assert max(far) > 20_000


def test_disorder_is_as_frequent_and_as_wide_as_asked_for() -> None:
    size = 100_000
    plan = make_plan(range(size), nothing, ReplayConfig(duplicate_ratio=0, out_of_order_ratio=0.05, poison_events=0))
    moved = np.abs(plan.numbers - np.arange(size))
    assert moved.max() <= 2 * DISPLACEMENT
    # An event in its place is shifted only by the few that jump over it.
    assert 0.03 < np.mean(moved > 150) < 0.055


def test_without_disorder_and_resends_the_order_is_the_datasets() -> None:
    config = ReplayConfig(duplicate_ratio=0, out_of_order_ratio=0, poison_events=0)
    assert np.array_equal(make_plan(range(5, 500), nothing, config).numbers, np.arange(5, 500))
