"""Pipelines on the engine that each asks for."""

from __future__ import annotations

from collections.abc import Iterable

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.incluster.references import publish_references
from weir.local import jobs, loader, streams
from weir.local.service import Context


def submit(ctx: Context, pipeline: Pipeline) -> None:
    """Runs `pipeline` on its engine; what runs already and did not change is left alone.

    Raises:
        WeirError: the engine refuses the pipeline or does not get it running.
    """
    if pipeline.spec.engine is Engine.FLINK:
        jobs.submit(ctx, pipeline)
        return
    # Before the first event is joined: a reference row that is not there yet would be missing for good.
    publish_references(ctx.endpoints, pipeline)
    loader.submit(ctx, pipeline)
    streams.submit(ctx, pipeline)


def stop(ctx: Context, pipelines: Iterable[Pipeline]) -> None:
    """Ends pipelines of Kafka Streams; Flink's are stopped all together (`jobs.stop_all`)."""
    for pipeline in pipelines:
        streams.stop(ctx, pipeline)
        loader.stop(ctx, pipeline)
