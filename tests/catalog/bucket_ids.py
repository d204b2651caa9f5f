"""Ids of every type with their buckets, which every implementation must agree with; the file is the Java tests'."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from weir.catalog.buckets import Value
from weir.catalog.types import ColumnType
from weir.config.repository import REPOSITORY

FILE = REPOSITORY / "kafka-streams" / "dedup-join" / "src" / "test" / "resources" / "buckets.json"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Id:
    """An id's types and values, and its bucket by the number of buckets."""

    types: tuple[ColumnType, ...]
    written: tuple[Any, ...]
    """As the file and Avro have them: days of a date, milliseconds of a timestamp."""
    buckets: dict[int, int]

    @property
    def values(self) -> tuple[Value, ...]:
        """As Python has them."""
        return tuple(_value(kind, value) for kind, value in zip(self.types, self.written, strict=True))


def ids() -> list[Id]:
    """Those of the file."""
    return [
        Id(
            tuple(ColumnType(part["type"]) for part in entry["key"]),
            tuple(part["value"] for part in entry["key"]),
            {int(count): bucket for count, bucket in entry["buckets"].items()},
        )
        for entry in json.loads(FILE.read_text(encoding="utf-8"))
    ]


def _value(kind: ColumnType, value: Any) -> Value:
    if kind is ColumnType.DATE:
        return EPOCH.date() + timedelta(days=value)
    return EPOCH + timedelta(milliseconds=value) if kind is ColumnType.TIMESTAMP else value
