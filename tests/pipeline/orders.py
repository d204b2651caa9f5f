"""A second pipeline as a folder: another schema, a composite key, two reference tables, other aggregates.

Nothing in weir knows of it. The data is made from a seed, with what real data has: repeated ids in other countries,
products that no reference row knows, missing values, text with commas and quotes.
"""

from __future__ import annotations

import csv
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

COUNTRIES = ("de", "fr", "pt")
SCHEMA = {
    "type": "record",
    "name": "Order",
    "namespace": "io.weir.orders",
    "fields": [
        {"name": "country", "type": {"type": "enum", "name": "Country", "symbols": list(COUNTRIES)}},
        {"name": "order_number", "type": "long"},
        {"name": "placed_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "delivery_day", "type": ["null", {"type": "int", "logicalType": "date"}], "default": None},
        {"name": "sku", "type": "string"},
        {"name": "shop", "type": ["null", "int"], "default": None},
        {"name": "quantity", "type": "int"},
        {"name": "price_cents", "type": "long"},
        {"name": "weight_kg", "type": ["null", "double"], "default": None},
        {"name": "express", "type": "boolean"},
        {"name": "note", "type": ["null", "string"], "default": None},
    ],
}
PIPELINE = """
name: orders
description: Orders of shops in three countries.
owner: sales
source:
  topic: sales.orders
  schema_file: order.avsc
  partitions: 3
  retention_hours: 24
deduplication:
  key: [country, order_number]
  horizon_hours: 48
event_time: placed_at
derived:
  placed_hour: {from: placed_at, truncate_to: hour}
  placed_day: {from: placed_at, truncate_to: day}
  placed_year: {from: placed_at, truncate_to: year}
references:
  products:
    columns: {sku: text, title: text, category: text, unit_weight_kg: double}
    primary_key: [sku]
    reload_interval_seconds: 5
  shops:
    columns: {country: text, shop: int, city: text, opened: date}
    primary_key: [country, shop]
    reload_interval_seconds: 5
joins:
  - reference: products
    match: {sku: sku}
    select: {title: product_title, category: category, unit_weight_kg: unit_weight_kg}
  - reference: shops
    match: {country: country, shop: shop}
    select: {city: city, opened: shop_opened}
rows:
  table: orders_enriched
  partition_key: [country, placed_day]
  clustering_key: [placed_at, order_number]
  bucket: {hash: 4}
aggregates:
  - table: sales_by_hour
    grain: placed_hour
    partition_key: [placed_day, country]
    dimensions: [placed_hour, {column: category, when_null: none}]
    measures:
      orders: {count: all}
      express_orders: {count: all, where: {column: express, equals: true}}
      with_note: {count: note}
      units: {sum: quantity}
      revenue_cents: {sum: price_cents}
      revenue_of_bulk_cents: {sum: price_cents, where: {column: quantity, greater_than: 5}}
      cheapest_cents: {min: price_cents}
      heaviest_kg: {max: weight_kg}
    ttl_days: 30
  - table: sales_by_city
    grain: placed_year
    partition_key: [placed_year]
    dimensions: [{column: city, when_null: online, as: place}, express]
    measures:
      orders: {count: all}
      portuguese_orders: {count: all, where: {column: country, equals: pt}}
      undelivered: {count: all, where: {column: delivery_day, is_null: true}}
dead_letters:
  topic: sales.orders.dead-letters
  retention_hours: 48
workload:
  mean_events_per_second: 10
  peak_events_per_second: 50
  event_bytes: 90
  duplicate_ratio: 0.2
"""
DATASET = """
events: orders.csv
references: {products: products.csv, shops: shops.csv}
"""


def write_orders_pipeline(pipelines: Path, *, orders: int, seed: int = 7) -> Path:
    """Writes `pipelines/orders` with `orders` events and returns the folder."""
    folder = pipelines / "orders"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(PIPELINE)
    (folder / "dataset.yaml").write_text(DATASET)
    (folder / "order.avsc").write_text(json.dumps(SCHEMA))
    generator = random.Random(seed)
    _write_csv(folder / "orders.csv", [_order(generator, number) for number in range(orders)])
    _write_csv(folder / "products.csv", [_product(number) for number in range(40)])
    _write_csv(folder / "shops.csv", [_shop(country, number) for country in COUNTRIES for number in range(8)])
    return folder


def _order(generator: random.Random, number: int) -> dict[str, object]:
    placed = datetime(2025, 12, 30, 22, tzinfo=UTC) + timedelta(milliseconds=generator.randrange(4 * 86_400_000))
    return {
        # Every number is used once in each country: only the pair is an id.
        "country": COUNTRIES[number % 3],
        "order_number": number // 3,
        "placed_at": placed.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "delivery_day": "" if generator.random() < 0.2 else (placed + timedelta(days=3)).date().isoformat(),
        "sku": f"sku-{generator.randrange(50)}",
        "shop": "" if generator.random() < 0.3 else generator.randrange(10),
        "quantity": generator.randrange(1, 12),
        "price_cents": generator.randrange(100, 3_000_000_000),
        "weight_kg": "" if generator.random() < 0.5 else round(generator.uniform(0.01, 40), 3),
        "express": str(generator.random() < 0.25).lower(),
        "note": "" if generator.random() < 0.6 else generator.choice(['gift, "wrapped"', "zu Hause läuten", "açúcar"]),
    }


def _product(number: int) -> dict[str, object]:
    category = "" if number % 9 == 0 else ("food", "toys", "books")[number % 3]
    return {"sku": f"sku-{number}", "title": f"Product {number}", "category": category, "unit_weight_kg": number / 8}


def _shop(country: str, number: int) -> dict[str, object]:
    return {
        "country": country,
        "shop": number,
        "city": f"{country}-city-{number % 5}",
        "opened": f"20{10 + number}-02-28",
    }


def _write_csv(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
