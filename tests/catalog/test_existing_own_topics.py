"""A topic of somebody else's under a name that weir wants for its own is told from one that weir made."""

from __future__ import annotations

import pytest

from weir.catalog.existing_own_topics import own_topic_shortfalls
from weir.catalog.existing_topics import FoundTopic, existing_setup
from weir.catalog.pipeline import load_pipeline
from weir.catalog.spec import Engine
from weir.catalog.topics import Topic
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

FIELD = "orders: dead_letters.topic"
LETTERS = Topic("orders.dead-letters", 2, {"cleanup.policy": "delete", "retention.ms": "1"})
MADE = FoundTopic(2, {"cleanup.policy": "delete", "retention.ms": "2"})


@pytest.mark.parametrize(
    ("topic", "found"),
    [
        (LETTERS, None),
        (LETTERS, MADE),
        (Topic("unsaid", 2), FoundTopic(2, {"cleanup.policy": "compact"})),
        (Topic("both", 2, {"cleanup.policy": "compact,delete"}), FoundTopic(2, {"cleanup.policy": "delete,compact"})),
    ],
)
def test_what_is_not_there_or_as_weir_made_it_is_fine(topic: Topic, found: FoundTopic | None) -> None:
    assert list(own_topic_shortfalls(topic, FIELD, found)) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            FoundTopic(1, MADE.settings),
            ["with 1 partitions, and weir would make 2", "weir's own, have Kafka's owner add partitions up to 2"],
        ),
        (
            FoundTopic(3, MADE.settings),
            ["with 3 partitions, and weir would make 2", "and source.partitions sizes it, raise that to 3"],
        ),
        (FoundTopic(2, {"cleanup.policy": "compact"}), ["cleanup.policy=compact", "set its cleanup.policy to delete"]),
        (FoundTopic(2, {"cleanup.policy": "compact,delete"}), ["cleanup.policy=compact,delete"]),
        (FoundTopic(2, None), ["may not read its settings", "allow DescribeConfigs on it"]),
    ],
)
def test_anything_else_under_its_name_is_refused(found: FoundTopic, words: list[str]) -> None:
    (shortfall,) = own_topic_shortfalls(LETTERS, FIELD, found)
    assert shortfall.refused
    for word in (f"{FIELD}: orders.dead-letters is there already", "choose a name that nobody else uses", *words):
        assert word in str(shortfall)


def test_each_of_weirs_topics_has_the_field_that_names_it() -> None:
    flights = load_pipeline(REPOSITORY / "pipelines" / "flights").on(Engine.KAFKA_STREAMS)
    journal = Topic("kafkasql-journal", 1)
    fields = existing_setup([flights], (*flights.topics, journal), 1).fields
    assert fields.keys() == {topic.name for topic in flights.topics}
    assert fields["flights.events"] == "flights: source.topic"
    assert fields["flights.dead-letters"] == "flights: dead_letters.topic"
    assert fields["flights.table.planes"] == "flights: table planes"
