"""Whether a pipeline's new version takes the events that are on their way for what the version that runs does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from weir.catalog.json_columns import changed_format, changed_reading, columns_document, schema_of
from weir.catalog.json_path import path_text
from weir.catalog.pipeline import PIPELINE_FILE
from weir.catalog.spec_source import JsonColumn, SourceFormat
from weir.components.pipeline_program import ENDPOINTS_FILE
from weir.config.errors import parse
from weir.programs.changes import Change, Pair, Risk
from weir.programs.state_changes import pipeline_of, plans_of

Document = Sequence[Mapping[str, Any]]
RUNS = "the version that runs"
IN_ORDER = (
    "events in the topic by-id-repartition are encoded by the order of their columns, so pods of the other version "
    "would misread them; pause the producers until the application has no lag, scale its StatefulSet to 0 and allow "
    "this with `decisions.allow`, or give the pipeline another name"
)


@dataclass(frozen=True)
class _Source:
    """The source of events, as a ConfigMap has it."""

    place: str
    """File of the ConfigMap."""
    topic: str
    format: SourceFormat
    columns: Document
    """Of JSON; empty for Avro, of which the registry keeps the schemas."""


def reading_changes(pair: Pair) -> Iterator[Change]:
    """Each change after which events that are in a topic would be misread, or become dead letters."""
    if pair.kind != "ConfigMap" or pair.before is None or pair.after is None:
        return
    before, after = pair.before.inputs, pair.after.inputs
    sources = {source.place: source for source in _sources(after)}
    for source in _sources(before):
        if source.place in sources:
            yield from _changed_source(pair.label, source, sources[source.place])
    plans = plans_of(after)
    for file, plan in plans_of(before).items():
        if file in plans:
            yield from _changed_order(pair.label, file, plan, plans[file])


def _sources(config_map: dict[str, Any]) -> Iterator[_Source]:
    pipeline = pipeline_of(config_map)
    # Programs beside an engine have the pipeline file as well: a change is told once.
    if pipeline is not None and ENDPOINTS_FILE not in config_map["data"]:
        source = pipeline["source"]
        declared = {
            name: parse(JsonColumn, column, f"{PIPELINE_FILE}, source.columns.{name}")
            for name, column in (source.get("columns") or {}).items()
        }
        yield _source(PIPELINE_FILE, source, columns_document(declared))
    for file, plan in plans_of(config_map).items():
        yield _source(file, plan["source"], plan["source"].get("columns_document", []))


def _source(place: str, source: Mapping[str, Any], columns: Document) -> _Source:
    return _Source(place, source["topic"], SourceFormat(source.get("format", SourceFormat.AVRO)), columns)


def _changed_source(resource: str, before: _Source, after: _Source) -> Iterator[Change]:
    """What `weir schema check` finds; nothing in a topic that the running version does not read."""
    if before.topic != after.topic:
        return
    place = f"data.{before.place}"
    for finding in changed_format(after.format, before.format, RUNS):
        reason = f"{finding.mismatch.reason}; {finding.mismatch.remedy}"
        yield Change(resource, f"{place}.source.format", before.format.value, after.format.value, Risk.REFUSED, reason)
        return
    old, new = ({f"source.columns.{entry['name']}": _told(entry) for entry in s.columns} for s in (before, after))
    for finding in changed_reading(schema_of(after.columns), schema_of(before.columns), RUNS):
        field, reason = finding.mismatch.field, f"{finding.mismatch.reason}; {finding.mismatch.remedy}"
        yield Change(resource, f"{place}.{field}", old.get(field), new[field], Risk.REFUSED, reason)


def _told(entry: Mapping[str, Any]) -> str:
    required = "" if entry["nullable"] else ", required"
    return f"{entry['type']} ({entry['encoding']}) at {path_text(entry['path'])}{required}"


def _changed_order(resource: str, file: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Events on their way to the partition of their id are encoded by the columns' order, without names (`RowCodec`).

    Pods are replaced one by one, so events of the running version reach pods of the new one, and the other way round.
    """
    if before["source"]["partitioned_by_id"] or after["source"]["partitioned_by_id"]:
        return
    columns = zip_longest(_events_columns(before), _events_columns(after))
    for position, (old, new) in enumerate(columns):
        if old != new:
            yield Change(resource, f"data.{file}.columns[{position}]", old, new, Risk.REFUSED, IN_ORDER)
            return


def _events_columns(plan: Mapping[str, Any]) -> list[str]:
    columns = plan["columns"][: plan["source"]["columns"]]
    return [f"{column['name']} {column['type']}{'' if column['nullable'] else ' required'}" for column in columns]
