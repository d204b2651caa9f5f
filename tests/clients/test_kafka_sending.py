"""More records than the client's queue holds, against a real broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer

from weir.catalog.topics import Topic
from weir.clients import kafka_sending
from weir.clients.kafka import TopicReader
from weir.config.errors import WeirError
from weir.incluster import references
from weir.local.provision import create_topics

if TYPE_CHECKING:
    from collections.abc import Callable

    from weir.config.endpoints import Endpoints
    from weir.local.service import Context

pytestmark = pytest.mark.contract

ROWS = 150_000
"""The queue of librdkafka holds 100,000 (`queue.buffering.max.messages`)."""


@pytest.fixture(scope="module")
def endpoints(platform_of: Callable[..., Context]) -> Endpoints:
    return platform_of("kafka").endpoints


def topic_of(endpoints: Endpoints, name: str) -> str:
    create_topics(endpoints.kafka_bootstrap_servers, [Topic(name, 2, {"cleanup.policy": "compact"})])
    return name


def test_150_000_reference_rows_are_published_and_read_back(endpoints: Endpoints) -> None:
    topic = topic_of(endpoints, "many-rows")
    rows = {b"%d" % number: b"row %d" % number for number in range(ROWS)}
    assert references._publish(endpoints, topic, rows) == references.Published(ROWS, ROWS, 0)
    assert references._content(endpoints, topic) == rows
    assert references._publish(endpoints, topic, {b"1": b"row 1"}) == references.Published(1, 0, ROWS - 1)


def test_a_full_queue_is_waited_for(endpoints: Endpoints) -> None:
    topic, waits = topic_of(endpoints, "small-queue"), []
    settings = {"bootstrap.servers": endpoints.kafka_bootstrap_servers, "queue.buffering.max.messages": 10}
    producer = Producer(settings)
    for number in range(1000):
        kafka_sending.produce(producer, topic, b"x", b"%d" % number, lambda: waits.append(1))
    kafka_sending.flush(producer, topic, patience_seconds=30)
    with TopicReader(endpoints, topic) as reader:
        assert sum(stop - first for first, stop in reader.offsets().values()) == 1000
    assert waits


def test_a_broker_that_answers_nobody_is_named() -> None:
    producer = Producer({"bootstrap.servers": "127.0.0.1:1", "log_level": 0})
    kafka_sending.produce(producer, "nowhere", b"x", b"1")
    with pytest.raises(WeirError, match="nowhere: Kafka acknowledged nothing for 1 s, 1 records are waiting"):
        kafka_sending.flush(producer, "nowhere", patience_seconds=1)
