"""Finds the rows of one subject in a pipeline's tables and deletes them permanently.

A deletion has the current time as its write timestamp, while rows have the time of their event. A replay of the topic
writes older cells than the deletion, so it cannot bring a row back while the tombstone exists (`gc_grace_seconds`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from cassandra.util import Date

from weir.catalog import cql
from weir.catalog.engine_names import by_group_topics, by_id_topics, seen_topic, totals_topics
from weir.catalog.pipeline import Pipeline, group_columns
from weir.catalog.spec import Engine
from weir.catalog.tables import Table
from weir.catalog.topics import TOMBSTONE_RETENTION_HOURS
from weir.catalog.types import ColumnType
from weir.config.errors import WeirError

if TYPE_CHECKING:
    from cassandra.cluster import Session

# A scan of a whole table may exceed any timeout, so it is split into this many parts of the token ring.
RING_PARTS = 64
FIRST_TOKEN, LAST_TOKEN = -(2**63), 2**63 - 1
PAGE_ROWS = 1000


@dataclass(frozen=True)
class Found:
    """The subject's rows in one table, by primary key."""

    table: Table
    keys: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Subject:
    """Identifies the subject by the values of these columns, all of which must match."""

    values: Mapping[str, Any]

    @classmethod
    def parse(cls, pipeline: Pipeline, given: list[str]) -> Subject:
        """Parses one or more `column=value`.

        Raises:
            WeirError: there is none, a column does not exist, or a value has the wrong type.
        """
        values: dict[str, Any] = {}
        for entry in given:
            name, equals, text = entry.partition("=")
            if not equals:
                raise WeirError(f"--id {entry}: write it as column=value")
            if name not in pipeline.row_table.columns:
                columns = ", ".join(pipeline.row_table.columns)
                raise WeirError(
                    f"--id {entry}: {pipeline.row_table.qualified_name} has no column with this name; it has {columns}"
                )
            values[name] = _value(name, pipeline.row_table.columns[name], text)
        if not values:
            raise WeirError("--id: missing; add it, because without an id every row would match")
        return cls(values)


def tables_of(pipeline: Pipeline, subject: Subject, *, with_references: bool) -> list[tuple[Table, dict[str, Any]]]:
    """All tables that can identify the subject, with the values to look for in each.

    These are the rows table, each table of totals that has all of the subject's columns as dimensions, and, if wanted,
    each reference table joined on these columns. Other totals are sums over many events and have no column of the
    subject.
    """
    values = dict(subject.values)
    found = [(pipeline.row_table, values)]
    for aggregate in pipeline.spec.aggregates:
        outputs = {dimension.column: dimension.output for dimension in group_columns(aggregate)}
        if values.keys() <= outputs.keys():
            renamed = {outputs[name]: value for name, value in values.items()}
            found.append((pipeline.aggregate_tables[aggregate.table], renamed))
    for join in pipeline.spec.joins if with_references else []:
        columns = {event: reference for reference, event in join.match.items()}
        table = pipeline.reference_tables[join.reference]
        if values.keys() <= columns.keys() and table not in (entry for entry, _ in found):
            found.append((table, {columns[name]: value for name, value in values.items()}))
    return found


def find(session: Session, table: Table, values: Mapping[str, Any]) -> Found:
    """The rows of `table` in which all columns have these values, whether or not they belong to the key."""
    partition = cql.names(table.partition_key)
    # Cassandra accepts no condition on a partition key column together with a token, so these are compared here.
    here = {name: value for name, value in values.items() if name in table.partition_key}
    there = {name: value for name, value in values.items() if name not in here}
    conditions = "".join(f" AND {cql.name(name)} = ?" for name in there)
    statement = session.prepare(
        f"SELECT {cql.names(table.primary_key)} FROM {table.cql_name} WHERE token({partition}) >= ? "  # noqa: S608
        f"AND token({partition}) <= ?{conditions} ALLOW FILTERING"
    )
    statement.fetch_size = PAGE_ROWS
    keys = [
        tuple(row[name] for name in table.primary_key)
        for first, last in _ring()
        for row in session.execute(statement, (first, last, *there.values()))
        if all(_same(row[name], value) for name, value in here.items())
    ]
    return Found(table, tuple(keys))


def erase(session: Session, found: Found) -> None:
    """Deletes the rows at a quorum of replicas. Repair brings the others up to date, within gc_grace_seconds."""
    table = found.table
    statement = session.prepare(f"DELETE FROM {table.cql_name} WHERE {cql.equal(table.primary_key)}")  # noqa: S608
    for key in found.keys:
        session.execute(statement, key)


def what_remains(pipeline: Pipeline) -> list[str]:
    """Where data of the subject remains after its rows are deleted, and until when; one line each."""
    spec, grace_hours = pipeline.spec, pipeline.gc_grace_seconds // 3600
    if spec.legal_hold:
        return ["the pipeline is under a legal hold: its topics keep everything until the hold ends"]
    lines = [
        f"topic {spec.source.topic}: its events expire within {spec.source.retention_hours} hours",
        f"topic {spec.dead_letters.topic}: records that could not be decoded expire within "
        f"{spec.dead_letters.retention_hours} hours, and they cannot be searched",
        f"deduplication state: only the id, for {spec.deduplication.horizon_hours} hours; checkpoints contain it too",
        "totals: sums over many events; what the subject contributed stays",
        *(_in_kafka(pipeline) if spec.engine is Engine.KAFKA_STREAMS else ()),
        "backups and snapshots: until they expire; erase again after a restore",
    ]
    if spec.source.retention_hours > grace_hours:
        lines.append(
            f"warning: the topic keeps events for {spec.source.retention_hours} hours, but Cassandra remembers the "
            f"deletion for only {grace_hours}; a later replay would bring the rows back: raise "
            "retention.gc_grace_hours"
        )
    return lines


def _in_kafka(pipeline: Pipeline) -> Iterator[str]:
    """Kafka Streams keeps in topics what Flink keeps in its state.

    No tombstone is written to topics of totals or to changelogs: the application's own store would still hold the
    total, and write it again with the next event of the group.
    """
    spec, topics = pipeline.spec, pipeline.table_topics
    hours = TOMBSTONE_RETENTION_HOURS
    rows = topics[pipeline.row_table.name].name
    yield f"topic {rows}: rows on their way to Cassandra expire within {spec.source.retention_hours} hours"
    for aggregate, changelog in zip(spec.aggregates, totals_topics(pipeline), strict=True):
        yield (
            f"topics {topics[aggregate.table].name} and {changelog}: the newest total of each group, with the group's "
            "columns, as long as the pipeline stands"
        )
    kept = spec.deduplication.horizon_hours * 3 // 2
    yield f"topic {seen_topic(pipeline)}: only the id, at least {kept} hours, until Kafka drops the segment"
    if passing := [*by_id_topics(pipeline), *by_group_topics(pipeline)]:
        yield f"topics {', '.join(passing)}: events and rows in passing; Kafka Streams deletes what it has read"
    for name in pipeline.reference_tables:
        yield (
            f"topic {topics[name].name}: once a reference row is deleted, the next publication deletes it here, too; "
            f"compaction removes the old row after at most {hours} hours and a run of Kafka's cleaner"
        )


def _ring() -> Iterator[tuple[int, int]]:
    """Splits the token ring; yields the first and last token of each part."""
    step = (LAST_TOKEN - FIRST_TOKEN) // RING_PARTS
    for part in range(RING_PARTS):
        first = FIRST_TOKEN + part * step
        yield first, LAST_TOKEN if part == RING_PARTS - 1 else first + step - 1


def _same(stored: Any, wanted: Any) -> bool:
    """Compares values in the driver's types: its own date class, and timestamps without a zone, which are UTC."""
    if isinstance(stored, Date):
        return stored.date() == wanted
    if isinstance(stored, datetime):
        return stored.replace(tzinfo=UTC) == wanted
    return stored == wanted


def _value(name: str, kind: ColumnType, text: str) -> Any:
    try:
        return _PARSERS[kind](text)
    except (ValueError, KeyError):
        raise WeirError(f"--id {name}={text}: not a value of type {kind.value}; correct it") from None


def _timestamp(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


_PARSERS = {
    ColumnType.TEXT: str,
    ColumnType.INT: int,
    ColumnType.BIGINT: int,
    ColumnType.FLOAT: float,
    ColumnType.DOUBLE: float,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.BLOB: bytes.fromhex,
    ColumnType.DATE: date.fromisoformat,
    ColumnType.TIMESTAMP: _timestamp,
}
