"""What Kafka Streams and Kafka Connect are told of a pipeline."""

from __future__ import annotations

import json
from pathlib import Path

import fastavro
import pytest
from tests.pipeline.orders import write_orders_pipeline

from weir.catalog.engine_names import loaded_tables
from weir.catalog.loader import connector_config
from weir.catalog.outputs import avro_record
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.spec import Engine
from weir.catalog.streams import streams_plan
from weir.config.endpoints import Endpoints
from weir.config.repository import REPOSITORY
from weir.config.streams import StreamsConfig

pytestmark = pytest.mark.unit

JAVA_PLAN = REPOSITORY / "kafka-streams" / "dedup-join" / "src" / "test" / "resources" / "orders.json"
ENDPOINTS = Endpoints(
    kafka_bootstrap_servers="kafka:9092",
    registry_url="http://registry/apis/ccompat/v7",
    cassandra_contact_points=("cassandra:9042",),
    cassandra_datacenter="local",
    flink_url="http://flink",
    trino_url="http://trino",
    superset_url="http://superset",
)


@pytest.fixture
def orders(tmp_path: Path) -> Pipeline:
    return load_pipeline(write_orders_pipeline(tmp_path, orders=1)).on(Engine.KAFKA_STREAMS)


def test_the_plan_of_the_java_tests_is_the_one_that_the_catalog_makes(orders: Pipeline) -> None:
    assert JAVA_PLAN.read_text(encoding="utf-8") == streams_plan(StreamsConfig(), ENDPOINTS, orders)


def test_a_plan_addresses_columns_by_their_position(orders: Pipeline) -> None:
    plan = json.loads(streams_plan(StreamsConfig(), ENDPOINTS, orders))
    names = [column["name"] for column in plan["columns"]]
    assert [names[number] for number in plan["deduplication"]["key"]] == ["country", "order_number"]
    products, shops = plan["joins"]
    assert ([names[n] for n in products["key"]], [names[n] for n in shops["key"]]) == (["sku"], ["country", "shop"])
    assert plan["source"]["columns"] == names.index("placed_hour"), "derived columns follow those of the event"


@pytest.mark.parametrize("bucket", ["", "  bucket: {time: hour}\n"])
def test_only_a_plan_with_a_hash_bucket_speaks_of_one(orders: Pipeline, tmp_path: Path, bucket: str) -> None:
    plan = json.loads(streams_plan(StreamsConfig(), ENDPOINTS, orders))
    assert plan["bucket"] == {"key": plan["deduplication"]["key"], "count": 4}
    folder = write_orders_pipeline(tmp_path / "other", orders=1)
    file = folder / "pipeline.yaml"
    file.write_text(file.read_text().replace("  bucket: {hash: 4}\n", bucket))
    other = json.loads(streams_plan(StreamsConfig(), ENDPOINTS, load_pipeline(folder)))
    assert "bucket" not in other
    assert len(other["derived"]) == len(plan["derived"]) + bool(bucket)


def test_a_condition_beyond_the_references_key_is_part_of_the_plan(tmp_path: Path) -> None:
    folder = write_orders_pipeline(tmp_path, orders=1)
    file = folder / "pipeline.yaml"
    file.write_text(file.read_text().replace("match: {sku: sku}", "match: {sku: sku, title: note}"))
    plan = json.loads(streams_plan(StreamsConfig(), ENDPOINTS, load_pipeline(folder)))
    note = next(number for number, column in enumerate(plan["columns"]) if column["name"] == "note")
    assert plan["joins"][0]["conditions"] == [{"reference": 1, "event": note}]


def test_every_table_has_a_schema_that_avro_takes(orders: Pipeline) -> None:
    for table in orders.tables:
        record = fastavro.parse_schema(json.loads(avro_record(orders, table.name)))
        assert isinstance(record, dict)
        names = [field["name"] for field in record["fields"]]
        assert names[: len(table.columns)] == list(table.columns)
        assert ("_write_timestamp" in names) == (table.name not in orders.reference_tables)


def test_only_kafka_streams_needs_a_topic_for_each_table(orders: Pipeline) -> None:
    topics = {topic.name: topic for topic in orders.topics}
    assert {topic.name for topic in orders.on(Engine.FLINK).topics} == {"sales.orders", "sales.orders.dead-letters"}
    assert topics["orders.table.products"].config["cleanup.policy"] == "compact"
    assert topics["orders.table.sales-by-city"].config["cleanup.policy"] == "compact"
    assert (
        topics["orders.table.orders-enriched"].config["retention.ms"] == topics["sales.orders"].config["retention.ms"]
    )


def test_the_loader_reads_only_committed_results_of_every_table(orders: Pipeline) -> None:
    tables = loaded_tables(orders)
    config = connector_config(StreamsConfig(), ENDPOINTS, orders, tables, replication_factor=1)
    assert tables == {
        "orders.table.orders-enriched": "orders_enriched",
        "orders.table.sales-by-hour": "sales_by_hour",
        "orders.table.sales-by-city": "sales_by_city",
    }
    assert config["topics"].split(",") == list(tables)
    assert config["consumer.override.isolation.level"] == "read_committed"
    assert config["errors.deadletterqueue.topic.name"] == orders.dead_letter_topic.name
