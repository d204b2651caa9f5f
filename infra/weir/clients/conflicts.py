"""Events that came under the id of another event, as the engine counts them."""

from __future__ import annotations

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.clients.counters import JobCounters, StreamsCounters
from weir.clients.flink_rest import FlinkRest
from weir.clients.streams import StreamsClient
from weir.config.endpoints import Endpoints

COLUMN = "conflicting_duplicates"


def conflicting_duplicates(endpoints: Endpoints, pipeline: Pipeline) -> int | None:
    """Since the engine began the pipeline; None where it does not run.

    Kafka Streams compares with everything within the horizon. A Flink job compares with the ids that each of its
    readers read last, so there may be more than it counts.

    Raises:
        WeirError: the engine does not answer.
    """
    if pipeline.spec.engine is Engine.KAFKA_STREAMS:
        return StreamsCounters(StreamsClient(endpoints.streams_url), pipeline).read().get(COLUMN)
    with FlinkRest.of(endpoints) as flink:
        return JobCounters(flink, pipeline, [COLUMN]).read().get(COLUMN)
