"""weir's own processes as services: their addresses in a file, ready when they first wrote their state."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from weir.local.service import Context, NotReady, Service


def daemon(
    ctx: Context, name: str, state: Path, arguments: tuple[str, ...], *, address: str, depends_on: tuple[str, ...]
) -> Service:
    """`weir.incluster.<name>`. Begun early, it asks again until the tables are there."""
    endpoints = ctx.paths.config(name) / "endpoints.json"
    return Service(
        name=name,
        version=version("weir"),
        command=(
            sys.executable,
            *("-m", f"weir.incluster.{name}"),
            *("--endpoints", str(endpoints)),
            *("--pipelines", str(ctx.repository / "pipelines")),
            *("--state", str(state)),
            *arguments,
        ),
        address=address,
        prepare=lambda: _prepare(ctx, endpoints),
        ready=lambda: _ready(endpoints, state),
        depends_on=depends_on,
        # It waits for the tables, which are made once all that they need has started.
        ready_timeout_seconds=600,
        stop_grace_seconds=15,
    )


def _prepare(ctx: Context, endpoints: Path) -> None:
    endpoints.write_text(ctx.endpoints.model_dump_json(indent=1), encoding="utf-8")


def _ready(endpoints: Path, state: Path) -> None:
    if not state.exists() or state.stat().st_mtime < endpoints.stat().st_mtime:
        raise NotReady("it has not read its tables yet")
