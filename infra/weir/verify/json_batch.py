"""A dataset's events as JSON texts, made by DuckDB many at once: a Python loop over fields would be slower than a job.

Producers do not write alike. The event of each index is written in one of `VARIANTS` ways, which mean the same: members
in another order, nulls left out or written, members that no column reads, numbers as text, times with an offset.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec_source import Encoding
from weir.catalog.types import ColumnType
from weir.config.errors import WeirError
from weir.verify.avro_batch import Records
from weir.verify.dataset import EVENT_INDEX, EVENTS, quoted

if TYPE_CHECKING:
    import duckdb

VARIANTS = 4
UNREAD = "unread"
UNREAD_VALUE = '{"note":"no column reads this","list":[1,2.5e3,null,{"a":"\\u00e9"}]}'
_FLOATS = (ColumnType.FLOAT, ColumnType.DOUBLE)
_NUMBERS = (*_FLOATS, ColumnType.INT, ColumnType.BIGINT)


@dataclass(frozen=True)
class Style:
    """One way to write events that mean the same."""

    seed: int
    nulls: bool
    """Written, not left out."""
    numbers_as_text: bool
    offset_hours: int
    unread: bool
    """With a member that no column reads."""


STYLES = (
    Style(0, nulls=True, numbers_as_text=False, offset_hours=0, unread=False),
    Style(1, nulls=False, numbers_as_text=False, offset_hours=0, unread=True),
    Style(2, nulls=False, numbers_as_text=True, offset_hours=2, unread=False),
    Style(3, nulls=True, numbers_as_text=False, offset_hours=-5, unread=True),
)

Tree = dict[str | int, Any]
"""Member or element -> another tree, or the SQL of its text, which is NULL for a null."""


def require_writable(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline) -> None:
    """Passes a dataset all of whose numbers JSON has.

    Raises:
        WeirError: one is infinite, or none.
    """
    for column in pipeline.schema.columns:
        if column.type in _FLOATS:
            name = quoted(column.name)
            found = connection.execute(
                f"SELECT {EVENT_INDEX} FROM {EVENTS} WHERE {name} IS NOT NULL AND NOT isfinite({name}) LIMIT 1"
            ).fetchall()
            if found:
                raise WeirError(
                    f"row {found[0][0] + 1} of the events has a {column.name!r} that is no finite number, which JSON "
                    "cannot hold; correct the file"
                )


def json_records(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, events: range) -> Records:
    """The events of a range of indices as UTF-8, one after the other."""
    rows = connection.execute(
        f"SELECT {event_text(pipeline)} FROM {EVENTS} WHERE {EVENT_INDEX} >= ? AND {EVENT_INDEX} < ? "
        f"ORDER BY {EVENT_INDEX}",
        [events.start, events.stop],
    ).fetchall()
    values = [row[0].encode() for row in rows]
    bounds = np.concatenate([[0], np.cumsum([len(value) for value in values])]).astype(np.int64)
    return Records(b"".join(values), bounds)


def event_text(pipeline: Pipeline) -> str:
    """In SQL, the text of an event: its index chooses the style."""
    columns = json.loads(pipeline.schema.text)
    texts = [f"WHEN {number} THEN {_event(columns, style)}" for number, style in enumerate(STYLES)]
    return f"CASE {EVENT_INDEX} % {VARIANTS} {' '.join(texts)} END"


def _event(columns: Sequence[dict[str, Any]], style: Style) -> str:
    tree: Tree = {}
    # Of columns with one path a text comes last, for it alone says how the value is written.
    for column in sorted(columns, key=lambda entry: entry["type"] == ColumnType.TEXT):
        at = tree
        *above, last = column["path"]
        for step in above:
            at = at.setdefault(step, {})
        at[last] = _value(column, style)
    if style.unread:
        tree.setdefault(UNREAD, _literal(UNREAD_VALUE))
    return _object(tree, style, np.random.default_rng(style.seed))


def _object(tree: Tree, style: Style, order: np.random.Generator) -> str:
    names = list(tree)
    if style.seed:
        names = [names[position] for position in order.permutation(len(names))]
    parts = [f"{_literal(json.dumps(name) + ':')} || {_part(tree[name], style, order)}" for name in names]
    return f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'"


def _array(tree: Tree, style: Style, order: np.random.Generator) -> str:
    elements = [
        f"coalesce({_part(tree[index], style, order)}, 'null')" if index in tree else "'null'"
        for index in range(max(int(index) for index in tree) + 1)
    ]
    return f"'[' || concat_ws(',', {', '.join(elements)}) || ']'"


def _part(part: Tree | str, style: Style, order: np.random.Generator) -> str:
    if isinstance(part, dict):
        make = _array if isinstance(next(iter(part)), int) else _object
        return f"({make(part, style, order)})"
    return f"coalesce({part}, 'null')" if style.nulls else f"({part})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _value(column: dict[str, Any], style: Style) -> str:
    name, kind, encoding = quoted(column["name"]), ColumnType(column["type"]), Encoding(column["encoding"])
    makers: dict[tuple[ColumnType, Encoding], Callable[[], str]] = {
        (ColumnType.TEXT, Encoding.PLAIN): lambda: f"CAST(to_json({name}) AS VARCHAR)",
        (ColumnType.BLOB, Encoding.BASE64): lambda: f"'\"' || to_base64({name}) || '\"'",
        (ColumnType.DATE, Encoding.ISO_8601): lambda: f"'\"' || strftime({name}, '%Y-%m-%d') || '\"'",
        (ColumnType.DATE, Encoding.EPOCH_DAYS): lambda: f"CAST(date_diff('day', DATE '1970-01-01', {name}) AS VARCHAR)",
        (ColumnType.TIMESTAMP, Encoding.ISO_8601): lambda: f"'\"' || {_iso_time(name, style.offset_hours)} || '\"'",
        (ColumnType.TIMESTAMP, Encoding.EPOCH_SECONDS): lambda: f"CAST(epoch_ms({name}) AS VARCHAR) || 'e-3'",
        (ColumnType.TIMESTAMP, Encoding.EPOCH_MILLIS): lambda: f"CAST(epoch_ms({name}) AS VARCHAR)",
        (ColumnType.TIMESTAMP, Encoding.EPOCH_MICROS): lambda: f"CAST(epoch_us({name}) AS VARCHAR)",
    }
    if (kind, encoding) in makers:
        return makers[kind, encoding]()
    # A float is written as the double that it equals, so that it is not rounded twice.
    text = f"CAST(CAST({name} AS DOUBLE) AS VARCHAR)" if kind in _FLOATS else f"CAST({name} AS VARCHAR)"
    return f"'\"' || {text} || '\"'" if style.numbers_as_text and kind in _NUMBERS else text


def _iso_time(name: str, offset_hours: int) -> str:
    local = f"({name} + INTERVAL '{offset_hours} hours')"
    offset = f"{offset_hours:+03d}:00" if offset_hours else "Z"
    return f"strftime({local}, '%Y-%m-%dT%H:%M:%S.%g') || '{offset}'"
