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
    ids: Annotated[list[str], typer.Option("--id", help="column=value; may be repeated, a row must have all of them.")],
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it the rows are only counted.")] = False,
    with_references: Annotated[bool, typer.Option(help="Also the reference rows that these ids join.")] = False,
) -> None:
    """Delete every row of one subject from the running platform's tables, and say where the subject still is."""
    from weir.database import erase as erasing  # noqa: PLC0415
    from weir.database.session import Access, session_of  # noqa: PLC0415
    from weir.embedded import context  # noqa: PLC0415

    ctx = context.running_context(context.paths_from(os.environ))
    wanted = context.pipeline_of(ctx, pipeline)
    subject = erasing.Subject.parse(wanted, ids)
    access = Access(ctx.endpoints.cassandra_contact_points, ctx.endpoints.cassandra_datacenter)
    with session_of(access) as session:
        for table, values in erasing.tables_of(wanted, subject, with_references=with_references):
            found = erasing.find(session, table, values)
            if yes:
                erasing.erase(session, found)
            verb = "rows deleted" if yes else "rows would be deleted (--yes)"
            console.print(f"{table.qualified_name}: {len(found.keys):,} {verb}", highlight=False)
    console.print("\nWhat remains:", highlight=False)
    for line in erasing.what_remains(wanted):
        console.print(f"- {line}", highlight=False)
