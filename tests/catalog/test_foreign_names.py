"""The names that a topic and a subject of another team's may have, and that two pipelines may read one topic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.catalog.with_clients import flights_with

from weir.catalog.existing_topics import foreign_topic
from weir.catalog.pipeline import Pipeline
from weir.catalog.shared_names import shared_names
from weir.config.errors import ConfigError

pytestmark = pytest.mark.unit

SOURCE = {"schema_file": "flight.avsc", "partitions": 4, "retention_hours": 72}
JSON = {"format": "json", "columns": {"id": {"type": "text"}}, "partitions": 4, "retention_hours": 72}


def reading(folder: Path, topic: str, name: str = "flights", **source: Any) -> Pipeline:
    letters = {"topic": f"{name.replace('_', '-')}.letters", "retention_hours": 72}
    described = {**SOURCE, "topic": topic, "owned": False, **source}
    return flights_with(folder, {}, name=name, source=described, dead_letters=letters)


@pytest.mark.parametrize("topic", ["Sales_Orders", "_sales", "sales..orders-", "A" * 249, "..."])
def test_a_topic_of_others_has_any_name_that_kafka_takes(tmp_path: Path, topic: str) -> None:
    pipeline = reading(tmp_path, topic)
    assert pipeline.source_topic.name == topic
    assert foreign_topic(pipeline).subject == f"{topic}-value"


@pytest.mark.parametrize(
    ("topic", "told"),
    [
        ("A" * 250, "source.topic: longer than 249"),
        ("sales orders", "source.topic: does not match"),
        ("sales/orders", "source.topic: does not match"),
        (".", "source.topic: '.' is no name of a topic"),
        ("..", "source.topic: '..' is no name of a topic"),
        ("__consumer_offsets", "source.topic: '__consumer_offsets' is Kafka's own"),
    ],
)
def test_what_kafka_does_not_take_is_refused(tmp_path: Path, topic: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        reading(tmp_path, topic)
    assert told in str(refused.value)


@pytest.mark.parametrize("topic", ["Sales", "sales_orders", "sales.", "a" * 201])
def test_a_topic_that_weir_makes_has_a_narrower_name(tmp_path: Path, topic: str) -> None:
    with pytest.raises(ConfigError, match=r"source: topic: .* is no name that weir gives to a topic") as refused:
        reading(tmp_path, topic, owned=True)
    assert "where it is another team's, set owned to false" in str(refused.value)


def test_a_subject_of_another_name_is_the_one_that_is_compared(tmp_path: Path) -> None:
    pipeline = reading(tmp_path, "Sales", subject="com.example.Sale")
    assert pipeline.subject == foreign_topic(pipeline).subject == "com.example.Sale"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"owned": True, "subject": "s"}, "source: subject: weir registers the schema of its own topic under"),
        ({"owned": False, "subject": "a/b"}, "source.subject: does not match"),
        ({"owned": False, "subject": ""}, "source.subject: does not match"),
        ({**JSON, "schema_file": None, "owned": False, "subject": "s"}, "source: subject: not for format json"),
    ],
)
def test_a_subject_that_has_no_effect_is_refused(tmp_path: Path, source: dict[str, Any], told: str) -> None:
    described = {**({} if "format" in source else SOURCE), "topic": "sales", **source}
    described = {name: value for name, value in described.items() if value is not None}
    with pytest.raises(ConfigError) as refused:
        flights_with(tmp_path, {}, source=described)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("first", "second", "shared"), [(False, False, 0), (True, False, 1), (False, True, 1), (True, True, 1)]
)
def test_only_a_topic_of_others_has_two_readers(tmp_path: Path, *, first: bool, second: bool, shared: int) -> None:
    pipelines = [
        reading(tmp_path, "sales", "flights", owned=first),
        reading(tmp_path, "sales", "trains", owned=second),
    ]
    assert len(list(shared_names(pipelines))) == shared
