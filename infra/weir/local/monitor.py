"""The monitor: weir's own process that writes what the pipelines do, and how fresh their rows are, into Cassandra."""

from __future__ import annotations

from weir.local.daemon import daemon
from weir.local.service import Context, Service


def service(ctx: Context) -> Service:
    """Ready when it wrote its first round."""
    state = ctx.paths.data("monitor") / "totals.json"
    engine = ("--engine", ctx.engine.value) if ctx.engine else ()
    return daemon(
        ctx,
        "monitor",
        state,
        (*engine, *ctx.stack.pipelines),
        address="weir.pipeline_health",
        depends_on=("kafka", "cassandra", "flink-jobmanager", "streams"),
    )
