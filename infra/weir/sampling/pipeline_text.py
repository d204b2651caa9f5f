"""The text of a proposed pipeline file, whose comments say what was seen and what is a guess. Holds no value. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from weir.catalog.spec_source import SourceFormat
from weir.clients.letters.shown import printable
from weir.sampling.proposal import PEAK_TIMES_MEAN, Proposal
from weir.sampling.records import MOST_BYTES
from weir.sampling.shapes import LONGEST_NAME, SeenColumn

HASH_BUCKETS = 16
SCHEMA_FILE = "event.avsc"
MOST_LEFT_OUT = 20
DEAD_LETTER_HOURS = 720
LATENESS_HOURS = 24


def pipeline_text(name: str, proposal: Proposal) -> str:
    """A whole pipeline file."""
    parts = (_head(name, proposal), _source(proposal), _meaning(proposal), _rest(name, proposal))
    return "\n".join("".join(f"{line}\n" for line in part) for part in parts)


def _head(name: str, proposal: Proposal) -> Iterator[str]:
    seen = proposal.seen
    yield "# yaml-language-server: $schema=../pipeline.schema.json"
    yield f"# Proposed by `weir new pipeline` from {seen.records:,} records of the {printable(seen.source)}."
    yield "# Check what is marked as a guess; docs/how-to/add-a-pipeline.md says what each section is for."
    if seen.limited:
        yield f"# More records were not read: a sample has at most {MOST_BYTES // 2**20} MiB."
    if seen.unreadable:
        yield f"# {seen.unreadable:,} more records do not fit, and would become dead letters."
    yield f"name: {_value(name)}"
    yield f"description: {_value(f'Events of {seen.topic}.')}  # write what they are"
    yield "owner: unknown  # who answers questions about it"
    yield "engine: flink"


def _source(proposal: Proposal) -> Iterator[str]:
    seen = proposal.seen
    yield "source:"
    yield f"  topic: {_value(seen.topic)}"
    if seen.format is SourceFormat.AVRO:
        yield "  format: avro"
        yield f"  schema_file: {SCHEMA_FILE}  # the newest that the registry has for the topic"
    else:
        yield "  format: json"
        yield "  # Only what every row needs is required: a record without a required value is a dead letter."
        yield "  # Of an array only the first element is read. What no column reads is left out."
        yield "  columns:"
        for column in seen.columns:
            yield f"    {_column(column, proposal)}"
        left_out = list(seen.left_out.items())
        for path, why in left_out[:MOST_LEFT_OUT]:
            yield f"    # left out: {printable(path)}: {why}"
        if len(left_out) > MOST_LEFT_OUT:
            yield f"    # left out: {len(left_out) - MOST_LEFT_OUT} more paths"
    origin = "as the topic has" if seen.partitions else "a guess; it can grow later, but moves keys"
    yield f"  partitions: {proposal.partitions}  # {origin}"
    origin = "as the topic has; `weir up` sets it so" if seen.retention_hours else "a guess"
    yield f"  retention_hours: {proposal.retention_hours}  # {origin}"


def _column(column: SeenColumn, proposal: Proposal) -> str:
    entry: dict[str, Any] = {"path": column.path} if column.path else {}
    entry["type"] = column.type.value
    if column.encoding:
        entry["encoding"] = column.encoding.value
    if column.name in proposal.required:
        entry["required"] = True
    seen_in = f"{column.present:,} of {proposal.seen.records:,}" if column.nullable else "all"
    nearly = f"; {column.nearly}: with it, the others would become dead letters" if column.nearly else ""
    return f"{_value({column.name: entry})[1:-1]}  # in {seen_in}{nearly}"


def _meaning(proposal: Proposal) -> Iterator[str]:
    together = "together they have" if len(proposal.key) > 1 else "it has"
    yield "deduplication:"
    yield f"  # A guess: {together} another value in each of {proposal.distinct:,} different records."
    yield f"  key: {_value(list(proposal.key))}"
    yield f"  horizon_hours: {proposal.horizon_hours}"
    yield ""
    yield f"event_time: {_value(proposal.event_time)}  # a guess, by its name: a time in every record"
    yield f"allowed_lateness_hours: {LATENESS_HOURS}"
    yield ""
    yield "derived:"
    yield f"  {_value({_day(proposal): {'from': proposal.event_time, 'truncate_to': 'day'}})[1:-1]}"


def _rest(name: str, proposal: Proposal) -> Iterator[str]:
    seen = proposal.seen
    clustering = list(dict.fromkeys([proposal.event_time, *proposal.key]))
    yield "# Reference tables and totals are yours to add: see `references`, `joins`, `aggregates` in pipelines/orders."
    yield "rows:"
    yield f"  table: {_free(f'{name[:36]}_enriched', frozenset())}"
    yield f"  # A guess: days in {HASH_BUCKETS} partitions each. `weir size` says how wide they get."
    yield f"  partition_key: [{_day(proposal)}]"
    yield f"  clustering_key: {_value(clustering)}"
    bucket = {"hash": HASH_BUCKETS}
    free = _free("bucket", _names(proposal) | {_day(proposal)})
    yield f"  bucket: {_value(bucket if free == 'bucket' else {**bucket, 'column': free})}"
    yield "  # Without ttl_days, rows stay for ever."
    yield ""
    yield "dead_letters:"
    yield f"  topic: {_value(f'{seen.topic}.dead-letters')}"
    yield f"  retention_hours: {DEAD_LETTER_HOURS}"
    yield ""
    if seen.kept_for_ever:
        yield "legal_hold: true  # the topic keeps everything; without it, `weir up` sets retention_hours"
        yield ""
    yield "workload:"
    origin = "from the records' timestamps" if seen.mean_events_per_second else "a guess"
    yield f"  mean_events_per_second: {_number(proposal.mean_events_per_second)}  # {origin}"
    yield f"  peak_events_per_second: {_number(PEAK_TIMES_MEAN * proposal.mean_events_per_second)}  # a guess"
    yield f"  event_bytes: {seen.event_bytes}  # the mean of these records"
    yield f"  duplicate_ratio: {_number(proposal.duplicate_ratio)}  # of these records"


def _names(proposal: Proposal) -> frozenset[str]:
    return frozenset(column.name for column in proposal.seen.columns)


def _day(proposal: Proposal) -> str:
    """The name of the derived day."""
    stem = proposal.event_time.removesuffix("_at").removesuffix("_time").removesuffix("_timestamp")
    return _free(f"{stem[: LONGEST_NAME - 8]}_day", _names(proposal))


def _free(name: str, taken: frozenset[str]) -> str:
    while name in taken:
        name = f"{name}_of_row" if not name.endswith("_of_row") else f"{name}_2"
    return name


def _number(value: float) -> str:
    """With two decimals at most, and without an exponent, which YAML takes for a text."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _value(value: Any) -> str:
    """As YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9)
    return text.strip().removesuffix("\n...").strip()
