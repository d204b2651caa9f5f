"""`weir size`: what an environment needs and costs, why, and what would change with other numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from weir.cli.shared import JsonOption, StackOption, console, errors

if TYPE_CHECKING:
    from rich.table import Table

    from weir.catalog.environment import Environment
    from weir.config.stack import StackConfig
    from weir.sizing.lock import Lock, LockFile
    from weir.sizing.plan import PlatformPlan

commands = typer.Typer()


@commands.command()
def size(
    stack: StackOption = "dev",
    explain: Annotated[bool, typer.Option("--explain", help="Show what decides each figure, and why.")] = False,
    what_if: Annotated[
        list[str] | None,
        typer.Option("--what-if", help="name=value, e.g. peak_events_per_second=200000. Repeatable."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the plan to stacks/plans/<stack>.yaml, which `pulumi up` applies.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the brokers, nodes, disks and monthly cost that an environment needs. Refused if nothing fits its limits.

    Where stacks/plans/<stack>.yaml exists, it is the floor: disks, partitions, brokers and nodes never fall.
    """
    from weir.catalog.environment import load_environment  # noqa: PLC0415
    from weir.config.repository import REPOSITORY, stack_file  # noqa: PLC0415
    from weir.config.stack import load_stack  # noqa: PLC0415
    from weir.config.stack_settings import Target  # noqa: PLC0415
    from weir.sizing import plan_for  # noqa: PLC0415
    from weir.sizing.lock import LockFile, notes_of  # noqa: PLC0415
    from weir.sizing.what_if import what_if as changed  # noqa: PLC0415

    if write and what_if:
        raise typer.BadParameter("--write writes what the files say, not --what-if: change the stack file first")
    file = LockFile.of(stack_file(stack))
    lock = file.read()

    def environment_of(settings: StackConfig) -> Environment:
        return load_environment(REPOSITORY / "pipelines", settings)

    def planned(settings: StackConfig) -> PlatformPlan:
        return plan_for(environment_of(settings), lock and lock.standing)

    now = load_stack(stack_file(stack))
    plan = planned(now)
    then = planned(changed(now, what_if)) if what_if else None
    if write:
        _write(file, environment_of(now), plan, lock)
        return
    if as_json:
        console.print_json(data=_as_data(plan) if then is None else {"now": _as_data(plan), "then": _as_data(then)})
        return
    if now.target is Target.EMBEDDED:
        console.print(f"{now.environment} runs on one machine. On a cluster its load would need:", highlight=False)
    console.print(_plan_table(plan) if then is None else _change_table(plan, then, what_if or []))
    for warning in (then or plan).warnings:
        console.print(f"Warning: {warning}", style="yellow", highlight=False)
    if explain:
        console.print(_explanation_table(then or plan))
    _print_notes(notes_of(file, lock, environment_of(now), plan))


def _write(file: LockFile, environment: Environment, plan: PlatformPlan, standing: Lock | None) -> None:
    import datetime  # noqa: PLC0415

    from weir.sizing.lock import differences, lock_of, notes_of  # noqa: PLC0415

    lock = lock_of(environment, plan, standing, datetime.datetime.now(datetime.UTC).date())
    file.write(lock, plan)
    changed = [*differences(standing, environment, plan)] if standing else []
    for line in changed:
        console.print(line, highlight=False, markup=False)
    outcome = f"{len(changed)} differences" if standing else "a new plan"
    console.print(f"{file.path}: written, {outcome}", highlight=False)
    _print_notes(notes_of(file, lock, environment, plan))


def _print_notes(notes: list[str]) -> None:
    """Beside the output, which programs may read."""
    for note in notes:
        errors.print(f"note: {note}", highlight=False, markup=False)


def _plan_table(plan: PlatformPlan) -> Table:
    from rich.table import Table  # noqa: PLC0415

    from weir.sizing.figures import figures_of  # noqa: PLC0415

    table = Table(title=f"The plan of {plan.environment}", title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("unit")
    for figure in figures_of(plan):
        table.add_row(figure.name, figure.value, figure.unit)
    return table


def _change_table(now: PlatformPlan, then: PlatformPlan, changes: list[str]) -> Table:
    """Both plans side by side; `*` marks what differs."""
    from rich.table import Table  # noqa: PLC0415

    from weir.sizing.figures import changes_of  # noqa: PLC0415

    table = Table(title=f"The plan of {now.environment}, and with {', '.join(changes)}", title_justify="left")
    table.add_column("figure")
    table.add_column("now", justify="right")
    table.add_column("then", justify="right")
    table.add_column("")
    for name, before, after in changes_of(now, then):
        differs = before != after
        table.add_row(name, before, after, "*" if differs else "", style="bold yellow" if differs else None)
    return table


def _explanation_table(plan: PlatformPlan) -> Table:
    from rich.table import Table  # noqa: PLC0415

    table = Table(title="Why", title_justify="left")
    for name in ("figure", "value", "decided by", "because"):
        table.add_column(name, justify="right" if name == "value" else "left", overflow="fold")
    for entry in plan.explanations:
        value = entry.value if isinstance(entry.value, str) else f"{entry.value:,g}"
        table.add_row(entry.figure, f"{value} {entry.unit}".rstrip(), entry.bound.value, entry.because)
    return table


def _as_data(plan: PlatformPlan) -> dict[str, object]:
    """For programs: the figures, the cost and the explanations."""
    from dataclasses import asdict  # noqa: PLC0415

    from weir.sizing.figures import figures_of  # noqa: PLC0415

    return {
        "environment": plan.environment,
        "figures": {figure.name: figure.text for figure in figures_of(plan)},
        "topics": {topic.name: dict(topic.config) for topic in plan.kafka.topics},
        "currency": plan.currency,
        "cost_per_month": round(plan.cost_per_month, 2),
        "costs": [asdict(cost) for cost in plan.costs],
        "warnings": list(plan.warnings),
        "explanations": [asdict(entry) for entry in plan.explanations],
    }
