"""A sample for people and for programs: Rich tables and JSON. No character of an event reaches the terminal as such."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from weir.clients.letters.shown import printable
from weir.sampling.outcomes import Judged, Outcome
from weir.sampling.records import MOST_BYTES
from weir.sampling.sample import Row, Sample

LONGEST_CELL = 60
"""Characters; JSON has all of them."""
LEAST_CELL_WIDTH = 12
"""Columns of the terminal that a cell needs to be readable, its border included."""
TRANSPOSED_CELL_WIDTH = 30
STYLES = {Outcome.ROW: "green", Outcome.DUPLICATE: "yellow", Outcome.DEAD_LETTER: "red"}


def as_json(sample: Sample) -> str:
    """One document: counts, misses and every record; bytes are hexadecimal."""
    records = [
        {
            "partition": judged.record.partition,
            "offset": judged.record.offset,
            "timestamp": _time(judged.record.timestamp_milliseconds),
            "outcome": judged.outcome.value,
            "detail": judged.detail,
            "row": None if row is None else {name: plain(value) for name, value in row.items()},
        }
        for judged, row in sample.with_rows()
    ]
    document = {
        "pipeline": sample.pipeline.name,
        "topic": sample.pipeline.source_topic.name,
        "size_limit_reached": sample.limited,
        "counts": {outcome.value: count for outcome, count in sample.counts.items()},
        "joins": [{"reference": name, "without_match": count} for name, count in _misses(sample)],
        "records": records,
    }
    # Only ASCII: no control character is in it as such.
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False).replace("\x7f", "\\u007f")


def as_tables(sample: Sample, width: int) -> RenderableType:
    """For a terminal of `width` columns: what became of each record, the rows, and the counts."""
    return Group(_records(sample), *_rows(sample, width), _counts(sample))


def cell(value: Any) -> str:
    """A value on one line, cut where it is long."""
    if value is None:
        return "null"
    text = printable(str(value).lower() if isinstance(value, bool) else str(plain(value)))
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 3]}..."


def plain(value: Any) -> Any:
    """A value that JSON has."""
    match value:
        case datetime():
            return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case float() if not math.isfinite(value):
            return str(value)
    return value


def _time(milliseconds: int) -> str | None:
    """The time of a record; None where Kafka has none that a calendar has."""
    try:
        return plain(datetime.fromtimestamp(milliseconds / 1000, UTC)) if milliseconds >= 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _records(sample: Sample) -> RichTable:
    table = RichTable(title=f"{sample.pipeline.name}: last records of {sample.pipeline.source_topic.name}")
    table.title_justify = "left"
    for name in ("record", "sent (UTC)", "becomes", "id or reason"):
        table.add_column(name, overflow="fold")
    for judged in sample.judged:
        sent = _time(judged.record.timestamp_milliseconds)
        outcome = Text(judged.outcome, style=STYLES[judged.outcome])
        table.add_row(judged.record.place, cell(sent), outcome, Text(_about(sample, judged)))
    return table


def _about(sample: Sample, judged: Judged) -> str:
    """The reason of a dead letter; the id of an event, and what a duplicate repeats."""
    if judged.event is None:
        return printable(judged.detail)
    key = ", ".join(f"{name}={cell(judged.event[name])}" for name in sample.pipeline.spec.deduplication.key)
    return f"{key}, {printable(judged.detail)}" if judged.detail else key


def _rows(sample: Sample, width: int) -> Iterator[RichTable]:
    """One table, or where it would be too wide, tables whose columns are a few records each."""
    if not sample.rows:
        return
    places = [judged.record.place for judged, row in sample.with_rows() if row is not None]
    names = list(sample.pipeline.columns)
    if len(names) * LEAST_CELL_WIDTH <= width:
        yield _table("rows", names, [[cell(row[name]) for name in names] for row in sample.rows])
        return
    room = width - max(map(len, names)) - 4
    many = max(1, room // TRANSPOSED_CELL_WIDTH)
    for first in range(0, len(sample.rows), many):
        part: Sequence[Row] = sample.rows[first : first + many]
        lines = [[name, *(cell(row[name]) for row in part)] for name in names]
        title = f"rows {first + 1} to {first + len(part)}" if len(part) > 1 else f"row {first + 1}"
        yield _table(title, ["column", *places[first : first + many]], lines)


def _table(title: str, header: Sequence[str], lines: Sequence[Sequence[str]]) -> RichTable:
    table = RichTable(title=title, title_justify="left")
    for name in header:
        table.add_column(Text(name), overflow="fold")
    for line in lines:
        table.add_row(*map(Text, line))
    return table


def _misses(sample: Sample) -> Iterator[tuple[str, int]]:
    for join, count in zip(sample.pipeline.spec.joins, sample.misses, strict=True):
        yield join.reference, count


def _counts(sample: Sample) -> Text:
    counted = ", ".join(_of(count, outcome) for outcome, count in sample.counts.items())
    lines = [f"{_of(len(sample.judged), 'record')}: {counted}"]
    lines += [f"{name}: {_of(count, 'row')} of {len(sample.rows):,} without a match" for name, count in _misses(sample)]
    if sample.limited:
        lines.append(f"More records were not read: a sample has at most {MOST_BYTES // 2**20} MiB.")
    return Text("\n".join([*lines, "Nothing was written."]))


def _of(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
