"""What has to be done before an event counts as done, on each engine."""

from __future__ import annotations

import pytest

from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.spec import Engine
from weir.embedded.context import REPOSITORY
from weir.proof.drain import Step, steps

pytestmark = pytest.mark.unit


@pytest.fixture
def flights() -> Pipeline:
    return load_pipeline(REPOSITORY / "pipelines" / "flights")


def test_flink_keeps_an_event_to_itself_until_it_is_written(flights: Pipeline) -> None:
    assert steps(flights.on(Engine.FLINK)) == [Step("flights.events", "weir-flights")]


def test_kafka_streams_passes_events_on_through_topics_and_the_loader_writes_them(flights: Pipeline) -> None:
    way = steps(flights.on(Engine.KAFKA_STREAMS))
    application = [step.topic for step in way if step.group == "weir-flights"]
    loader = [step.topic for step in way if step.group == "connect-weir-flights"]
    assert application[:2] == ["flights.events", "weir-flights-by-id-repartition"]
    assert "weir-flights-traffic_by_day-repartition" in application
    assert loader == [flights.table_topics[name].name for name in ("flights_enriched", *flights.aggregate_tables)]
    assert [*application, *loader] == [step.topic for step in way], "the loader's topics are asked last"
