"""`weir sample`: what becomes of a topic's last records; `weir new pipeline`: a folder for a topic or a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from weir.cli.shared import JsonOption, PipelineArgument, console

commands = typer.Typer()
new = typer.Typer(no_args_is_help=True)


@new.callback()
def _new() -> None:
    """Write a new folder of the repository from what is there."""


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


@new.command("pipeline")
def new_pipeline(
    name: Annotated[str, typer.Argument(help="Of the folder below pipelines/.")],
    from_topic: Annotated[str | None, typer.Option(help="A topic of the running platform.")] = None,
    from_file: Annotated[
        Path | None, typer.Option(help="JSON, one object a line, or CSV with a header.", dir_okay=False, exists=True)
    ] = None,
    records: Annotated[int, typer.Option(min=10, max=10_000, help="How many of the topic's last records.")] = 1_000,
) -> None:
    """Write a pipeline's folder for the events of a topic or a file. Sends nothing and starts nothing."""
    from weir.config.errors import WeirError  # noqa: PLC0415
    from weir.config.repository import REPOSITORY  # noqa: PLC0415
    from weir.local import context  # noqa: PLC0415
    from weir.sampling import files, folder, topics  # noqa: PLC0415
    from weir.sampling.proposal import propose  # noqa: PLC0415

    root = REPOSITORY / "pipelines"
    folder.require_new(root, name)
    if (from_topic is None) == (from_file is None):
        raise WeirError("give either --from-topic or --from-file")
    if from_file is not None:
        seen = files.see_file(from_file, f"{name.replace('_', '-')}.events")
    else:
        ctx = context.running_context(context.paths_from(os.environ))
        seen = topics.see_topic(ctx.endpoints, str(from_topic), records)
    written = folder.write_folder(root, name, propose(seen), with_events=from_file is not None)
    console.print(
        f"{written} is written, from {seen.records:,} records. Check what pipeline.yaml marks as a guess, then add "
        f"{name} to weir:pipelines in the stack file",
        markup=False,
        highlight=False,
    )
