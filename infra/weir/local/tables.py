"""The tables that `weir status` prints."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from weir.catalog.pipeline import Pipeline
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.local import state
from weir.local.context import running_context
from weir.local.service import Paths
from weir.local.state import State, Status

KEYS_SHOWN = 5
STYLES = {Status.READY: "green", Status.FAILED: "red", Status.STOPPED: "dim"}
ENGINE_SERVICES = {"flink-jobmanager", "streams"}
APPLICATION_STYLES = {"RUNNING": "green", "LOOPING": "bold red", "FAILED": "bold red", "STOPPED": "dim"}


def status_rows(paths: Paths, known: State) -> list[dict[str, Any]]:
    """Each service with its resident memory (bytes) and how long it has been ready (seconds)."""
    memory = state.resident_bytes(paths)
    now = time.time()
    return [
        {
            **asdict(entry),
            "memory_bytes": memory.get(entry.name, 0),
            "uptime_seconds": round(now - entry.ready_at) if entry.ready_at else None,
        }
        for entry in known.services
    ]


def status_table(rows: list[dict[str, Any]]) -> Table:
    """The rows for people, with the sum of the memory."""
    total = sum(row["memory_bytes"] for row in rows)
    table = Table(show_footer=True, footer_style="bold")
    table.add_column("service", footer="all")
    table.add_column("state")
    table.add_column("address")
    table.add_column("version")
    table.add_column("memory", justify="right", footer=_mib(total))
    table.add_column("up", justify="right")
    table.add_column("restarts", justify="right")
    for row in rows:
        style = STYLES.get(row["status"], "yellow")
        text = row["status"] + (f": {row['message']}" if row["message"] else "")
        uptime = _duration(row["uptime_seconds"])
        memory = _mib(row["memory_bytes"])
        table.add_row(
            row["name"], f"[{style}]{text}[/]", row["address"], row["version"], memory, uptime, str(row["restarts"])
        )
    return table


def application_rows(
    endpoints: Endpoints, pipelines: Iterable[Pipeline], monitor_folder: Path
) -> dict[str, dict[str, dict[str, Any]]]:
    """Pipeline -> its applications, each with state, restarts, failures since the last progress, and reason."""
    from weir.clients.applications import application_parts  # noqa: PLC0415
    from weir.clients.loader_log import read_logs  # noqa: PLC0415

    logs = read_logs(monitor_folder)
    return {
        pipeline.name: {
            name: {**asdict(health), "state": health.state.value}
            for name, health in application_parts(endpoints, pipeline, logs.get(pipeline.name)).items()
        }
        for pipeline in pipelines
    }


def deployed(paths: Paths, known: State) -> tuple[Endpoints, tuple[Pipeline, ...]]:
    """What runs, for the functions below; without pipelines where no engine was started (`weir up --only`)."""
    ctx = running_context(paths)
    has_engine = bool(ENGINE_SERVICES & {entry.name for entry in known.services})
    return ctx.endpoints, ctx.pipelines() if has_engine else ()


def application_table(rows: dict[str, dict[str, dict[str, Any]]]) -> Table:
    """The applications for people."""
    table = Table(title="pipelines", title_justify="left")
    for heading in ("pipeline", "application", "state"):
        table.add_column(heading)
    table.add_column("restarts", justify="right")
    table.add_column("last failure")
    for pipeline, parts in rows.items():
        for name, found in parts.items():
            style = APPLICATION_STYLES.get(found["state"], "yellow")
            state_text = f"[{style}]{found['state']}[/]"
            table.add_row(pipeline, name, state_text, f"{found['restarts']:,}", Text(found["reason"]))
    return table


def join_rows(endpoints: Endpoints, pipelines: Iterable[Pipeline]) -> dict[str, dict[str, dict[str, Any]]]:
    """Pipeline -> reference -> its misses and most missed keys; without pipelines whose engine does not answer."""
    from weir.clients.misses import join_misses  # noqa: PLC0415

    rows = {}
    for pipeline in pipelines:
        with suppress(WeirError):
            found = join_misses(endpoints, pipeline)
            rows[pipeline.name] = {name: misses.as_json() for name, misses in sorted(found.items())}
    return {name: found for name, found in rows.items() if found}


def join_table(rows: dict[str, dict[str, dict[str, Any]]]) -> Table:
    """Events of each pipeline that found no row in a reference, for people."""
    table = Table(title="joins since the start", title_justify="left")
    table.add_column("pipeline")
    table.add_column("reference")
    table.add_column("misses", justify="right")
    table.add_column("most missed keys")
    for pipeline, references in rows.items():
        for name, found in references.items():
            keys = ", ".join(f"{key!r} {count:,}" for key, count in Counter(found["keys"]).most_common(KEYS_SHOWN))
            table.add_row(pipeline, name, f"{found['misses']:,}", Text(keys))
    return table


def conflict_rows(endpoints: Endpoints, pipelines: Iterable[Pipeline]) -> dict[str, int]:
    """Pipeline -> events that were dropped though they differ from the one with their id; as `join_rows`."""
    from weir.clients.conflicts import conflicting_duplicates  # noqa: PLC0415

    rows = {}
    for pipeline in pipelines:
        with suppress(WeirError):
            rows[pipeline.name] = conflicting_duplicates(endpoints, pipeline)
    return {name: found for name, found in rows.items() if found is not None}


def conflict_lines(rows: dict[str, int]) -> list[str]:
    """A line for each pipeline that has some."""
    return [
        f"{name}: {count:,} events differ from an earlier event with the same id; only the first one counts, so check "
        "how their producer assigns ids"
        for name, count in rows.items()
        if count
    ]


def moved_ports(known: State) -> list[str]:
    """A line for each port that is not the usual one."""
    return [
        f"port {wanted} is in use, so {name.replace('_', ' ')} listens on {port}"
        for name, (wanted, port) in known.moved_ports.items()
    ]


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB" if size else "-"


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return "-"
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}"
