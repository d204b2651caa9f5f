"""Waiting until the job has done all that was sent before the call.

The job commits an offset only when everything before it is flushed to tables and topics, so the committed offsets are
the whole truth; Flink's REST interface merely makes them come sooner.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import consumer_group
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.proof.flink_rest import FlinkRest
from weir.proof.kafka import TopicReader

STALL_TIMEOUT_SECONDS = 120.0
"""A job that commits nothing for so long is stuck; several checkpoint intervals and a restart take less."""
LOOK_INTERVAL_SECONDS = 0.5
CHECKPOINT_EVERY_LOOKS = 6


def wait_until_drained(
    endpoints: Endpoints,
    pipeline: Pipeline,
    *,
    stall_timeout_seconds: float = STALL_TIMEOUT_SECONDS,
    progress: Callable[[int], None] = lambda _remaining: None,
) -> dict[int, int]:
    """Returns the source topic's end offsets at the time of the call, once the job has committed them.

    Raises:
        WeirError: the job has failed or is not there, or nothing was committed for `stall_timeout_seconds`; the message
            says which partitions wait and what the job says.
    """
    with (
        TopicReader(endpoints, pipeline.source_topic.name, group=consumer_group(pipeline)) as reader,
        FlinkRest(endpoints.flink_url) as flink,
    ):
        offsets = reader.offsets()
        ends = {partition: end for partition, (_, end) in offsets.items()}
        least, last_progress, looks = None, time.monotonic(), 0
        while True:
            committed = reader.committed()
            waiting = {
                partition: (committed[partition], end)
                for partition, end in ends.items()
                # Nothing is ever committed of a partition that holds nothing.
                if committed[partition] < end and offsets[partition][0] < end
            }
            remaining = sum(end - done for done, end in waiting.values())
            progress(remaining)
            if not waiting:
                return ends
            if least is None or remaining < least:
                least, last_progress = remaining, time.monotonic()
            if time.monotonic() - last_progress > stall_timeout_seconds:
                raise WeirError(_stuck(pipeline, waiting, _state(flink, pipeline), stall_timeout_seconds))
            if looks % CHECKPOINT_EVERY_LOOKS == 0:
                _hasten(flink, pipeline)
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
        raise WeirError(f"the job {job.name} has failed: {flink.failure(job.id)}; mend the cause and start it again")


def _state(flink: FlinkRest, pipeline: Pipeline) -> str:
    name = pipeline.name
    try:
        job = flink.latest(name)
        if job is None:
            return f"no job {name} is known to Flink"
        return f"the job {name} is {job.state}; its last failure: {flink.failure(job.id)}"
    except WeirError as error:
        return str(error)


def _stuck(pipeline: Pipeline, waiting: dict[int, tuple[int, int]], state: str, seconds: float) -> str:
    partitions = "; ".join(f"partition {partition}: {done} of {end}" for partition, (done, end) in waiting.items())
    return (
        f"{pipeline.source_topic.name} is not drained: nothing was committed by {consumer_group(pipeline)} for "
        f"{seconds:.0f} s ({partitions}). {state}"
    )
