"""Events and ids as bytes: Confluent's wire format, and the text that is a record's key."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import fastavro
import httpx
from fastavro.read import SchemaResolutionError

from weir.catalog.avro import Column
from weir.catalog.pipeline import Pipeline
from weir.catalog.types import ColumnType
from weir.config.errors import WeirError
from weir.proof.avro_batch import Records, encode_records
from weir.proof.dataset import EVENT_INDEX, EVENTS, quoted

if TYPE_CHECKING:
    import duckdb

MAGIC = b"\x00"
HEADER_BYTES = 5
"""The magic byte and the schema's id, big-endian: Confluent's wire format."""
CONTENT_TYPE = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
CHUNK_EVENTS = 50_000


def header(schema_id: int) -> bytes:
    """What stands before the Avro body."""
    return MAGIC + schema_id.to_bytes(4, "big")


def schema_id_of(registry_url: str, pipeline: Pipeline) -> int:
    """The registry's id of the pipeline's schema; the schema is registered when its subject lacks it.

    Raises:
        WeirError: the registry does not answer, or refuses the schema (with its own words).
    """
    return register_schema(registry_url, pipeline.subject, pipeline.schema.text)


def register_schema(registry_url: str, subject: str, schema: str) -> int:
    """The registry's id of a schema (JSON text); it is registered when `subject` lacks it.

    Raises:
        WeirError: the registry does not answer, or refuses the schema (with its own words).
    """
    url = f"{registry_url}/subjects/{subject}"
    answer = _ask_registry("POST", url, {"schema": schema})
    if answer.status_code == httpx.codes.NOT_FOUND:
        answer = _ask_registry("POST", f"{url}/versions", {"schema": schema})
    if not answer.is_success:
        raise WeirError(f"the schema registry refuses {subject}: {answer.status_code} {answer.text}")
    return int(answer.json()["id"])


def _ask_registry(method: str, url: str, body: dict[str, str] | None = None) -> httpx.Response:
    try:
        # trust_env off: a company proxy must not be asked for an address of the platform itself.
        with httpx.Client(trust_env=False, timeout=30, headers=CONTENT_TYPE) as client:
            return client.request(method, url, json=body)
    except httpx.HTTPError as error:
        raise WeirError(f"the schema registry does not answer {url} ({error}); is it running?") from None


class Decoder:
    """Reads events of any version of the schema; keeps the versions it has met."""

    def __init__(self, registry_url: str, pipeline: Pipeline) -> None:
        self._registry_url = registry_url
        self._reader = fastavro.parse_schema(json.loads(pipeline.schema.text))
        self._writers: dict[int, Any] = {}

    def decode(self, value: bytes | None) -> dict[str, Any] | None:
        """The event in `value`, timestamps as datetimes in UTC; None where it holds none.

        Raises:
            WeirError: the registry does not answer.
        """
        if value is None or len(value) <= HEADER_BYTES or value[:1] != MAGIC:
            return None
        schema_id = int.from_bytes(value[1:HEADER_BYTES], "big")
        if schema_id not in self._writers:
            self._writers[schema_id] = self._fetched(schema_id)
        writer = self._writers[schema_id]
        if writer is None:
            return None
        body = io.BytesIO(value[HEADER_BYTES:])
        try:
            event = fastavro.schemaless_reader(body, writer, self._reader)
        except (EOFError, ValueError, IndexError, SchemaResolutionError):
            return None
        return None if body.read(1) or not isinstance(event, dict) else event

    def _fetched(self, schema_id: int) -> Any:
        """The schema `schema_id`, or None where the registry has none."""
        answer = _ask_registry("GET", f"{self._registry_url}/schemas/ids/{schema_id}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if not answer.is_success:
            raise WeirError(f"the schema registry does not give schema {schema_id}: {answer.status_code} {answer.text}")
        return fastavro.parse_schema(json.loads(answer.json()["schema"]))


@dataclass(frozen=True)
class EncodedEvents:
    """The events of a window, ready to be sent; indices are those of the dataset."""

    window: range
    keys: list[str]
    values: list[Records]

    def key(self, index: int) -> str:
        """The canonical text of the event's id."""
        return self.keys[index - self.window.start]

    def value(self, index: int) -> bytes:
        """The event in Confluent's wire format."""
        chunk, position = divmod(index - self.window.start, CHUNK_EVENTS)
        return self.values[chunk][position]


def encode_events(
    connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, schema_id: int, window: range
) -> EncodedEvents:
    """The events of `window`, in memory: about 100 bytes above an event's own size each."""
    schema = json.loads(pipeline.schema.text)
    events = EncodedEvents(window, event_keys(connection, pipeline, window), [])
    for start in window[::CHUNK_EVENTS]:
        columns = connection.execute(
            f"SELECT {_avro_values(pipeline)} FROM {EVENTS} WHERE {EVENT_INDEX} >= ? AND {EVENT_INDEX} < ? "
            f"ORDER BY {EVENT_INDEX}",
            [start, min(start + CHUNK_EVENTS, window.stop)],
        ).fetchnumpy()
        events.values.append(encode_records(schema, columns, header(schema_id)))
    return events


def event_keys(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, window: range) -> list[str]:
    """The canonical text of each event's id: a JSON list of the deduplication key's values, timestamps in milliseconds.

    All re-sends of an event have the same key, hence the same partition.
    """
    rows = connection.execute(
        f"SELECT {_key_text(pipeline)} FROM {EVENTS} WHERE {EVENT_INDEX} >= ? AND {EVENT_INDEX} < ? "
        f"ORDER BY {EVENT_INDEX}",
        [window.start, window.stop],
    ).fetchall()
    return [row[0] for row in rows]


def _key_text(pipeline: Pipeline) -> str:
    parts = []
    for name in pipeline.spec.deduplication.key:
        is_time = pipeline.event_columns[name].type is ColumnType.TIMESTAMP
        parts.append(f"epoch_ms({quoted(name)})" if is_time else f"to_json({quoted(name)})")
    return "concat('[', " + ", ',', ".join(parts) + ", ']')"


def _avro_values(pipeline: Pipeline) -> str:
    """Times as numbers, as Avro holds them: milliseconds or days since 1970."""
    return ", ".join(f"{_avro_value(column)} AS {quoted(column.name)}" for column in pipeline.schema.columns)


def _avro_value(column: Column) -> str:
    match column.type:
        case ColumnType.TIMESTAMP:
            return f"epoch_ms({quoted(column.name)})"
        case ColumnType.DATE:
            return f"date_diff('day', DATE '1970-01-01', {quoted(column.name)})"
        case _:
            return quoted(column.name)
