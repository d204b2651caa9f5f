"""What must come of a stream of records, by the proof's own reader and oracle: letters, rows and totals."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from weir.catalog.pipeline import Pipeline
from weir.catalog.types import ColumnType
from weir.clients.events.avro_reader import EPOCH
from weir.clients.events.decoder import Decoder
from weir.clients.events.letter_codes import LetterCode, UnreadableError
from weir.verify import oracle
from weir.verify.compare import TableResult, compare
from weir.verify.dataset import EVENT_INDEX, EVENTS, reference_table
from weir.verify.scan import copy_table, create_table
from weir.verify.write_times import check_write_times, observed_column

if TYPE_CHECKING:
    from cassandra.cluster import Session

_INDEX = EVENT_INDEX.strip('"')


@dataclass
class Expected:
    """Fills as records are sent; those of one id must be told in the order in which they are read."""

    decoder: Decoder
    distinct: list[dict[str, Any]] = field(default_factory=list)
    duplicates: int = 0
    conflicts: int = 0
    _first: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of(self, value: bytes | None) -> tuple[str, None] | tuple[None, LetterCode]:
        """The id of the event in a record that is sent now, or the code of its letter."""
        try:
            event = self.decoder.read(value)
        except UnreadableError as error:
            return None, error.code
        first = self._first.setdefault(event["id"], event)
        if first is event:
            self.distinct.append(event)
        else:
            self.duplicates += 1
            self.conflicts += not _same(first, event)
        return event["id"], None


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """NaN equals itself."""
    return all(
        cell == other[name] or (isinstance(cell, float) and math.isnan(cell) and math.isnan(other[name] or 0.0))
        for name, cell in one.items()
    )


def compared(
    session: Session, pipeline: Pipeline, events: list[dict[str, Any]], references: Mapping[str, list[dict[str, Any]]]
) -> tuple[list[TableResult], int]:
    """Every table against the oracle, and how many rows and totals have another write timestamp than they must."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        columns = {name: column.type for name, column in pipeline.event_columns.items()}
        rows = [(index, *(_cell(event[name]) for name in columns)) for index, event in enumerate(events)]
        create_table(connection, EVENTS, {_INDEX: ColumnType.BIGINT, **columns}, rows)
        for name, table in pipeline.reference_tables.items():
            found = [[row[column] for column in table.columns] for row in references[name]]
            create_table(connection, reference_table(name), table.columns, found)
        oracle.compute(connection, pipeline, np.arange(len(events)))
        results, misdated = [], 0
        for table in (pipeline.row_table, *pipeline.aggregate_tables.values()):
            observed = observed_column(pipeline, table)
            copy_table(session, connection, table, observed)
            misdated += check_write_times(connection, pipeline, table).wrong if observed else 0
            results.append(compare(connection, table))
        return results, misdated


def _cell(value: Any) -> Any:
    """Times as milliseconds since 1970."""
    if isinstance(value, datetime.datetime):
        return (value - EPOCH) // datetime.timedelta(milliseconds=1)
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()) // datetime.timedelta(milliseconds=1)
    return value
