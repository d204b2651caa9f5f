"""What is asked of Kafka, before anybody is asked: conflicts, rules, the protocol's values, the job's file."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.catalog.kafka_setup import ClientQuota, KafkaSetup
from weir.catalog.pipeline import load_pipeline
from weir.catalog.principals import AccessRule, KafkaResource, Principal, principals
from weir.catalog.topics import Topic
from weir.clients.kafka_protocol import Reader, float64, int16, int32, string
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.incluster.kafka.topics import partition_conflicts
from weir.incluster.kafka.users import Rule, rules_of

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")
COUNTS = st.integers(1, 100)


@given(COUNTS, COUNTS)
def test_partitions_grow_only_where_that_is_allowed_and_never_shrink(has: int, wanted: int) -> None:
    existing, topics = {"events": has}, [Topic("events", wanted), Topic("new", 3)]
    assert bool(partition_conflicts(existing, topics, may_grow=True)) is (has > wanted)
    assert bool(partition_conflicts(existing, topics, may_grow=False)) is (has != wanted)


def test_every_topic_in_the_way_has_a_line_of_its_own() -> None:
    existing = {"a": 4, "b": 2, "c": 1}
    found = partition_conflicts(existing, [Topic("a", 2), Topic("b", 1), Topic("c", 9)], may_grow=True)
    assert [line.split()[1] for line in found] == ["a", "b"]


def test_a_rule_is_told_in_the_words_of_kafka() -> None:
    transactional = AccessRule(KafkaResource.TRANSACTIONAL_ID, "weir-flights", ("Write", "DescribeConfigs"), True)
    assert list(rules_of(Principal("weir-flights", (transactional,)))) == [
        Rule("weir-flights", "WRITE", "TRANSACTIONAL_ID", "PREFIXED", "weir-flights"),
        Rule("weir-flights", "DESCRIBE_CONFIGS", "TRANSACTIONAL_ID", "PREFIXED", "weir-flights"),
    ]


@given(
    st.text(max_size=50) | st.none(), st.integers(-(2**15), 2**15 - 1), st.integers(-(2**31), 2**31 - 1), st.floats()
)
def test_values_come_back_as_they_were_written(text: str | None, small: int, large: int, real: float) -> None:
    reader = Reader(string(text) + int16(small) + int32(large) + float64(real))
    assert (reader.string(), reader.int16(), reader.int32()) == (text, small, large)
    assert float64(reader.float64()) == float64(real)
    with pytest.raises(struct.error):
        reader.int16()


def test_the_jobs_file_is_read_as_it_was_written_and_another_is_refused() -> None:
    wanted = KafkaSetup(3, 3, FLIGHTS.topics, principals([FLIGHTS]), {"weir-flights": ClientQuota(1, 2, 3)})
    assert KafkaSetup.from_json(wanted.to_json()) == wanted
    with pytest.raises(WeirError, match="not a valid description of a Kafka"):
        KafkaSetup.from_json('{"brokers": "many"}')
