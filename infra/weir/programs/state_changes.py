"""Whether a job's new version can take the state of the one that runs: by what its pipeline file says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from weir.catalog.pipeline import PIPELINE_FILE
from weir.components.flink.deployment import STATE_DECISION
from weir.config.yaml_text import parsed
from weir.programs.changes import Pair
from weir.programs.recording import Recorded

# Operators are named after the table that they fill (see the job's README): what changes below these is other state.
AGGREGATE_STATE = ("grain", "partition_key", "dimensions", "measures")
DECIDE = "keep it, or allow the loss with `flink.state_decisions` in the stack file"


def state_problems(pair: Pair) -> Iterator[tuple[str, str]]:
    """Each part of a pipeline file whose change leaves state behind, as path and reason."""
    if pair.kind != "ConfigMap" or pair.before is None or pair.after is None:
        return
    before, after = pipeline_of(pair.before.inputs), pipeline_of(pair.after.inputs)
    if before is None or after is None or decision(pair):
        return
    yield from _deduplication(before, after)
    yield from _aggregates(before, after)


def topics_of_state(resources: Iterable[Recorded]) -> set[str]:
    """The topics by whose partitions the state of a Kafka Streams application is divided."""
    found: set[str] = set()
    for resource in resources:
        if not resource.type.endswith(":ConfigMap"):
            continue
        for plan in plans_of(resource.inputs).values():
            found |= {plan["source"]["topic"], plan["rows"]["topic"]}
    return found


def plans_of(config_map: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The plans of Kafka Streams applications in a ConfigMap, by file."""
    documents = {
        name: json.loads(text) for name, text in (config_map.get("data") or {}).items() if name.endswith(".json")
    }
    return {name: document for name, document in documents.items() if "totals_streams" in document}


def _deduplication(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, str]]:
    old, new = before["deduplication"]["key"], after["deduplication"]["key"]
    if old != new:
        reason = f"the saved ids are made of {', '.join(old)}, but the new job needs {', '.join(new)}; {DECIDE}"
        yield f"data.{PIPELINE_FILE}.deduplication.key", reason


def _aggregates(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, str]]:
    tables = {entry["table"]: entry for entry in after.get("aggregates", [])}
    for entry in before.get("aggregates", []):
        path = f"data.{PIPELINE_FILE}.aggregates.{entry['table']}"
        new = tables.get(entry["table"])
        if new is None:
            yield path, f"the savepoint contains the totals of a removed table; {DECIDE}"
            continue
        for field in AGGREGATE_STATE:
            if _in_order(entry.get(field)) != _in_order(new.get(field)):
                yield (
                    f"{path}.{field}",
                    f"running totals cannot change their {field}; use a new table name, or {DECIDE}",
                )


def _in_order(part: Any) -> Any:
    """The totals of a row are kept in the order of the file: measures that change places are other state."""
    return list(part.items()) if isinstance(part, dict) else part


def pipeline_of(config_map: dict[str, Any]) -> dict[str, Any] | None:
    """The pipeline file in a ConfigMap."""
    text = (config_map.get("data") or {}).get(PIPELINE_FILE)
    return parsed(text) if text else None


def decision(pair: Pair) -> str | None:
    """What a person decided about the state, in the newer rendering."""
    return (pair.after.inputs["metadata"].get("annotations") or {}).get(STATE_DECISION) if pair.after else None
