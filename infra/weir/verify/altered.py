"""An event as bytes with another value in one of its columns, and the columns whose value matters to Cassandra."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from weir.catalog.avro_types import parse_avro
from weir.catalog.pipeline import Pipeline, group_columns
from weir.catalog.spec_source import JsonColumn, SourceFormat
from weir.catalog.types import ColumnType
from weir.clients.events.avro_reader import EPOCH, read_value
from weir.clients.events.wire_format import HEADER_BYTES
from weir.verify.avro_batch import encode_records

LONG_KEY = 70_000
"""Characters of a text that no key has room for."""


def altered(pipeline: Pipeline, value: bytes, column: str, change: Callable[[Any], Any]) -> bytes:
    """The event in `value`, of the pipeline's own schema, with `change` of the column's value; times are numbers."""
    schema = parse_avro(pipeline.schema.text)
    event = {name: _number(cell) for name, cell in read_value(schema, schema, value[HEADER_BYTES:]).items()}
    event[column] = change(event[column])
    columns = {name: _array(cell) for name, cell in event.items()}
    return encode_records(json.loads(pipeline.schema.text), columns, value[:HEADER_BYTES])[0]


def texts(pipeline: Pipeline) -> list[str]:
    """The columns that may hold any text."""
    if pipeline.spec.source.format is SourceFormat.JSON:
        return _json_texts(pipeline.spec.source.columns)
    fields = parse_avro(pipeline.schema.text).fields
    return [field.name for field in fields if any(branch.kind == "string" for branch in field.type.branch_list)]


def _json_texts(columns: Mapping[str, JsonColumn]) -> list[str]:
    """Those that share their path with no other column, which might not take every text."""
    paths = {name: column.steps(name) for name, column in columns.items()}
    alone = {path for path, count in Counter(paths.values()).items() if count == 1}
    return [name for name, column in columns.items() if column.type is ColumnType.TEXT and paths[name] in alone]


def text_keys(pipeline: Pipeline) -> list[str]:
    """Those of them that are part of a key of a table."""
    keys = {name for partition, clustering in _keys(pipeline) for name in (*partition, *clustering)}
    return [name for name in texts(pipeline) if name in keys]


def keys_alone(pipeline: Pipeline) -> list[str]:
    """Those of them that are the whole partition key of a table, and may not be empty therefore."""
    alone = {partition[0] for partition, _ in _keys(pipeline) if len(partition) == 1}
    return [name for name in texts(pipeline) if name in alone]


def _keys(pipeline: Pipeline) -> Iterator[tuple[list[str], list[str]]]:
    """Of each table the columns of the rows that are its partition key, and its clustering key."""
    rows = pipeline.row_table
    yield list(rows.partition_key), list(rows.clustering_key)
    for aggregate in pipeline.spec.aggregates:
        columns = [key.column for key in group_columns(aggregate)]
        parts = len(aggregate.partition_key)
        yield columns[:parts], columns[parts:]


def _number(cell: Any) -> Any:
    """As Avro holds it: milliseconds or days since 1970."""
    if isinstance(cell, datetime.datetime):
        return (cell - EPOCH) // datetime.timedelta(milliseconds=1)
    return (cell - EPOCH.date()).days if isinstance(cell, datetime.date) else cell


def _array(cell: Any) -> np.ma.MaskedArray:
    column = np.empty(1, object)
    column[0] = cell
    return np.ma.masked_array(column, [cell is None])
