"""Reads the events of a topic as any consumer would, apart from the decoders of the engines."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from weir.catalog.avro_types import Node, SchemaError, parse_avro
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec_source import SourceFormat
from weir.clients.events.avro_reader import read_value
from weir.clients.events.json_reader import read_json
from weir.clients.events.letter_codes import LetterCode, UnreadableError
from weir.clients.events.storable import require_storable
from weir.clients.events.wire_format import HEADER_BYTES, MAGIC
from weir.clients.registry import schema_text


class Decoder:
    """Reads events of any version of the schema; keeps the versions it has met."""

    def __init__(self, registry_url: str, pipeline: Pipeline) -> None:
        self._registry_url = registry_url
        self._pipeline = pipeline
        self._max_bytes = pipeline.spec.source.max_event_bytes
        self._writers: dict[int, Node | UnreadableError] = {}
        if pipeline.spec.source.format is SourceFormat.JSON:
            self._event = partial(read_json, json.loads(pipeline.schema.text))
        else:
            self._event = partial(self._read_avro, parse_avro(pipeline.schema.text))

    def decode(self, value: bytes | None) -> dict[str, Any] | None:
        """The event in `value`, timestamps as datetimes in UTC; None where it holds none that becomes a row.

        Raises:
            WeirError: the registry does not answer.
        """
        try:
            return self.read(value)
        except UnreadableError:
            return None

    def read(self, value: bytes | None) -> dict[str, Any]:
        """As `decode`, but says why there is no event.

        Raises:
            UnreadableError: the record is a dead letter.
            WeirError: the registry does not answer.
        """
        if value is not None and len(value) > self._max_bytes:
            raise UnreadableError(LetterCode.TOO_LARGE, f"{len(value)} bytes, above the limit of {self._max_bytes}")
        if value is None:
            raise UnreadableError(LetterCode.NULL_VALUE, "the value is null")
        event = self._event(value)
        require_storable(self._pipeline, event)
        return event

    def _read_avro(self, reader: Node, value: bytes) -> dict[str, Any]:
        schema_id = _schema_id(value)
        if schema_id not in self._writers:
            self._writers[schema_id] = self._fetched(schema_id)
        writer = self._writers[schema_id]
        if isinstance(writer, UnreadableError):
            raise writer
        return read_value(reader, writer, value[HEADER_BYTES:])

    def _fetched(self, schema_id: int) -> Node | UnreadableError:
        """The schema `schema_id`, or why nothing can be read that was written with it."""
        text = schema_text(self._registry_url, schema_id)
        if text is None:
            return UnreadableError(LetterCode.UNKNOWN_SCHEMA_ID, f"the registry has no schema {schema_id}")
        try:
            return parse_avro(text)
        except SchemaError as error:
            return UnreadableError(
                LetterCode.INCOMPATIBLE_SCHEMA, f"schema {schema_id} is not a valid Avro schema: {error}"
            )


def _schema_id(value: bytes) -> int:
    if value[:1] not in {b"", MAGIC}:
        raise UnreadableError(LetterCode.BAD_MAGIC, f"the first byte is {value[0]}")
    if len(value) < HEADER_BYTES:
        raise UnreadableError(
            LetterCode.TRUNCATED, f"the value has {len(value)} bytes, fewer than the {HEADER_BYTES} of the header"
        )
    return int.from_bytes(value[1:HEADER_BYTES], "big", signed=True)
