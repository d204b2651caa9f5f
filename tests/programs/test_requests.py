"""Every pod that is rendered, with what operators and rolling updates add, is in the plan and below the quota."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.programs.requests import Pods, quota_of, requests_of
from tests.renderings import AIVEN, AIVEN_PRICES, KUBERNETES_STACKS, PLAIN, rendered, rendered_with, settings_of

from weir.catalog.environment import load_environment
from weir.config.errors import parse
from weir.config.repository import REPOSITORY
from weir.config.stack import StackConfig
from weir.programs.rendering import Rendering
from weir.sizing import PlatformPlan, plan_for
from weir.sizing.cost import most_of, totals_of

pytestmark = pytest.mark.unit

CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("dev", PLAIN),
    "plain with three of each": ("prod", {"weir:kafka.provider": "plain"}),
    "aiven": ("prod", {"weir:kafka": AIVEN, "weir:prices": AIVEN_PRICES}),
    "no helpers": (
        "staging",
        {"weir:kafka.cruise_control": False, "weir:kafka.exporter": False, "weir:cassandra.repairs": False},
    ),
}


def plan_with(stack: str, changes: Mapping[str, Any]) -> PlatformPlan:
    """The plan of a stack with such settings."""
    settings = settings_of(stack)
    for path, value in changes.items():
        key, _, rest = path.partition(".")
        if rest:
            settings.setdefault(key, {})[rest] = value
        else:
            settings[key] = value
    named = {key.removeprefix("weir:"): value for key, value in settings.items()}
    return plan_for(load_environment(REPOSITORY / "pipelines", parse(StackConfig, named, stack)))


def check(rendering: Rendering, plan: PlatformPlan, namespace: str) -> Pods:
    """The plan's sums are the manifests', and the quota holds both."""
    asked, quota = requests_of(rendering, namespace), quota_of(rendering, namespace)
    totals, most, together = totals_of(plan), most_of(plan), asked.always + asked.passing
    assert vars(totals) == pytest.approx(vars(asked.always))
    assert vars(most) == pytest.approx(vars(together))
    for resource, value in vars(together).items():
        assert value <= vars(quota)[resource], resource
    return asked


@pytest.mark.parametrize("stack", KUBERNETES_STACKS)
def test_a_stacks_plan_and_quota_have_every_pod_that_is_rendered(stack: str) -> None:
    asked = check(rendered(stack), plan_with(stack, {}), f"weir-{stack}")
    assert asked.passing.cpu_cores > 0


@pytest.mark.parametrize("name", CHANGES)
def test_so_they_have_with_other_providers(name: str) -> None:
    stack, changes = CHANGES[name]
    check(rendered_with(stack, changes), plan_with(stack, changes), f"weir-{stack}")
