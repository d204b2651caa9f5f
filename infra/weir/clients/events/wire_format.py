"""Confluent's wire format: what stands before the Avro body of a record."""

from __future__ import annotations

MAGIC = b"\x00"
HEADER_BYTES = 5
"""The magic byte and the schema's id, big-endian: Confluent's wire format."""


def header(schema_id: int) -> bytes:
    """What stands before the Avro body."""
    return MAGIC + schema_id.to_bytes(4, "big")
