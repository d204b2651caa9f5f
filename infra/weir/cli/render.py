"""Commands that show what Pulumi would make of a stack, without cluster, engine or account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weir.cli.shared import JsonOption, console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from weir.programs.changes import Change

commands = typer.Typer()
KubernetesStack = Annotated[str, typer.Option("--stack", help="Name of a file stacks/Pulumi.<name>.yaml, or its path.")]
COLOURS = {"safe": "green", "rolling": "cyan", "data-moving": "yellow", "refused": "red"}


@commands.command()
def render(
    stack: KubernetesStack = "dev",
    out: Annotated[Path, typer.Option(help="The folder to write to; a rendering in it is replaced.")] = Path(
        "rendered"
    ),
) -> None:
    """Write every manifest of a stack, one file each, and the order in which they are made."""
    from weir.programs import rendering  # noqa: PLC0415

    made = rendering.render(rendering.stack_path(stack))
    files = rendering.write(made, out)
    console.print(f"{made.stack}: {len(files)} resources in {out}; their order: {out / rendering.INDEX}")


@commands.command()
def plan(
    stack: Annotated[str, typer.Argument(help="Name of a file stacks/Pulumi.<name>.yaml.")],
    against: Annotated[str, typer.Option(help="A revision of git: HEAD~1, a tag, a branch.")] = "HEAD",
    as_json: JsonOption = False,
) -> None:
    """What changes between a revision and the working tree, by how much it dares. Exit code 1: something is refused."""
    from weir.programs import rendering  # noqa: PLC0415
    from weir.programs.change_rules import compare, worst  # noqa: PLC0415
    from weir.programs.changes import Risk  # noqa: PLC0415
    from weir.programs.revisions import render_revision  # noqa: PLC0415

    before = render_revision(against, stack)
    changes = compare(before, rendering.render(rendering.stack_path(stack)).resources)
    if as_json:
        console.print_json(data=[_as_data(change) for change in changes])
    elif not changes:
        console.print(f"{stack}: nothing changes against {against}", highlight=False)
    else:
        console.print(_table(stack, against, changes))
    if worst(changes) is Risk.REFUSED:
        raise typer.Exit(1)


def _as_data(change: Change) -> dict[str, object]:
    return {
        "resource": change.resource,
        "path": change.path,
        "before": change.before,
        "after": change.after,
        "risk": change.risk.label,
        "reason": change.reason,
    }


def _table(stack: str, against: str, changes: Sequence[Change]) -> Table:
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=f"{stack} against {against}", title_justify="left")
    for column in ("class", "change", "why"):
        table.add_column(column, overflow="fold")
    for change in changes:
        label = change.risk.label
        table.add_row(f"[{COLOURS[label]}]{label}[/]", escape(change.as_line()), escape(change.reason))
    return table
