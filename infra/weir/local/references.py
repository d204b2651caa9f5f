"""The publisher: weir's own process that brings changes of the reference tables into Kafka."""

from __future__ import annotations

from weir.local.daemon import daemon
from weir.local.service import Context, Service


def service(ctx: Context) -> Service:
    """Ready when it compared all tables once."""
    names = tuple(pipeline.name for pipeline in ctx.pipelines() if pipeline.reference_tables)
    state = ctx.paths.run / "references.json"
    return daemon(
        ctx, "references", state, names, address="reference topics", depends_on=("kafka", "cassandra", "registry")
    )
