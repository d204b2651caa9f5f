"""Dead letters as SQL: the record as it was read, at most as large as an event may be, and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping

from dedup_join import sql, tables
from weir.catalog.pipeline import Pipeline


def insert_dead_letters(pipeline: Pipeline) -> str:
    """Header values are UTF-8 text; `weir.timestamp` is when Kafka took the record, in ms since 1970.

    The format has cut the value; a key is cut here. Of each that was cut the headers tell the length, and of a value
    what it was.
    """
    timestamp = sql.name(tables.TIMESTAMP)
    about = _headers(
        {
            "weir.topic": sql.name(tables.TOPIC),
            "weir.partition": sql.name(tables.PARTITION),
            "weir.offset": sql.name(tables.OFFSET),
            "weir.timestamp": f"EXTRACT(EPOCH FROM {timestamp}) * 1000 + EXTRACT(MILLISECOND FROM {timestamp})",
            "weir.reason": sql.name(tables.DECODE_ERROR),
        }
    )
    length = sql.name(tables.RAW_LENGTH)
    cut_value = {"weir.truncated": "'true'", "weir.length": length, "weir.sha256": sql.name(tables.RAW_SHA256)}
    about = _with(about, f"{length} IS NULL", cut_value)
    most = pipeline.spec.source.max_event_bytes
    # One character for each byte: SQL cuts and measures only text.
    key = f"DECODE({sql.name(tables.KEY)}, 'ISO-8859-1')"
    fits = f"COALESCE(CHAR_LENGTH({key}), 0) <= {most}"
    about = _with(about, fits, {"weir.key-length": f"CHAR_LENGTH({key})"})
    query = sql.select(
        [
            f"CASE WHEN {fits} THEN {sql.name(tables.KEY)} ELSE ENCODE(LEFT({key}, {most}), 'ISO-8859-1') END",
            sql.name(tables.RAW_VALUE),
            about,
        ],
        sql.name(tables.EVENTS),
        f"WHERE {sql.name(tables.DECODE_ERROR)} IS NOT NULL",
    )
    return sql.insert(tables.DEAD_LETTERS, [tables.KEY, tables.RAW_VALUE, tables.HEADERS], query)


def _with(headers: str, unless: str, more: Mapping[str, str]) -> str:
    return f"CASE WHEN {unless} THEN {headers} ELSE MAP_UNION({headers}, {_headers(more)}) END"


def _headers(values: Mapping[str, str]) -> str:
    """As strings, not as CHAR of their own lengths, which Flink would make equal with spaces."""
    entries = (f"CAST({sql.text(key)} AS STRING), {_bytes(value)}" for key, value in values.items())
    return f"MAP[{', '.join(entries)}]"


def _bytes(value: str) -> str:
    return f"CAST(CAST({value} AS STRING) AS BYTES)"
