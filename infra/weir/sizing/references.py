"""Memory of reference tables: every process that joins holds them whole."""

from __future__ import annotations

from collections.abc import Mapping

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine, Join
from weir.catalog.types import ColumnType
from weir.sizing.explanation import Bound, SizingRefused
from weir.sizing.shares import MIB

# Bytes on the heap of Flink's connector, of a JVM with compressed pointers, measured by its KeyIndexTest: a row of four
# texts of 16 bytes takes 846, and 72 more in the index of a reload, which shares the rows that did not change.
ROW_BYTES, RELOAD_ROW_BYTES = 110, 72
TEXT_BYTES, OTHER_BYTES = 168, 24
# Of the rows, so many change between two reloads and are there twice.
CHANGED_SHARE = 0.25
# Kafka Streams keeps a row as bytes in a tree: the entry, the key's and the value's objects, the time of its record.
STREAMS_ROW_BYTES = 136
# The memory that a process has besides its state has room for tables as small as this.
ALLOWANCE_MIB = 64
TEXT_LENGTH = 16
"""Bytes of a text where nobody says otherwise: a name, a code."""


def flink_references_mib(
    pipeline: Pipeline, rows: Mapping[str, int] | None = None, text_bytes: Mapping[str, float] | None = None
) -> float:
    """MiB of heap in each task manager: a copy of what each join needs of its table, and its reload.

    All are reloaded at once: their timers were started together.

    Args:
        pipeline: its joins.
        rows: of each table, where they are known; else its `expected_rows`.
        text_bytes: length of a text in each table, where it is known.
    """
    counts, lengths = rows or {}, text_bytes or {}
    total = 0.0
    for reference, columns in sorted({_copied(join) for join in pipeline.spec.joins}):
        spec = pipeline.spec.references[reference]
        kinds = [spec.columns[name] for name in columns]
        of_row = ROW_BYTES + sum(_bytes(kind, lengths.get(reference, TEXT_LENGTH)) for kind in kinds)
        count = counts.get(reference, spec.expected_rows)
        total += count * (of_row * (1 + CHANGED_SHARE) + RELOAD_ROW_BYTES)
    return total / MIB


def streams_references_mib(
    pipeline: Pipeline, rows: Mapping[str, int] | None = None, text_bytes: Mapping[str, float] | None = None
) -> float:
    """MiB of heap in each instance of Kafka Streams: all columns of each table, once; changes come one by one."""
    counts, lengths = rows or {}, text_bytes or {}
    total = 0.0
    for name, spec in pipeline.spec.references.items():
        length = lengths.get(name, TEXT_LENGTH)
        key = [spec.columns[part] for part in spec.primary_key]
        encoded = sum(length if _is_text(kind) else 8 for kind in [*key, *spec.columns.values()])
        total += counts.get(name, spec.expected_rows) * (STREAMS_ROW_BYTES + encoded)
    return total / MIB


def beyond_allowance(mebibytes: float) -> float:
    """What a process must be given for them."""
    return max(0.0, mebibytes - ALLOWANCE_MIB)


def require_room(pipeline: Pipeline, room_mib: float, of_mib: float, limit: str) -> None:
    """Refuses where `of_mib` of one process leave nothing besides reference tables.

    Raises:
        SizingRefused: says how much the tables take.
    """
    if room_mib > 0:
        return
    on_flink = pipeline.spec.engine is Engine.FLINK
    needed = flink_references_mib(pipeline) if on_flink else streams_references_mib(pipeline)
    rows = sum(entry.expected_rows for entry in pipeline.spec.references.values())
    raise SizingRefused(
        Bound.MEMORY,
        f"the reference tables of pipeline {pipeline.name} take {needed:,.0f} MiB of heap in every "
        f"{'task manager, a reload included,' if on_flink else 'instance'} for {rows:,} rows, which do not fit in "
        f"{of_mib:,.0f} MiB",
        f"references.*.expected_rows of the pipeline file, {limit}",
    )


def _copied(join: Join) -> tuple[str, tuple[str, ...]]:
    """The table and the columns of the copy that a join reads; equal ones are one copy."""
    return join.reference, tuple(sorted({*join.match, *join.select}))


def _bytes(kind: ColumnType, text_length: float) -> float:
    return TEXT_BYTES + text_length if _is_text(kind) else OTHER_BYTES


def _is_text(kind: ColumnType) -> bool:
    return kind in {ColumnType.TEXT, ColumnType.BLOB}
