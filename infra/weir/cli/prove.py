"""`weir prove`: faults, replays and changes, and not one row or total wrong."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Annotated

import typer

from weir.cli.shared import StackOption, console, errors

commands = typer.Typer()


@commands.command()
def prove(
    rounds: Annotated[int | None, typer.Option(min=1, help="Default: one round for each fault.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same faults at the same moments.")] = 1,
    faults: Annotated[
        str | None, typer.Option(help="Run only these, e.g. kill-broker,rescale. --list shows all.")
    ] = None,
    events_per_round: Annotated[int, typer.Option(min=1000)] = 8000,
    events_per_second: Annotated[int, typer.Option(min=100)] = 2000,
    output: Annotated[Path | None, typer.Option(help="Write the outcome as JSON to this file.")] = None,
    list_faults: Annotated[bool, typer.Option("--list", help="List the faults and exit.")] = False,
    stack: StackOption = "local",
) -> None:
    """Inject faults into a separate platform while events flow, then verify every row, total and dead letter."""
    from weir.chaos import report, run  # noqa: PLC0415
    from weir.chaos.faults import FAULTS, chosen  # noqa: PLC0415
    from weir.config.repository import stack_file  # noqa: PLC0415
    from weir.local.board import Board  # noqa: PLC0415

    if list_faults:
        for fault in FAULTS:
            console.print(f"{fault.name:<28} {fault.what}", highlight=False)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wanted = chosen(faults)
    plan = run.Plan(rounds or len(wanted), seed, wanted, events_per_round, events_per_second)
    with Board(console) as board:
        outcome = run.prove(stack_file(stack), plan, board)
    console.print(report.as_table(outcome))
    if output is not None:
        output.write_text(json.dumps(run.as_document(outcome), indent=1, default=str), encoding="utf-8")
    if outcome.skipped:
        console.print(f"skipped because they need root: {', '.join(outcome.skipped)}", style="yellow", highlight=False)
    if not outcome.correct:
        errors.print(
            f"error: {outcome.failure}\nevidence: {outcome.evidence}", style="red", markup=False, highlight=False
        )
        raise typer.Exit(1)
