"""Events that found no row in a reference: how many, and the keys that were missed most, as the engine counts them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.clients.flink_rest import FlinkRest
from weir.clients.streams import StreamsClient
from weir.config.endpoints import Endpoints

METRIC = re.compile(r".*\.reference\.(?P<table>[^.]+)\.(?P<name>joinMisses|missingKeys)")
"""As Flink's REST interface names those of the connector: `operator.reference.<table>.<name>`."""


@dataclass
class Misses:
    """Those of one reference since the engine began the pipeline; of rare keys the counts are upper bounds."""

    misses: int = 0
    keys: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """Both, the keys with the most frequent first."""
        return {"misses": self.misses, "keys": dict(self.keys.most_common())}


def join_misses(endpoints: Endpoints, pipeline: Pipeline) -> dict[str, Misses]:
    """Reference -> its misses; empty where the pipeline does not run, or joins nothing.

    Raises:
        WeirError: the engine does not answer.
    """
    if not pipeline.spec.joins:
        return {}
    if pipeline.spec.engine is Engine.KAFKA_STREAMS:
        told = StreamsClient(endpoints.streams_url).pipeline(pipeline.name).get("join_misses", {})
        return {name: Misses(entry["misses"], Counter(entry["keys"])) for name, entry in told.items()}
    with FlinkRest.of(endpoints) as flink:
        return _of_job(flink, pipeline)


def _of_job(flink: FlinkRest, pipeline: Pipeline) -> dict[str, Misses]:
    job = flink.latest(pipeline.name)
    if job is None or not job.active:
        return {}
    told: list[tuple[str, str]] = []
    for vertex in flink.vertices(job.id):
        metrics = [name for name in flink.metric_names(job.id, vertex["id"]) if METRIC.fullmatch(name)]
        for subtask in range(vertex["parallelism"]) if metrics else ():
            told += flink.subtask_metrics(job.id, vertex["id"], subtask, metrics).items()
    return summed(pipeline, told)


def summed(pipeline: Pipeline, told: Iterable[tuple[str, str]]) -> dict[str, Misses]:
    """The misses by reference, from metrics of all subtasks with their values; others are left out."""
    names = {table.name: name for name, table in pipeline.reference_tables.items()}
    found: dict[str, Misses] = {}
    for metric, value in told:
        match = METRIC.fullmatch(metric)
        if match and match["table"] in names:
            _add(found.setdefault(names[match["table"]], Misses()), match["name"], value)
    return found


def _add(misses: Misses, name: str, value: str) -> None:
    if name == "joinMisses":
        misses.misses += int(value)
    else:
        misses.keys.update(json.loads(value))
