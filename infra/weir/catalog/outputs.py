"""Tables as topics: the Avro schemas of rows, totals and reference rows where they travel through Kafka."""

from __future__ import annotations

import json
from typing import Any

from weir.catalog.avro import Column
from weir.catalog.pipeline import Pipeline
from weir.catalog.types import ColumnType

WRITE_TIMESTAMP = "_write_timestamp"
"""The field beside the columns that dates the write to Cassandra, in microseconds since 1970."""

_AVRO: dict[ColumnType, Any] = {
    ColumnType.TEXT: "string",
    ColumnType.INT: "int",
    ColumnType.BIGINT: "long",
    ColumnType.FLOAT: "float",
    ColumnType.DOUBLE: "double",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.BLOB: "bytes",
    ColumnType.DATE: {"type": "int", "logicalType": "date"},
    ColumnType.TIMESTAMP: {"type": "long", "logicalType": "timestamp-millis"},
}


def avro_record(pipeline: Pipeline, table: str) -> str:
    """The schema of a table's rows as JSON; of what is written to Cassandra, with its write timestamp."""
    columns = output_columns(pipeline, table)
    return record_schema(pipeline.name, table, columns)


def output_columns(pipeline: Pipeline, table: str) -> list[Column]:
    """A table's columns as they stand in its topic."""
    written = Column(WRITE_TIMESTAMP, ColumnType.BIGINT, nullable=False)
    if table in pipeline.spec.references:
        return reference_columns(pipeline, table)
    if table == pipeline.row_table.name:
        return [*pipeline.columns.values(), written]
    found = pipeline.aggregate_tables[table]
    # Only a group's columns are always there: the sum of nothing is null.
    columns = [Column(name, kind, nullable=name not in found.primary_key) for name, kind in found.columns.items()]
    return [*columns, written]


def reference_columns(pipeline: Pipeline, name: str) -> list[Column]:
    """The columns of a reference table; only its key is always there."""
    table = pipeline.reference_tables[name]
    return [Column(column, kind, nullable=column not in table.primary_key) for column, kind in table.columns.items()]


def record_schema(namespace: str, name: str, columns: list[Column]) -> str:
    """A flat Avro record. What may be missing is a union of null, which comes first, and its type."""
    fields = [
        {"name": column.name, "type": ["null", _AVRO[column.type]], "default": None}
        if column.nullable
        else {"name": column.name, "type": _AVRO[column.type]}
        for column in columns
    ]
    record = {"type": "record", "name": name, "namespace": f"io.weir.{namespace}", "fields": fields}
    return json.dumps(record, separators=(",", ":"))
