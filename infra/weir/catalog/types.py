"""Column types. One vocabulary, CQL's, and how the other systems of a pipeline write each type."""

from __future__ import annotations

from enum import StrEnum


class ColumnType(StrEnum):
    """A scalar type by its CQL name; `flink_sql` is the Flink type that carries it without loss."""

    TEXT = "text"
    INT = "int"
    BIGINT = "bigint"
    FLOAT = "float"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    BLOB = "blob"
    DATE = "date"
    TIMESTAMP = "timestamp"

    @property
    def flink_sql(self) -> str:
        """The type in Flink SQL. A CQL timestamp is an instant with milliseconds."""
        return _FLINK_SQL[self]

    @property
    def is_integer(self) -> bool:
        """True where sums are exact in whatever order they are taken."""
        return self in {ColumnType.INT, ColumnType.BIGINT}


FIXED_BYTES = {
    ColumnType.INT: 4,
    ColumnType.BIGINT: 8,
    ColumnType.FLOAT: 4,
    ColumnType.DOUBLE: 8,
    ColumnType.BOOLEAN: 1,
    ColumnType.DATE: 4,
    ColumnType.TIMESTAMP: 8,
}
"""Bytes of a value in Cassandra; texts and blobs, which are missing here, are as long as what they hold."""

_FLINK_SQL = {
    ColumnType.TEXT: "STRING",
    ColumnType.INT: "INT",
    ColumnType.BIGINT: "BIGINT",
    ColumnType.FLOAT: "FLOAT",
    ColumnType.DOUBLE: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.BLOB: "BYTES",
    ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP: "TIMESTAMP_LTZ(3)",
}
