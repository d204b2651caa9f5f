"""Commands that show what Pulumi would make of a stack, without cluster, engine or account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weir.cli.shared import JsonOption, console, errors

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
    out: Annotated[Path, typer.Option(help="Output folder. An earlier rendering in it is replaced.")] = Path(
        "rendered"
    ),
) -> None:
    """Write every manifest of a stack to its own file, and the order in which they are created."""
    from weir.programs import rendering  # noqa: PLC0415

    made = rendering.render(rendering.stack_path(stack))
    files = rendering.write(made, out)
    console.print(f"{made.stack}: {len(files)} resources in {out}, in the order of {out / rendering.INDEX}")


@commands.command()
def plan(
    stack: Annotated[str, typer.Argument(help="Name of a file stacks/Pulumi.<name>.yaml.")],
    against: Annotated[str, typer.Option(help="A git revision: HEAD~1, a tag, a branch.")] = "HEAD",
    as_json: JsonOption = False,
) -> None:
    """Show what would change compared with a revision, by risk class. Exit code 1: a change is refused."""
    from weir.config.stack import load_stack  # noqa: PLC0415
    from weir.programs import rendering  # noqa: PLC0415
    from weir.programs.change_rules import compare  # noqa: PLC0415
    from weir.programs.decided import decide, stale_line  # noqa: PLC0415
    from weir.programs.revisions import render_revision  # noqa: PLC0415
    from weir.sizing.lock import stale_decisions_in  # noqa: PLC0415

    before, file = render_revision(against, stack), rendering.stack_path(stack)
    decided = decide(compare(before, rendering.render(file).resources), load_stack(file).decisions)
    changes = decided.changes
    if as_json:
        console.print_json(data=[_as_data(change) for change in changes])
    elif not changes:
        console.print(f"{stack}: no changes against {against}", highlight=False)
    else:
        console.print(_table(stack, against, changes))
    stale = [*map(stale_line, decided.stale), *stale_decisions_in(file)]
    for line in stale:
        errors.print(f"note: {line}", highlight=False, markup=False)
    if decided.refused:
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
