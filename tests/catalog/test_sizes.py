"""What the sizes of topics and clients are, for the default and for a larger number."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.pipeline.orders import write_orders_pipeline

from weir.catalog import sizes
from weir.catalog.loader import connector_config
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.spec import Engine
from weir.catalog.streams import streams_settings, totals_settings
from weir.config.endpoints import Endpoints
from weir.config.errors import ConfigError
from weir.config.streams import StreamsConfig

pytestmark = pytest.mark.unit

MIB = 2**20
ROOM = 65_536
ENDPOINTS = Endpoints.of_pod(registry="http://registry")


def orders(folder: Path, max_event_bytes: int | None = None, *extremes: str) -> Pipeline:
    """The orders pipeline; `extremes` are texts of which its first table of totals has the greatest."""
    home = write_orders_pipeline(folder, orders=1)
    file = home / "pipeline.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    if max_event_bytes is not None:
        document["source"]["max_event_bytes"] = max_event_bytes
    document["aggregates"][0]["measures"] |= {f"greatest_{name}": {"max": name} for name in extremes}
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load_pipeline(home)


def largest(pipeline: Pipeline) -> dict[str, int]:
    return {topic.name: int(topic.config["max.message.bytes"]) for topic in pipeline.topics}


def test_a_topic_takes_a_megabyte_by_default_and_an_output_twice_that(tmp_path: Path) -> None:
    pipeline = orders(tmp_path).on(Engine.KAFKA_STREAMS)
    found = largest(pipeline)
    assert found.pop("sales.orders") == MIB + ROOM == 1_114_112
    assert set(found.values()) == {2 * MIB + ROOM} == {2_162_688}
    assert pipeline.dead_letter_topic.name in found
    assert {topic.name for topic in pipeline.table_topics.values()} < found.keys()


def test_a_larger_number_widens_every_way(tmp_path: Path) -> None:
    pipeline = orders(tmp_path, 4 * MIB)
    assert set(largest(pipeline).values()) == {4 * MIB + ROOM, 8 * MIB + ROOM}


def test_a_smaller_number_keeps_the_batches_of_producers(tmp_path: Path) -> None:
    assert largest(orders(tmp_path, 10_000)) == largest(orders(tmp_path / "default"))


def test_a_total_may_carry_a_text_of_several_events(tmp_path: Path) -> None:
    assert orders(tmp_path, 2 * MIB, "sku", "note").written_bytes == 4 * 2 * MIB + ROOM


def test_what_no_sink_could_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"source\.max_event_bytes: 6,291,456 .* 18,939,904 bytes .* 16,842,752"):
        orders(tmp_path, 6 * MIB, "note")


def test_more_than_eight_mebibytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="max_event_bytes"):
        orders(tmp_path, 8 * MIB + 1)


def test_kafka_streams_writes_what_its_topics_take(tmp_path: Path) -> None:
    pipeline = orders(tmp_path, 4 * MIB).on(Engine.KAFKA_STREAMS)
    written, read = str(8 * MIB + ROOM), str(4 * MIB + ROOM)
    rows = streams_settings(StreamsConfig(), pipeline)
    assert rows["producer.max.request.size"] == rows["topic.max.message.bytes"] == written
    assert int(rows["producer.buffer.memory"]) == 32 * MIB
    assert rows["main.consumer.max.partition.fetch.bytes"] == read
    totals = totals_settings(StreamsConfig(), pipeline)
    assert totals["main.consumer.max.partition.fetch.bytes"] == totals["producer.max.request.size"] == written


def test_two_records_fit_into_a_producers_buffer() -> None:
    assert sizes.producer_properties(2**20)["buffer.memory"] == str(32 * MIB)
    assert sizes.producer_properties(20 * MIB)["buffer.memory"] == str(40 * MIB)


def test_the_loader_sets_aside_what_it_reads(tmp_path: Path) -> None:
    pipeline = orders(tmp_path, 4 * MIB).on(Engine.KAFKA_STREAMS)
    config = connector_config(StreamsConfig(), ENDPOINTS, pipeline, {"a": "b"}, replication_factor=1)
    assert config["consumer.override.max.partition.fetch.bytes"] == str(8 * MIB + ROOM)
    assert config["producer.override.max.request.size"] == str(8 * MIB + ROOM)


def test_cassandras_commit_log_takes_a_row() -> None:
    assert sizes.commit_log_segment_mib(2 * MIB + ROOM) == 32
    assert sizes.commit_log_segment_mib(16 * MIB + ROOM) == 34
    assert sizes.request_heap_mib(2 * MIB + ROOM) == 83
