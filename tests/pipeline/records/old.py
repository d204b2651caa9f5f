"""Records that say they are ten days old, on topics that keep a day: they are new to Kafka, and none is lost."""

from __future__ import annotations

import time
from collections.abc import Sequence

from confluent_kafka import Producer
from tests.pipeline.records.case import Case, Outcome, Sent, Wire
from tests.waiting import wait_until

from weir.catalog.engine_names import internal_topics, seen_topic
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.catalog.topics import Topic
from weir.clients.kafka import TopicReader
from weir.local import provision
from weir.local.service import Context

TEN_DAYS_MILLISECONDS = 10 * 86_400_000
EVENTS = 5
POISON = b"\x07poison"
# The broker looks once a second (`tests.platforms`), from half a minute after its start on.
FIRST_CHECK_SECONDS = 60
BY_PRODUCERS_CLOCK = Topic("records.by-their-producers-clock", 1, {"retention.ms": "86400000"})


def _records(wire: Wire) -> Sequence[Sent]:
    written = _ten_days_ago()
    events = [wire.event(str(number), amount=number) for number in range(EVENTS)]
    return [Sent(value, timestamp_milliseconds=written) for value in (*events, POISON)]


def _check(outcome: Outcome) -> None:
    assert {id_: row["amount"] for id_, row in outcome.rows.items()} == {
        str(number): number for number in range(EVENTS)
    }
    (total,) = outcome.totals["by_country"]
    assert total["events"] == EVENTS
    assert [letter and letter.value for letter in outcome.letters] == [None] * EVENTS + [POISON]


CASES = [Case("old", _records, _check)]


def as_an_earlier_application_left_it(ctx: Context, pipeline: Pipeline) -> None:
    """A topic of Kafka Streams goes by its producers' clock."""
    earlier = Topic(seen_topic(pipeline), pipeline.spec.source.partitions, {"cleanup.policy": "compact,delete"})
    provision.create_topics(ctx.endpoints.kafka_bootstrap_servers, [earlier])


def wait_until_the_broker_deletes(ctx: Context) -> None:
    """Returns when the broker has looked at every topic, and deleted such a record where producers' clocks count."""
    provision.create_topics(ctx.endpoints.kafka_bootstrap_servers, [BY_PRODUCERS_CLOCK])
    producer = Producer({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers})
    # The second goes in a round that began after the first went, so that round looks at every topic.
    for _ in range(2):
        producer.produce(BY_PRODUCERS_CLOCK.name, b"value", timestamp=_ten_days_ago())
        assert producer.flush(30) == 0
        with TopicReader(ctx.endpoints, BY_PRODUCERS_CLOCK.name) as reader:
            wait_until("the broker deletes", lambda: len(set(reader.offsets()[0])) == 1, FIRST_CHECK_SECONDS)


def first_offsets(ctx: Context, pipeline: Pipeline) -> dict[str, int]:
    """The highest of each topic of the pipeline that keeps what it is given."""
    topics = [topic.name for topic in pipeline.topics]
    if pipeline.spec.engine is Engine.KAFKA_STREAMS:
        # What is repartitioned goes once it is read.
        topics += [name for name in internal_topics(pipeline) if name.endswith("-changelog")]
    found = {}
    for topic in topics:
        with TopicReader(ctx.endpoints, topic) as reader:
            found[topic] = max(first for first, _ in reader.offsets().values())
    return found


def _ten_days_ago() -> int:
    return int(time.time() * 1000) - TEN_DAYS_MILLISECONDS
