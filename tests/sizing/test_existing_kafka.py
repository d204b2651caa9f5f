"""A plan on a Kafka of somebody else's, and that no standing environment changes to it or from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.programs.existing_stack import SCRAM, environment, stack
from tests.sizing.stacks import REPOSITORY
from tests.sizing.standing import standing_of

from weir.catalog.environment import Environment, resolve
from weir.config.stack import load_stack
from weir.sizing import Bound, SizingRefused, plan_for
from weir.sizing.figures import figures_of

pytestmark = pytest.mark.unit


def own(folder: Path) -> Environment:
    return environment(folder, load_stack(REPOSITORY / "stacks" / "Pulumi.prod.yaml"), owned=True)


def existing(folder: Path, **changes: Any) -> Environment:
    return environment(folder, stack(SCRAM), owned=True, **changes)


@pytest.mark.parametrize(("before", "after"), [(own, existing), (existing, own)], ids=["to", "from"])
def test_a_standing_environment_keeps_its_kafka(before: Any, after: Any, tmp_path: Path) -> None:
    standing = standing_of(plan_for(before(tmp_path / "before")))
    with pytest.raises(SizingRefused, match="their state holds its offsets") as refused:
        plan_for(after(tmp_path / "after"), standing)
    assert (refused.value.bottleneck, refused.value.limit) == (Bound.STANDING, "kafka.provider")


def test_a_standing_environment_on_an_existing_kafka_is_planned_again(tmp_path: Path) -> None:
    plan = plan_for(existing(tmp_path / "before"))
    assert plan_for(existing(tmp_path / "after"), standing_of(plan)).kafka == plan.kafka


def test_a_foreign_topic_has_the_partitions_of_its_file(tmp_path: Path) -> None:
    fast = {"flights": {"mean_events_per_second": 1000, "peak_events_per_second": 60_000}}
    foreign = plan_for(environment(tmp_path / "foreign", stack(SCRAM, workload={"pipelines": fast})))
    assert foreign.kafka.existing
    assert foreign.kafka.existing.partitions == 4 + 1
    made = plan_for(environment(tmp_path / "own", stack(SCRAM, workload={"pipelines": fast}), owned=True))
    (events,) = (topic for topic in made.kafka.topics if topic.name == "flights.events")
    assert events.partitions > 4


def test_a_topic_that_two_pipelines_read_is_written_once(tmp_path: Path) -> None:
    one = environment(tmp_path / "one", stack(SCRAM))
    (flights,) = one.pipelines
    spec = flights.spec.model_copy(
        update={
            "name": "again",
            "dead_letters": flights.spec.dead_letters.model_copy(update={"topic": "again.dead-letters"}),
        }
    )
    settings = one.stack.model_copy(update={"pipelines": ["flights", "again"]})
    before = plan_for(one).kafka.existing
    both = plan_for(resolve(settings, [flights, replace(flights, spec=spec)])).kafka.existing
    assert before
    assert both
    assert both.written_bytes_per_second == pytest.approx(before.written_bytes_per_second, rel=0.01)
    assert both.read_bytes_per_second == pytest.approx(2 * before.read_bytes_per_second, rel=0.01)
    assert (before.topics, both.topics) == (2, 3)
    assert (before.partitions, both.partitions) == (4 + 1, 4 + 1 + 1)


def test_the_load_is_told_in_place_of_brokers(tmp_path: Path) -> None:
    figures = {figure.name: figure.unit for figure in figures_of(plan_for(existing(tmp_path)))}
    assert figures["kafka.existing.written"] == figures["kafka.existing.read"] == "MiB/s"
    assert not {"kafka.brokers", "kafka.controllers", "kafka.broker.cpu"} & figures.keys()
