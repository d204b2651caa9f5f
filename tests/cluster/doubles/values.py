"""Pulumi's property values as Python's, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

UNKNOWN = rpc.UNKNOWN


def python(value: struct_pb2.Struct | struct_pb2.Value) -> Any:
    """A protobuf value as Python's: what is marked as secret is taken out of its mark, 3.0 is 3."""
    if isinstance(value, struct_pb2.Struct):
        if rpc._special_sig_key in value.fields:  # pyright: ignore[reportPrivateUsage]
            return python(value.fields["value"])
        return {key: python(item) for key, item in value.fields.items()}
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return python(value.struct_value)
    if kind == "list_value":
        return [python(item) for item in value.list_value.values]
    if kind == "number_value":
        return int(value.number_value) if value.number_value.is_integer() else value.number_value
    return None if kind in (None, "null_value") else getattr(value, kind)


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """A protobuf value."""
    made = struct_pb2.Struct()
    made.update(dict(values))
    return made


def has_unknown(value: Any) -> bool:
    """True where something is known only after another resource was made."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value == UNKNOWN
