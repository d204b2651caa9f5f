"""The tables that `weir status` prints."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from rich.table import Table

from weir.embedded import state
from weir.embedded.service import Paths
from weir.embedded.state import State, Status

STYLES = {Status.READY: "green", Status.FAILED: "red", Status.STOPPED: "dim"}


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


def moved_ports(known: State) -> list[str]:
    """A line for each port that is not the usual one."""
    return [
        f"port {wanted} was taken: {name.replace('_', ' ')} listens on {port}"
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
