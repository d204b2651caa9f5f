"""Reads the events of a topic as any consumer would, apart from the decoders of the engines."""

from __future__ import annotations

from typing import Any

from weir.catalog.avro_types import Node, SchemaError, parse_avro
from weir.catalog.pipeline import Pipeline
from weir.clients.events.avro_reader import read_value
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
        self._reader = parse_avro(pipeline.schema.text)
        self._writers: dict[int, Node | UnreadableError] = {}

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
        schema_id = _schema_id(value)
        if schema_id not in self._writers:
            self._writers[schema_id] = self._fetched(schema_id)
        writer = self._writers[schema_id]
        if isinstance(writer, UnreadableError):
            raise writer
        event = read_value(self._reader, writer, (value or b"")[HEADER_BYTES:])
        require_storable(self._pipeline, event)
        return event

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


def _schema_id(value: bytes | None) -> int:
    if value is None:
        raise UnreadableError(LetterCode.NULL_VALUE, "the value is null")
    if value[:1] not in {b"", MAGIC}:
        raise UnreadableError(LetterCode.BAD_MAGIC, f"the first byte is {value[0]}")
    if len(value) < HEADER_BYTES:
        raise UnreadableError(
            LetterCode.TRUNCATED, f"the value has {len(value)} bytes, fewer than the {HEADER_BYTES} of the header"
        )
    return int.from_bytes(value[1:HEADER_BYTES], "big", signed=True)
