"""Two pipelines that would want one topic or one user of Kafka."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.sizing.stacks import FLIGHTS

from weir.catalog.pipeline import Pipeline
from weir.catalog.shared_names import shared_names

pytestmark = pytest.mark.unit


def flights(name: str = "flights", topic: str = "", letters: str = "") -> Pipeline:
    source = FLIGHTS.spec.source.model_copy(update={"topic": topic or f"{name}.events"})
    dead = FLIGHTS.spec.dead_letters.model_copy(update={"topic": letters or f"{name}.dead"})
    return replace(FLIGHTS, spec=FLIGHTS.spec.model_copy(update={"name": name, "source": source, "dead_letters": dead}))


def test_pipelines_with_names_of_their_own_share_none() -> None:
    assert list(shared_names([flights(), flights("trains")])) == []


@pytest.mark.parametrize(
    ("pipelines", "told"),
    [
        (
            [flights(letters="flights.table.planes")],
            "flights: table planes: topic 'flights.table.planes' is already that of dead_letters.topic of flights",
        ),
        (
            [flights(topic="loader-flights-offsets")],
            "flights: name: topic 'loader-flights-offsets' is already that of source",
        ),
        (
            [flights(topic="weir-flights-seen-changelog")],
            "flights: name: topic 'weir-flights-seen-changelog' is already that",
        ),
        (
            [flights(), flights("trains", topic="flights.events")],
            "trains: source.topic: topic 'flights.events' is already that of source.topic of flights",
        ),
        (
            [flights(), flights("flights_loader")],
            "flights_loader: name: Kafka user 'weir-flights-loader' would also be the user of pipeline 'flights'",
        ),
    ],
)
def test_what_two_want_is_told_with_both(pipelines: list[Pipeline], told: str) -> None:
    (problem,) = shared_names(pipelines)
    assert problem.startswith(told)
