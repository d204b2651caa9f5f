"""`weir doctor`: what is missing before the first `up`, and who makes it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from weir.cli.shared import JsonOption, console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from weir.doctor.findings import Finding

commands = typer.Typer()
COLOURS = {"ok": "green", "warning": "yellow", "missing": "red"}
ONE_MACHINE = "local"


@commands.command()
def doctor(
    stack: Annotated[
        str | None,
        typer.Option("--stack", help="Ask this stack's cluster and cloud; without it, this machine for `make up`."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a stack, or `make up`, needs and does not find, and who makes it. Exit code 1: something is missing."""
    from weir.doctor.findings import is_ready  # noqa: PLC0415

    found = _findings(stack or ONE_MACHINE)
    if as_json:
        console.print_json(data=[_as_data(finding) for finding in found])
    else:
        console.print(_table(stack or "this machine", found))
    if not is_ready(found):
        raise typer.Exit(1)


def _findings(stack: str) -> list[Finding]:
    from weir.catalog.environment import load_environment  # noqa: PLC0415
    from weir.clients.kubernetes import KubernetesClient  # noqa: PLC0415
    from weir.config.errors import ConfigError  # noqa: PLC0415
    from weir.config.repository import REPOSITORY, stack_file  # noqa: PLC0415
    from weir.config.stack import load_stack  # noqa: PLC0415
    from weir.config.stack_settings import Target  # noqa: PLC0415
    from weir.doctor import existing_kafka, machine  # noqa: PLC0415
    from weir.doctor.examination import examine  # noqa: PLC0415
    from weir.doctor.findings import findings  # noqa: PLC0415

    file = stack_file(stack)
    try:
        settings = load_stack(file)
    except ConfigError:
        settings = None  # the examination says what of it is missing
    if settings is not None and settings.target is Target.EMBEDDED:
        found = findings(machine.CHECKS, machine.ask(settings, os.environ))
        if settings.kafka.existing:
            pipelines = load_environment(REPOSITORY / "pipelines", settings).pipelines
            found += existing_kafka.examine(settings, pipelines, os.environ)
        return found
    return examine(file, KubernetesClient.connect, os.environ)


def _as_data(finding: Finding) -> dict[str, str | None]:
    return {
        "about": finding.about,
        "state": finding.state.value,
        "found": finding.found,
        "remedy": finding.remedy or None,
        "maker": finding.maker.value if finding.maker else None,
    }


def _table(title: str, found: Sequence[Finding]) -> Table:
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=f"What {title} needs", title_justify="left")
    for column in ("about", "", "found", "what to do", "who"):
        table.add_column(column, overflow="fold")
    for finding in found:
        state = finding.state.value
        maker = finding.maker.value if finding.maker else ""
        table.add_row(
            finding.about, f"[{COLOURS[state]}]{state}[/]", escape(finding.found), escape(finding.remedy), maker
        )
    return table
