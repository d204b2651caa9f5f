"""`weir sample`: what becomes of a topic's last records; `weir new pipeline`: a folder for a topic or a file."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from weir.cli.shared import JsonOption, PipelineArgument, console

commands = typer.Typer()


@commands.command()
def sample(
    pipeline: PipelineArgument,
    records: Annotated[int, typer.Option(min=1, max=10_000, help="How many, of all partitions together.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the rows, duplicates and dead letters of a pipeline's last records. Writes nothing."""
    from weir.local import context  # noqa: PLC0415
    from weir.sampling import shown  # noqa: PLC0415
    from weir.sampling.sample import sample as take  # noqa: PLC0415

    ctx = context.running_context(context.paths_from(os.environ))
    found = take(ctx.endpoints, context.pipeline_of(ctx, pipeline), records)
    if as_json:
        console.print(shown.as_json(found), markup=False, highlight=False)
    else:
        console.print(shown.as_tables(found, console.width))
