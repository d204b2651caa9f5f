"""The publisher: weir's own process that brings changes of the reference tables into Kafka."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from weir.embedded.service import Context, NotReady, Service


def service(ctx: Context) -> Service:
    """Begun early, it asks again until the tables are there; ready is when it compared all of them once."""
    endpoints = ctx.paths.config("references") / "endpoints.json"
    done = ctx.paths.run / "references.json"
    return Service(
        name="references",
        version=version("weir"),
        command=(
            sys.executable,
            *("-m", "weir.proof.references"),
            *("--endpoints", str(endpoints)),
            *("--pipelines", str(ctx.repository / "pipelines")),
            *("--state", str(done)),
            *(pipeline.name for pipeline in ctx.pipelines() if pipeline.reference_tables),
        ),
        address="reference topics",
        prepare=lambda: _prepare(ctx, endpoints),
        ready=lambda: _ready(endpoints, done),
        depends_on=("kafka", "cassandra", "registry"),
        # It waits for the tables, which are made once all that they need has started.
        ready_timeout_seconds=600,
        stop_grace_seconds=15,
    )


def _prepare(ctx: Context, endpoints: Path) -> None:
    endpoints.write_text(ctx.endpoints.model_dump_json(indent=1), encoding="utf-8")


def _ready(endpoints: Path, done: Path) -> None:
    if not done.exists() or done.stat().st_mtime < endpoints.stat().st_mtime:
        raise NotReady("it has compared no table yet")
