"""The monitor: weir's own process that writes what the pipelines do, and how fresh their rows are, into Cassandra."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from weir.embedded.service import Context, NotReady, Service


def service(ctx: Context) -> Service:
    """Begun early, it asks again until the tables are there; ready is when it wrote its first round."""
    endpoints = ctx.paths.config("monitor") / "endpoints.json"
    totals = ctx.paths.data("monitor") / "totals.json"
    return Service(
        name="monitor",
        version=version("weir"),
        command=(
            sys.executable,
            *("-m", "weir.proof.monitor"),
            *("--endpoints", str(endpoints)),
            *("--pipelines", str(ctx.repository / "pipelines")),
            *("--state", str(totals)),
            *(("--engine", ctx.engine.value) if ctx.engine else ()),
            *ctx.stack.pipelines,
        ),
        address="weir.pipeline_health",
        prepare=lambda: _prepare(ctx, endpoints),
        ready=lambda: _ready(endpoints, totals),
        depends_on=("kafka", "cassandra", "flink-jobmanager", "streams"),
        # It waits for the tables, which are made once all that they need has started.
        ready_timeout_seconds=600,
        stop_grace_seconds=15,
    )


def _prepare(ctx: Context, endpoints: Path) -> None:
    endpoints.write_text(ctx.endpoints.model_dump_json(indent=1), encoding="utf-8")


def _ready(endpoints: Path, totals: Path) -> None:
    if not totals.exists() or totals.stat().st_mtime < endpoints.stat().st_mtime:
        raise NotReady("it has written no round yet")
