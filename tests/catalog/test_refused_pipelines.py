"""Pipeline files that no service would take, or that would mean something else, are refused first, in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.pipeline.orders import PIPELINE, SCHEMA

from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.config.errors import ConfigError

pytestmark = pytest.mark.unit

HOURS, CITIES = ("aggregates", 0), ("aggregates", 1)
BYTES = {"name": "signature", "type": ["null", "bytes"]}


def loaded(folder: Path, changes: dict[tuple[str | int, ...], Any], *fields: Any) -> Pipeline:
    """The pipeline of orders with `changes`, path: value, and more fields in its schema."""
    spec = yaml.safe_load(PIPELINE)
    for path, value in changes.items():
        target = spec
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = value
    home = folder / str(spec["name"])
    home.mkdir()
    (home / "pipeline.yaml").write_text(yaml.safe_dump(spec))
    (home / "order.avsc").write_text(json.dumps({**SCHEMA, "fields": [*SCHEMA["fields"], *fields]}))
    return load_pipeline(home)


def measure(**said: Any) -> dict[tuple[str | int, ...], Any]:
    return {(*HOURS, "measures", "m"): said}


def where(column: str, **test: Any) -> dict[tuple[str | int, ...], Any]:
    return measure(count="all", where={"column": column, **test})


WRONG: list[tuple[dict[tuple[str | int, ...], Any], str]] = [
    ({("rows", "partition_key"): ["placed_day", "placed_day"]}, "rows.partition_key: 'placed_day' is listed twice"),
    ({("deduplication", "key"): ["sku", "sku"]}, "deduplication.key: 'sku' is listed twice; list it once"),
    (
        {("references", "shops", "primary_key"): ["shop", "shop"]},
        "references.shops.primary_key: 'shop' is listed twice",
    ),
    (
        {(*HOURS, "partition_key"): ["placed_day", "placed_day"]},
        "aggregates.0.partition_key: 'placed_day' is listed twice",
    ),
    (
        {(*HOURS, "dimensions"): ["placed_hour", "country", {"column": "sku", "as": "country"}]},
        "aggregates.sales_by_hour.dimensions: two are named 'country', so one would be lost",
    ),
    (
        {(*HOURS, "dimensions"): ["placed_hour", "placed_hour"]},
        "aggregates.sales_by_hour.dimensions: two are named 'placed_hour'",
    ),
    (
        {(*HOURS, "dimensions"): [{"column": "placed_at", "as": "placed_hour"}]},
        "aggregates.sales_by_hour.grain: the name is taken by a dimension made from column 'placed_at'",
    ),
    (
        {(*HOURS, "dimensions"): ["placed_hour", "shop"]},
        "aggregates.sales_by_hour.dimensions: 'shop' may be null, but keys cannot be null; group by another",
    ),
    (
        {
            (*CITIES, "partition_key"): ["place"],
            (*CITIES, "dimensions"): ["placed_year", {"column": "city", "when_null": "", "as": "place"}],
        },
        (
            "aggregates.sales_by_city.dimensions: when_null of 'city' is empty, but Cassandra refuses an empty "
            "partition key"
        ),
    ),
    ({(*CITIES, "dimensions", 0): {"column": "city", "when_null": "a\0"}}, "aggregates.1.dimensions.0.when_null"),
    (
        measure(max="signature"),
        "aggregates.sales_by_hour.measures.m: 'signature' is blob, and Flink has no max for that type",
    ),
    (
        measure(min="signature"),
        "aggregates.sales_by_hour.measures.m: 'signature' is blob, and Flink has no min for that type",
    ),
    (measure(sum="all"), "aggregates.sales_by_hour.measures.m: no column 'all'"),
    (where("country", equals=5), "aggregates.sales_by_hour.measures.m.where.equals: 'country' is text, but 5 is not"),
    (
        where("quantity", equals="5"),
        "aggregates.sales_by_hour.measures.m.where.equals: 'quantity' is int, but '5' is not",
    ),
    (where("express", greater_than=0), "aggregates.sales_by_hour.measures.m.where.greater_than: 'express' is boolean"),
    (where("sku", less_than=0), "aggregates.sales_by_hour.measures.m.where.less_than: 'sku' is text"),
    (where("placed_at", equals=0), "aggregates.sales_by_hour.measures.m.where.equals: 'placed_at' is timestamp, which"),
    (where("signature", equals="a"), "aggregates.sales_by_hour.measures.m.where.equals: 'signature' is blob, which"),
    (
        where("quantity", greater_than=True),
        "aggregates.0.measures.m.where.greater_than: not comparable with a column; write a finite number",
    ),
    (where("quantity", equals=5.5), "aggregates.0.measures.m.where.equals: not comparable with a column; write a text"),
    (
        where("quantity", equals=2**63),
        "aggregates.0.measures.m.where.equals: not comparable with a column; write a text",
    ),
    (
        where("quantity", less_than=1e19),
        "aggregates.sales_by_hour.measures.m.where.less_than: 1e+19 does not fit in 64 bits",
    ),
    ({("name",): "weir"}, "name: 'weir' is weir's own keyspace; choose another"),
    ({("name",): "registry"}, "name: 'registry' is used by the registry"),
    ({("name",): "information_schema"}, "name: 'information_schema' is used by Trino"),
    ({("name",): "system_auth"}, "name: 'system_auth' is Cassandra's: its own keyspaces begin so; choose another"),
    ({("name",): "orders_"}, "name: does not match"),
    ({("name",): "o" * 45}, "name: does not match"),
    ({("source", "topic"): "sales..orders"}, "source: topic: 'sales..orders' is no name that weir gives"),
    ({("source", "topic"): "sales-"}, "source: topic: 'sales-' is no name that weir gives"),
    ({("source", "schema_file"): "../order.avsc"}, "source.schema_file: does not match"),
    ({("source", "schema_file"): "/etc/passwd"}, "source.schema_file: does not match"),
    ({("source", "schema_file"): "schemas/order.avsc"}, "source.schema_file: does not match"),
    ({("source", "schema_file"): ".."}, "source.schema_file: does not match"),
    ({("rows", "table"): "rows_"}, "rows.table: does not match"),
    ({("workload", "mean_events_per_second"): float("inf")}, "workload.mean_events_per_second: not a finite number"),
    ({("source", "partitions"): True}, "source: partitions is true, which is not a number; write a number"),
    ({("workload", "event_bytes"): 2**40}, "workload.event_bytes: above the maximum 1073741824"),
]


@pytest.mark.parametrize(("changes", "told"), WRONG, ids=[told[:70] for _, told in WRONG])
def test_what_no_service_takes_is_refused_in_one_line(
    tmp_path: Path, changes: dict[tuple[str | int, ...], Any], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, changes, BYTES)
    (problem,) = caught.value.problems
    assert problem.startswith(told)


def test_a_key_that_stands_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "pipeline.yaml").write_text(f"name: orders\n{PIPELINE}")
    with pytest.raises(ConfigError, match=r"key 'name' appears twice, first in line 1.*line 3"):
        load_pipeline(tmp_path / "orders")


@pytest.mark.parametrize(
    "changes",
    [
        measure(min="note"),
        measure(max="express"),
        measure(max="placed_at"),
        measure(min="shop_opened"),
        where("express", equals=True),
        where("quantity", less_than=2**63 - 1),
        where("weight_kg", greater_than=-1e300),
        where("note", equals="a\nb"),
        {("name",): "o" * 44},
        {
            (*HOURS, "dimensions"): [
                "placed_hour",
                {"column": "sku", "as": "order"},
                {"column": "express", "as": "from"},
            ]
        },
    ],
)
def test_what_every_service_takes_is_taken(tmp_path: Path, changes: dict[tuple[str | int, ...], Any]) -> None:
    assert loaded(tmp_path, changes).tables
