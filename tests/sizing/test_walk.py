"""A standing production walks to three times its load, a fourth zone, and other retentions, one plan on the other."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.renderings import settings_of
from tests.sizing.standing import environment_of, planned, shrunk

from weir.config.stack import load_stack
from weir.config.yaml_text import written
from weir.programs.change_rules import compare
from weir.programs.rendering import Rendering, render
from weir.sizing import PlatformPlan
from weir.sizing.lock import LockFile, lock_of

pytestmark = pytest.mark.unit

FOUR_ZONES = "[eu-west-1a, eu-west-1b, eu-west-1c, eu-west-1d]"
PEAKS = [(f"peak_events_per_second={peak}",) for peak in range(20_000, 61_000, 1000)]
ZONES = (*PEAKS[-1], f"availability.zones={FOUR_ZONES}")
RETENTIONS = [(*ZONES, f"source_retention_hours={hours}") for hours in (168, 192, 336, 72)]
"""The horizon may not be below the retention, so it grows first."""
STEPS = [*PEAKS, ZONES, *((*step, "deduplication_horizon_hours=336") for step in RETENTIONS)]
RENDERED = (0, 20, 40, 41, 44, 45)
"""Before, half way, at the highest peak, with the fourth zone, with 14 days and with 3 days of retention."""


@cache
def plans() -> list[PlatformPlan]:
    """Of every step, each on top of the one before."""
    found: list[PlatformPlan] = []
    for step in STEPS:
        found.append(planned("prod", *step, on=found[-1] if found else None))
    return found


def test_no_step_is_refused_and_none_shrinks_what_holds_data() -> None:
    walked = plans()
    for number, (before, after) in enumerate(pairwise(walked), 1):
        assert shrunk(before, after) == {}, STEPS[number]
        assert after.cassandra.racks[: len(before.cassandra.racks)] == before.cassandra.racks
    assert walked[-1].kafka.brokers > walked[0].kafka.brokers


def test_the_walk_ends_near_a_plan_made_at_once() -> None:
    """Standing volumes cost something, but the number of brokers is not worse than one step of the zones.

    Cassandra's new rack gets as many nodes as the old ones have: its operator moves none of theirs.
    """
    at_once, walked = planned("prod", *STEPS[-2]), plans()[-2]
    assert walked.kafka.brokers <= at_once.kafka.brokers + 4
    assert (walked.cassandra.nodes, at_once.cassandra.nodes) == (24, 16)


def test_no_step_of_the_walk_is_refused_for_a_volume_or_partitions() -> None:
    renderings = _renderings()
    refused = [
        change.as_line()
        for before, after in pairwise(renderings)
        for change in compare(before.resources, after.resources)
        if change.risk.label == "refused" and ("shrink" in change.reason or "remove partitions" in change.reason)
    ]
    assert refused == []


def _renderings() -> list[Rendering]:
    with TemporaryDirectory(prefix="weir-walk-") as folder:
        file = Path(folder) / "Pulumi.prod.yaml"
        found = []
        for number in RENDERED:
            file.write_text(written({"config": _settings(STEPS[number])}), encoding="utf-8")
            plan = plans()[number]
            LockFile.of(file).write(lock_of(environment_of(load_stack(file)), plan, None, date(2026, 1, 1)), plan)
            found.append(render(file))
        return found


def _settings(step: tuple[str, ...]) -> dict[str, object]:
    settings = settings_of("prod")
    for change in step:
        name, _, value = change.partition("=")
        if name == "peak_events_per_second":
            settings["weir:workload"]["pipelines"]["flights"][name] = int(value)
        elif name == "availability.zones":
            settings["weir:availability"]["zones"] = value.strip("[]").split(", ")
        else:
            settings["weir:retention"]["pipelines"]["flights"][name] = int(value)
    return settings
