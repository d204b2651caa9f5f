"""What has to be done before an event counts as done, on each engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.spec import Engine
from weir.config.repository import REPOSITORY
from weir.verify.drain import Step, steps

pytestmark = pytest.mark.unit


@pytest.fixture
def flights() -> Pipeline:
    return load_pipeline(REPOSITORY / "pipelines" / "flights")


def test_flink_keeps_an_event_to_itself_until_it_is_written(flights: Pipeline) -> None:
    assert steps(flights.on(Engine.FLINK)) == [Step("flights.events", "weir-flights")]


def test_kafka_streams_passes_events_through_topics_to_the_loader(flights: Pipeline) -> None:
    way = steps(flights.on(Engine.KAFKA_STREAMS))
    rows = flights.table_topics["flights_enriched"].name
    assert [step.topic for step in way if step.group == "weir-flights"] == ["flights.events"]
    totals = [step.topic for step in way if step.group == "weir-flights-totals"]
    assert totals[0] == rows
    assert "weir-flights-totals-traffic_by_day-repartition" in totals
    loader = [step.topic for step in way if step.group == "connect-weir-flights"]
    assert loader == [flights.table_topics[name].name for name in ("flights_enriched", *flights.aggregate_tables)]
    assert way[-len(loader) :] == [step for step in way if step.group == "connect-weir-flights"], "asked last"


def test_a_source_not_partitioned_by_id_needs_one_more_topic(flights: Pipeline) -> None:
    source = flights.spec.source.model_copy(update={"partitioned_by_id": False})
    scattered = replace(flights, spec=flights.spec.model_copy(update={"source": source}))
    way = steps(scattered.on(Engine.KAFKA_STREAMS))
    assert way[1] == Step("weir-flights-by-id-repartition", "weir-flights")
