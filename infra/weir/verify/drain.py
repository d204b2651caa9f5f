"""Waiting until the engine has done all that was sent before the call.

Whoever reads a topic commits an offset only when everything before it is flushed to tables and topics, so the committed
offsets are the whole truth; Flink's REST interface merely makes them come sooner.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from weir.catalog.engine_names import (
    by_group_topics,
    by_id_topics,
    consumer_group,
    loaded_tables,
    loader_group,
    totals_group,
)
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.clients.flink_rest import FlinkRest
from weir.clients.kafka import TopicReader
from weir.clients.kafka_backlog import waiting
from weir.clients.streams import StreamsClient
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

STALL_TIMEOUT_SECONDS = 120.0
"""A job that commits nothing for so long is stuck; several checkpoint intervals and a restart take less."""
LOOK_INTERVAL_SECONDS = 0.5
CHECKPOINT_EVERY_LOOKS = 6


@dataclass(frozen=True)
class Step:
    """A topic on the way to the tables, and the group that reads it."""

    topic: str
    group: str


def steps(pipeline: Pipeline) -> list[Step]:
    """The way of an event through Kafka: the source alone with Flink, which keeps the rest of it to itself."""
    source = Step(pipeline.source_topic.name, consumer_group(pipeline))
    if pipeline.spec.engine is Engine.FLINK:
        return [source]
    rows = pipeline.table_topics[pipeline.row_table.name].name
    totals = totals_group(pipeline)
    added_up = [rows, *by_group_topics(pipeline)] if pipeline.aggregate_tables else []
    return [
        source,
        *(Step(topic, source.group) for topic in by_id_topics(pipeline)),
        *(Step(topic, totals) for topic in added_up),
        *(Step(topic, loader_group(pipeline)) for topic in loaded_tables(pipeline)),
    ]


def wait_until_drained(
    endpoints: Endpoints,
    pipeline: Pipeline,
    *,
    stall_timeout_seconds: float = STALL_TIMEOUT_SECONDS,
    hasten: bool = True,
    progress: Callable[[int], None] = lambda _remaining: None,
) -> dict[int, int]:
    """Returns the source topic's end offsets at the time of the call, once all that was there is done.

    With `hasten` Flink is asked for checkpoints; without, the job's own must come.

    Raises:
        WeirError: the job has failed or is not there, or nothing was committed for `stall_timeout_seconds`; the message
            says which partitions wait and what the job says.
    """
    source, *further = steps(pipeline)
    wait = _Wait(endpoints, pipeline, stall_timeout_seconds, progress, hasten and pipeline.spec.engine is Engine.FLINK)
    ends, _ = wait.for_step(source)
    waited = bool(further)
    # A transaction's offsets may be seen a moment before its records: done is what is still done when asked again.
    while waited:
        waits = [wait.for_step(step)[1] for step in further]
        waited = any(waits)
    return ends


@dataclass(frozen=True)
class _Wait:
    """Waits for one step after the other."""

    endpoints: Endpoints
    pipeline: Pipeline
    stall_timeout_seconds: float
    progress: Callable[[int], None]
    hasten: bool

    def for_step(self, step: Step) -> tuple[dict[int, int], bool]:
        """The topic's end offsets at the time of the call, once they are committed; and whether that took a wait."""
        with (
            TopicReader(self.endpoints, step.topic, group=step.group) as reader,
            FlinkRest.of(self.endpoints) as flink,
        ):
            offsets = reader.offsets()
            ends = {partition: end for partition, (_, end) in offsets.items()}
            least, last_progress, looks = None, time.monotonic(), 0
            while True:
                left = waiting(reader, offsets)
                remaining = sum(end - done for done, end in left.values())
                self.progress(remaining)
                if not left:
                    return ends, looks > 0
                if least is None or remaining < least:
                    least, last_progress = remaining, time.monotonic()
                if time.monotonic() - last_progress > self.stall_timeout_seconds:
                    state = _state(self.endpoints, flink, self.pipeline)
                    raise WeirError(_stuck(step, left, state, self.stall_timeout_seconds))
                if self.hasten and looks % CHECKPOINT_EVERY_LOOKS == 0:
                    _hasten(flink, self.pipeline)
                looks += 1
                # Kafka tells nobody of a commit: it has to be asked.
                time.sleep(LOOK_INTERVAL_SECONDS)


def _hasten(flink: FlinkRest, pipeline: Pipeline) -> None:
    """Asks for a checkpoint. Without Flink's interface (a cluster behind a proxy) the next one comes by itself.

    Raises:
        WeirError: the job has failed for good.
    """
    try:
        job = flink.latest(pipeline.name)
        if job is not None and job.state == "RUNNING":
            flink.trigger_checkpoint(job.id)
    except WeirError:
        return
    if job is not None and job.state == "FAILED":
        raise WeirError(f"the job {job.name} has failed: {flink.failure(job.id)}; fix the cause and start it again")


def _state(endpoints: Endpoints, flink: FlinkRest, pipeline: Pipeline) -> str:
    name = pipeline.name
    if pipeline.spec.engine is Engine.KAFKA_STREAMS:
        return StreamsClient(endpoints.streams_url).describe(name)
    try:
        job = flink.latest(name)
        if job is None:
            return f"Flink knows no job {name}"
        return f"the job {name} is {job.state}; its last failure: {flink.failure(job.id)}"
    except WeirError as error:
        return str(error)


def _stuck(step: Step, waiting: dict[int, tuple[int, int]], state: str, seconds: float) -> str:
    partitions = "; ".join(f"partition {partition}: {done} of {end}" for partition, (done, end) in waiting.items())
    return (
        f"{step.topic} is not drained: {step.group} has committed nothing for {seconds:.0f} s ({partitions}). {state}"
    )
