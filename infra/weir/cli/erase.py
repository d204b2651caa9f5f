"""`weir erase`: the rows of one subject, counted and, on demand, deleted."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from weir.cli.shared import PipelineArgument, console

commands = typer.Typer()


@commands.command()
def erase(
    pipeline: PipelineArgument,
    ids: Annotated[
        list[str],
        typer.Option("--id", help="column=value. Repeat it to narrow the match: a row must match all of them."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Delete the rows. Without it they are only counted.")] = False,
    with_references: Annotated[bool, typer.Option(help="Also the reference rows that these ids join with.")] = False,
) -> None:
    """Delete every row of one subject from the running platform's tables, and list where its data remains."""
    from weir.clients.cassandra import Access, admin_session  # noqa: PLC0415
    from weir.incluster.database import erase as erasing  # noqa: PLC0415
    from weir.local import context  # noqa: PLC0415

    ctx = context.running_context(context.paths_from(os.environ))
    wanted = context.pipeline_of(ctx, pipeline)
    subject = erasing.Subject.parse(wanted, ids)
    with admin_session(Access.of(ctx.endpoints)) as session:
        for table, values in erasing.tables_of(wanted, subject, with_references=with_references):
            found = erasing.find(session, table, values)
            if yes:
                erasing.erase(session, found)
            verb = "rows deleted" if yes else "rows would be deleted (--yes)"
            console.print(f"{table.qualified_name}: {len(found.keys):,} {verb}", highlight=False)
    console.print("\nWhat remains:", highlight=False)
    for line in erasing.what_remains(wanted):
        console.print(f"- {line}", highlight=False)
