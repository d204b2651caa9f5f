"""A source of JSON: its columns, what engines are given, what is refused, and what the schema gate says of a change."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.catalog.pipeline_renderings import ENDPOINTS, render, statements
from tests.catalog.pipeline_renderings import loaded as renderings_loaded
from tests.pipeline import orders

from weir.catalog.avro import Column
from weir.catalog.json_columns import columns_document, earlier_columns, json_schema
from weir.catalog.pipeline import Pipeline, load_pipeline, program_files
from weir.catalog.spec import Engine
from weir.catalog.spec_source import ENCODINGS, JsonColumn
from weir.catalog.streams import streams_plan
from weir.catalog.subjects import subjects_of
from weir.catalog.types import ColumnType
from weir.config.errors import ConfigError
from weir.config.repository import REPOSITORY
from weir.config.streams import StreamsConfig

pytestmark = pytest.mark.unit

ORDERS = REPOSITORY / "pipelines" / "orders"
DOCUMENT = yaml.safe_load((ORDERS / "pipeline.yaml").read_text(encoding="utf-8"))


def loaded(folder: Path, source: dict[str, Any] | None = None, **columns: Any) -> Pipeline:
    """The orders with changes in their source and its columns; None takes a column away."""
    document = copy.deepcopy(DOCUMENT)
    document["source"] |= source or {}
    changed = {**document["source"]["columns"], **columns}
    document["source"]["columns"] = {name: column for name, column in changed.items() if column is not None}
    home = folder / "orders"
    home.mkdir()
    (home / "pipeline.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return load_pipeline(home)


def test_columns_are_those_of_the_file_in_its_order() -> None:
    pipeline = load_pipeline(ORDERS)
    assert list(pipeline.event_columns) == list(DOCUMENT["source"]["columns"])
    assert pipeline.event_columns["order_id"] == Column("order_id", ColumnType.TEXT, nullable=False)
    assert pipeline.event_columns["gift"] == Column("gift", ColumnType.BOOLEAN, nullable=True)
    assert list(pipeline.columns)[-5:] == ["customer_name", "segment", "first_title", "category", "first_list_cents"]


DECLARED = {
    "order_id": {"path": "orderId", "type": "text", "required": True},
    "placed_at": {"path": "placedAt", "type": "timestamp", "encoding": "iso-8601", "required": True},
    "first_sku": {"path": "lines[0].sku", "type": "text"},
    "gift": {"type": "boolean"},
    "raw": {"type": "blob"},
    "days": {"type": "date", "encoding": "epoch-days"},
}
EXPECTED = [
    {"name": "order_id", "type": "text", "path": ["orderId"], "nullable": False, "encoding": "plain"},
    {"name": "placed_at", "type": "timestamp", "path": ["placedAt"], "nullable": False, "encoding": "iso-8601"},
    {"name": "first_sku", "type": "text", "path": ["lines", 0, "sku"], "nullable": True, "encoding": "plain"},
    {"name": "gift", "type": "boolean", "path": ["gift"], "nullable": True, "encoding": "plain"},
    {"name": "raw", "type": "blob", "path": ["raw"], "nullable": True, "encoding": "base64"},
    {"name": "days", "type": "date", "path": ["days"], "nullable": True, "encoding": "epoch-days"},
]


def test_the_document_has_an_entry_for_each_column() -> None:
    columns = {name: JsonColumn.model_validate(declared) for name, declared in DECLARED.items()}
    assert columns_document(columns) == EXPECTED
    schema = json_schema(columns)
    assert json.loads(schema.text) == EXPECTED
    assert earlier_columns(schema.text) == schema


@pytest.mark.parametrize("text", ["{", '"string"', '[{"type": "record"}]', json.dumps(orders.SCHEMA), "[1]", "7"])
def test_what_is_no_document_of_columns_is_known_for_it(text: str) -> None:
    assert earlier_columns(text) is None


def test_every_type_has_an_encoding_of_its_own() -> None:
    assert set(ENCODINGS) == set(ColumnType)
    assert JsonColumn(type=ColumnType.TIMESTAMP).read_as == "iso-8601"
    assert JsonColumn(type=ColumnType.DATE).read_as == "iso-8601"
    assert JsonColumn(type=ColumnType.BLOB).read_as == "base64"
    assert {ENCODINGS[kind] for kind in ColumnType if kind not in {"timestamp", "date", "blob"}} == {("plain",)}


def test_kafka_streams_gets_the_document_and_no_schema() -> None:
    pipeline = load_pipeline(ORDERS).on(Engine.KAFKA_STREAMS)
    source = json.loads(streams_plan(StreamsConfig(), ENDPOINTS, pipeline))["source"]
    assert source == {
        "topic": "shop.orders",
        "format": "json",
        "columns_document": columns_document(pipeline.spec.source.columns),
        "columns": 13,
        "max_event_bytes": 2**20,
        "partitioned_by_id": True,
    }


def test_flink_reads_the_topic_by_the_format_for_json() -> None:
    pipeline = load_pipeline(ORDERS)
    (source,) = (
        text for text in statements(pipeline).definitions if text.startswith("CREATE TEMPORARY TABLE `_events`")
    )
    assert f"'value.weir-json.columns' = '{pipeline.schema.text}'" in source
    for option in (
        "'value.format' = 'weir-json'",
        "'value.weir-json.max-bytes' = '1048576'",
        "'value.weir-json.id-columns' = 'order_id'",
        "METADATA FROM 'value.decode-error'",
    ):
        assert option in source
    assert '\'value.weir-json.limits\' = \'{"times":[{"column":"placed_at",' in source
    assert "registry" not in source


def test_a_pipeline_of_json_is_sized_and_rendered_on_both_engines() -> None:
    render(renderings_loaded(ORDERS))


def test_json_has_no_subject_and_no_schema_file() -> None:
    pipeline = load_pipeline(ORDERS)
    assert subjects_of([pipeline]) == ()
    assert list(program_files(pipeline)) == ["pipeline.yaml"]


WRONG: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"schema_file": "order.avsc"}, {}, "source: schema_file: not for format json, since JSON has no schema in the"),
    ({"compatibility": "FULL"}, {}, "source: compatibility: not for format json"),
    ({}, dict.fromkeys(DOCUMENT["source"]["columns"]), "source: columns: missing; add it, for format json needs it"),
    ({"format": "avro"}, {}, "source: columns: not for format avro, since the columns of Avro are those of its schema"),
    (
        {"format": "avro", "schema_file": "order.avsc"},
        {},
        "source: columns: not for format avro, since the columns of Avro are those of its schema; remove it",
    ),
    ({"format": "xml"}, {}, "source.format: not one of 'avro' or 'json'; choose one of them (the value is 'xml')"),
    ({}, {"gift": {"type": "decimal"}}, "source.columns.gift.type: not one of 'text', 'int'"),
    ({}, {"gift": {"type": "boolean", "nullable": True}}, "source.columns.gift.nullable: unknown field"),
    ({}, {"giftWrap": {"type": "boolean"}}, "source.columns.giftWrap"),
    (
        {},
        {"gift": {"type": "boolean", "path": "$.gift"}},
        "source.columns.gift.path: begins with $, but a path here has no `$`; write it without `$.`",
    ),
    (
        {},
        {"gift": {"type": "timestamp", "encoding": "epoch-days"}},
        "source.columns.gift: encoding: epoch-days is not one of a timestamp's; write iso-8601 or epoch-seconds or",
    ),
    (
        {},
        {"gift": {"type": "text", "encoding": "base64"}},
        "source.columns.gift: encoding: base64 is not one of a text",
    ),
    (
        {},
        {"customer": {"type": "text"}},
        "source.columns.customer.path: customer is an object, in which customer_id is read, and no value of a column",
    ),
    (
        {},
        {"second": {"type": "text", "path": "customer[1]"}},
        "source.columns.second.path: takes customer for an array, but customer_id takes it for an object; correct one",
    ),
    (
        {},
        {"order": {"type": "blob", "path": "orderId"}},
        "source.columns.order.path: orderId is stored by order_id already, and a row with a long text twice may be",
    ),
    ({}, {"paid_hour": {"type": "text"}, "placed_day": {"type": "date"}}, "derived.placed_day: the event already has"),
    ({}, {"order_id": {"type": "text"}}, "deduplication.key: 'order_id' may be null; make it required"),
]


@pytest.mark.parametrize(("source", "columns", "told"), WRONG, ids=[told[:60] for _, _, told in WRONG])
def test_what_is_wrong_is_refused_by_its_field(
    tmp_path: Path, source: dict[str, Any], columns: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, source, **columns)
    assert caught.value.problems[0].startswith(told)


def test_an_avro_source_without_its_schema_is_refused(tmp_path: Path) -> None:
    document = yaml.safe_load(orders.PIPELINE)
    del document["source"]["schema_file"]
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "pipeline.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(ConfigError, match="source: schema_file: missing; add it, for format avro needs it"):
        load_pipeline(tmp_path / "orders")


def test_two_columns_may_read_one_path(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, net_text={"type": "text", "path": "amounts.netCents"})
    assert [entry["path"] for entry in json.loads(pipeline.schema.text) if "net" in entry["name"]] == [
        ["amounts", "netCents"]
    ] * 2
