"""One kind of record that may stop a pipeline, be lost or make a wrong row: what is sent, and what must come of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastavro

from weir.clients.events.wire_format import header
from weir.clients.registry import register_schema

FOLDER = Path(__file__).parent
SCHEMA: dict[str, Any] = json.loads((FOLDER / "event.avsc").read_text(encoding="utf-8"))
NOON = 1_735_732_800_000
"""2025-01-01 12:00 UTC, in milliseconds since 1970: when events happen unless their case says otherwise."""


@dataclass(frozen=True)
class Sent:
    """A record to be sent. Without `key` it is the case's name, so a case's records keep their order."""

    value: bytes | None
    key: bytes | None = None
    timestamp_milliseconds: int | None = None
    compression: str = "none"


@dataclass(frozen=True)
class Letter:
    """A dead letter, as the topic holds it."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, str]

    @property
    def reason(self) -> str:
        """Begins with the code of what is wrong."""
        return self.headers["weir.reason"]


@dataclass(frozen=True)
class Outcome:
    """What an engine made of a case's records."""

    letters: list[Letter | None]
    """For each record in the order of sending: its dead letter, if there is one."""
    refused: list[Letter]
    """Dead letters of the case's rows: Cassandra took their event for good, and not the row."""
    rows: dict[str, dict[str, Any]]
    """The rows whose id begins with the case's name, by the rest of their id."""
    totals: dict[str, list[dict[str, Any]]]
    """By table, the totals of the case's country; of `by_city` those with its country among them."""
    counters: Mapping[str, int] = field(default_factory=dict)
    missed_shops: Mapping[str, int] = field(default_factory=dict)
    """Keys that found no row, of all cases, with how often."""


@dataclass(frozen=True)
class Wire:
    """Records of one case as bytes, in the registry's wire format."""

    case: str
    registry_url: str
    schema_id: int

    def event(self, id_: str, **fields: Any) -> bytes:
        """An event of the pipeline's schema; its id and country are the case's."""
        return header(self.schema_id) + _encoded(SCHEMA, self._fields(id_) | fields)

    def foreign(self, schema: dict[str, Any], record: Mapping[str, Any]) -> bytes:
        """A record of another schema, registered under a subject of its own."""
        subject = f"{self.case}.{schema['name']}-value"
        return header(register_schema(self.registry_url, subject, json.dumps(schema))) + _encoded(schema, record)

    def id(self, id_: str) -> str:
        """The id of one of the case's events, as `Outcome.rows` knows it by `id_`."""
        return f"{self.case}/{id_}"

    def _fields(self, id_: str) -> dict[str, Any]:
        return {"id": self.id(id_), "ts": NOON, "country": self.case, "weight": 0.0}


@dataclass(frozen=True)
class Case:
    """Its name is also the country of its events, so that cases share no total."""

    name: str
    records: Callable[[Wire], Sequence[Sent]]
    check: Callable[[Outcome], None]
    conflicts: int = 0
    """How many of its events differ from the first one with their id."""


def _encoded(schema: dict[str, Any], record: Mapping[str, Any]) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), dict(record))
    return out.getvalue()
