"""The data of `pipelines/orders`, made from a seed: `python -m tests.pipeline.shop` writes it into the repository.

It has what real data has: guests, products and customers that no reference row knows, missing values, text with quotes
and letters beyond ASCII.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from weir.config.repository import REPOSITORY

FOLDER = REPOSITORY / "pipelines" / "orders"
ORDERS, CUSTOMERS, PRODUCTS, SEED = 2_500, 120, 40, 29
FIRST = datetime(2026, 3, 28, 22, tzinfo=UTC)
"""Four days in two months, with a change of the clocks in Europe."""
NAMES = ("Ada", "Björn", "Chloé", "Dóra", "Émile", "Fatma", 'Gus "Gusto"', "花子")


def files() -> dict[str, str]:
    """Name -> text of each file."""
    generator = random.Random(SEED)
    return {
        "orders.csv": _csv([_order(generator, number) for number in range(ORDERS)]),
        "customers.csv": _csv([_customer(number) for number in range(CUSTOMERS)]),
        "products.csv": _csv([_product(number) for number in range(PRODUCTS)]),
    }


def _order(generator: random.Random, number: int) -> dict[str, object]:
    placed = FIRST + timedelta(milliseconds=generator.randrange(4 * 86_400_000))
    paid = placed + timedelta(milliseconds=generator.randrange(3_600_000))
    guest, chance = generator.random() < 0.2, generator.random
    return {
        "order_id": f"A-{100_000 + number}",
        "placed_at": _time(placed),
        "channel": "" if chance() < 0.1 else generator.choice(("web", "app", "café ☕")),
        "customer_id": "" if guest else f"c{generator.randrange(CUSTOMERS + 20)}",
        "country": "" if guest and chance() < 0.5 else generator.choice(("DE", "FR", "PT")),
        "first_sku": f"sku-{generator.randrange(PRODUCTS + 5)}",
        "first_quantity": generator.randrange(1, 9),
        "net_cents": generator.randrange(100, 90_000),
        "shipping_cents": "" if chance() < 0.3 else generator.choice((0, 490, 990)),
        "weight_kg": "" if chance() < 0.4 else round(generator.uniform(0.01, 40), 3),
        "gift": "" if chance() < 0.5 else str(chance() < 0.3).lower(),
        "promised_day": "" if chance() < 0.2 else (placed + timedelta(days=3)).date().isoformat(),
        "paid_at": "" if chance() < 0.1 else _time(paid),
    }


def _customer(number: int) -> dict[str, object]:
    segment = "" if number % 11 == 0 else ("private", "business", "school")[number % 3]
    return {"customer_id": f"c{number}", "name": f"{NAMES[number % len(NAMES)]} {number}", "segment": segment}


def _product(number: int) -> dict[str, object]:
    category = "" if number % 9 == 0 else ("books", "toys", "food")[number % 3]
    title = f"Product {number}, blue" if number % 4 == 0 else f"Product {number}"
    return {"sku": f"sku-{number}", "title": title, "category": category, "list_cents": 100 + 37 * number}


def _time(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _csv(rows: Sequence[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    """Writes the files."""
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
