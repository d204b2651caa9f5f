"""The same stack with other numbers, as a person asks for them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sizing.stacks import AVAILABLE, FLIGHTS, SMALL, sized, stack_of

from weir.catalog.environment import resolve
from weir.catalog.spec import Workload
from weir.config.errors import ConfigError
from weir.sizing import PlatformPlan, SizingRefused, plan_for
from weir.sizing.figures import changes_of, figures_of
from weir.sizing.what_if import what_if

pytestmark = pytest.mark.unit


def test_a_field_of_the_workload_is_changed_for_every_pipeline() -> None:
    changed = what_if(stack_of(), ["peak_events_per_second=200000", "source_retention_hours=24"])
    assert changed.workload.pipelines["flights"].peak_events_per_second == 200_000
    assert changed.retention.pipelines["flights"].source_retention_hours == 24


def test_the_secrets_that_the_stack_was_given_stay_given() -> None:
    cache = {"host": "cache", "port": 6379}
    stack = stack_of({**SMALL, "superset": {"cache": cache}, "given_secrets": ["cache_password"]})
    assert what_if(stack, ["event_bytes=9"]).given_secrets == stack.given_secrets


def test_any_setting_is_changed_by_its_path() -> None:
    changed = what_if(stack_of(), ["flights.event_bytes=9", "availability.zones=[x, y]", "workload.dashboard_users=7"])
    assert changed.workload.pipelines["flights"].event_bytes == 9
    assert changed.availability.zones == ["x", "y"]
    assert changed.workload.dashboard_users == 7


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("peak_events_per_second", ["write it as name=value"]),
        ("peak=5", ["peak: unknown field", "known here"]),
        ("peak_events_per_second=many", ["peak_events_per_second", "'many'"]),
        ("environment.name=5", ["environment has no nested settings"]),
        ("zones=[a", ["not a valid value"]),
    ],
)
def test_a_wrong_change_is_refused(change: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        what_if(stack_of(), [change])
    for word in words:
        assert word in str(caught.value)


def test_changes_name_what_differs_and_only_that() -> None:
    now, then = sized(), sized(workload={"dashboard_users": 400})
    differing = {name for name, before, after in changes_of(now, then) if before != after}
    assert {"trino.workers", "superset.web_replicas", "cost.all"} <= differing
    assert not any(name.startswith(("kafka.", "flink.")) for name in differing)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from([name for name in Workload.model_fields if name not in ("duplicate_ratio", "expected_values")]),
    st.integers(2, 50),
)
def test_every_number_of_the_workload_can_be_asked_about(name: str, factor: int) -> None:
    value = getattr(FLIGHTS.spec.workload, name)
    changed = what_if(stack_of(AVAILABLE), [f"{name}={(value or 1) * factor}"])
    if name == "mean_events_per_second":
        changed = what_if(changed, [f"peak_events_per_second={value * factor}"])
    try:
        plan = plan_for(resolve(changed, [FLIGHTS]))
    except SizingRefused as refused:
        assert refused.feasible  # noqa: PT017
        return
    assert [figure.name for figure in figures_of(plan)]
    assert isinstance(plan, PlatformPlan)
