"""A dataset's events as bytes, ready to be sent, and the text that is a record's key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from weir.catalog.avro import Column
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec_source import SourceFormat
from weir.catalog.types import ColumnType
from weir.clients.events.wire_format import header
from weir.clients.registry import register_schema, schema_id_of
from weir.verify.avro_batch import Records, encode_records
from weir.verify.dataset import EVENT_INDEX, EVENTS, quoted
from weir.verify.json_batch import json_records, require_writable

if TYPE_CHECKING:
    import duckdb

CHUNK_EVENTS = 50_000


def schema_ids(registry_url: str, pipeline: Pipeline) -> tuple[int, int]:
    """The registry's ids of the pipeline's schema and of a foreign one; zeros for JSON, which has none.

    Raises:
        WeirError: as `schema_id_of`.
    """
    if pipeline.spec.source.format is SourceFormat.JSON:
        return 0, 0
    return schema_id_of(registry_url, pipeline), foreign_schema_id(registry_url, pipeline)


def foreign_schema_id(registry_url: str, pipeline: Pipeline) -> int:
    """The registry's id of a record that is none of the pipeline's but for its fields; registered when it is not there.

    Raises:
        WeirError: as `schema_id_of`.
    """
    schema = json.loads(pipeline.schema.text)
    namespace, dot, name = schema["name"].rpartition(".")
    foreign = {**schema, "name": f"{namespace}{dot}Foreign{name}", "aliases": []}
    return register_schema(registry_url, f"{pipeline.source_topic.name}.foreign-value", json.dumps(foreign))


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
        """The event as a record's value."""
        chunk, position = divmod(index - self.window.start, CHUNK_EVENTS)
        return self.values[chunk][position]


def encode_events(
    connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, schema_id: int, window: range
) -> EncodedEvents:
    """The events of `window`, in memory: about 100 bytes above an event's own size each.

    Avro has Confluent's wire format, with `schema_id`; JSON is plain text.

    Raises:
        WeirError: a value of the dataset cannot be written.
    """
    events = EncodedEvents(window, event_keys(connection, pipeline, window), [])
    if pipeline.spec.source.format is SourceFormat.JSON:
        require_writable(connection, pipeline)
        encode = partial(json_records, connection, pipeline)
    else:
        encode = partial(_avro_records, connection, pipeline, schema_id)
    for start in window[::CHUNK_EVENTS]:
        events.values.append(encode(range(start, min(start + CHUNK_EVENTS, window.stop))))
    return events


def _avro_records(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, schema_id: int, events: range) -> Records:
    columns = connection.execute(
        f"SELECT {_avro_values(pipeline)} FROM {EVENTS} WHERE {EVENT_INDEX} >= ? AND {EVENT_INDEX} < ? "
        f"ORDER BY {EVENT_INDEX}",
        [events.start, events.stop],
    ).fetchnumpy()
    return encode_records(json.loads(pipeline.schema.text), columns, header(schema_id))


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
