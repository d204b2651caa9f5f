"""The guide to JSON is true: its columns are accepted, its event is read, and its tables name what there is."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from weir.catalog.json_columns import columns_document
from weir.catalog.spec import Engine
from weir.catalog.spec_source import ENCODINGS, Source, SourceFormat
from weir.clients.events.json_reader import read_json
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

GUIDE = (REPOSITORY / "docs" / "how-to" / "read-json.md").read_text(encoding="utf-8")


def shown(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found
    return found.group(1)


def test_the_shown_event_becomes_a_row_by_the_shown_columns() -> None:
    source = Source.model_validate(yaml.safe_load(shown("yaml"))["source"])
    event = read_json(columns_document(source.columns), shown("json").encode())
    assert json.loads(json.dumps(event, default=str)) == {
        "order_id": "A-1",
        "placed_at": "2026-03-28 22:10:00+00:00",
        "customer_id": "c7",
        "first_sku": "sku-4",
        "net_cents": 1250,
        "paid_at": "2026-03-28 22:10:00+00:00",
        "gift": None,
    }


def test_the_table_of_types_has_each_with_its_encodings_in_order() -> None:
    table = GUIDE.split("<!-- types -->")[1]
    found: dict[str, list[str]] = {}
    for line in table.strip().splitlines()[2:]:
        types, encodings, _ = (re.findall(r"`([^`]+)`", cell) for cell in line.strip("| ").split(" | "))
        for name in types:
            found.setdefault(name, []).extend(encodings)
    assert found == {kind.value: [encoding.value for encoding in encodings] for kind, encodings in ENCODINGS.items()}


def test_the_table_of_engines_has_each_format_and_engine() -> None:
    header, *rows = [line for line in GUIDE.splitlines() if line.startswith(("| engine", "| Flink", "| Kafka"))]
    assert re.findall(r"`(\w+)`", header) == [each.value for each in SourceFormat]
    assert len(rows) == len(Engine)
