"""Commands of the one-machine platform: start, stop, look at it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from weir.cli.shared import JsonOption, PipelineArgument, StackOption, console, print_verifications

if TYPE_CHECKING:
    from weir.local.service import Paths

commands = typer.Typer()
OnlyOption = Annotated[
    str | None, typer.Option(help="Start only these services, e.g. kafka,cassandra, and no pipeline.")
]
EngineOption = Annotated[
    Literal["flink", "kafka-streams"] | None,
    typer.Option(help="Run every pipeline on this engine instead of the one in its file."),
]
INTERRUPTED = 130
OPEN_TO_LOCAL_USERS = (
    "Other users of this machine reach Kafka, Cassandra, the registry, Kafka Connect and Trino without a password; "
    "Flink takes jobs from you alone. Nothing is encrypted on its disk: use one that is (SECURITY.md)."
)


@commands.command()
def up(
    stack: StackOption = "local",
    only: OnlyOption = None,
    engine: EngineOption = None,
    replay: Annotated[bool, typer.Option(help="Replay the dataset and verify the result.")] = True,
    reload_references: Annotated[
        bool,
        typer.Option(
            "--reload-references", help="Overwrite reference rows that people changed with the rows of the files."
        ),
    ] = False,
) -> None:
    """Start the platform and its pipelines, replay real data, and verify the result."""
    from weir.catalog.spec import Engine  # noqa: PLC0415
    from weir.config.repository import stack_file  # noqa: PLC0415
    from weir.local import context, lifecycle, platform, services  # noqa: PLC0415
    from weir.local.board import Board  # noqa: PLC0415

    paths = context.paths_from(os.environ)
    names = services.chosen(only) if only else None
    chosen = Engine(engine) if engine else None
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = False
    with Board(console) as board:
        try:
            started = platform.start_services(paths, stack_file(stack), names, board, chosen)
            if not started:
                console.print(f"weir is already running on {paths.data_dir} (weir status, weir down)", highlight=False)
            outcome = platform.bring_up(
                paths, board, with_pipelines=only is None, replay=replay, reload_references=reload_references
            )
        except KeyboardInterrupt:
            if not started:
                console.print("interrupted; running services are left running")
            else:
                board.report("interrupted", "stopping everything", None)
                lifecycle.stop(paths, lambda known: platform.show(known, board))
                board.report("interrupted", "everything stopped", 1.0)
            raise typer.Exit(INTERRUPTED) from None
    _print_moved_ports(paths)
    if outcome:
        print_verifications(paths, outcome.verifications)
        for name, url in outcome.dashboard_urls.items():
            console.print(f"\nDashboard of {name}: [bold]{url}[/]", highlight=False)
        console.print(f"Log in as admin. Password: cat {outcome.password_file}", highlight=False)
        console.print(OPEN_TO_LOCAL_USERS, highlight=False)
        if not all(result.correct for result in outcome.verifications):
            raise typer.Exit(1)


@commands.command("publish-reference")
def publish_reference(pipeline: PipelineArgument) -> None:
    """Publish a pipeline's reference tables to Kafka, for Kafka Streams to join with. Only changes are sent."""
    from weir.incluster.references import publish_references  # noqa: PLC0415
    from weir.local import context  # noqa: PLC0415

    ctx = context.running_context(context.paths_from(os.environ))
    for name, done in publish_references(ctx.endpoints, context.pipeline_of(ctx, pipeline)).items():
        console.print(
            f"{name}: {done.rows:,} rows, {done.written:,} written, {done.deleted:,} deleted", highlight=False
        )


@commands.command()
def down(purge: Annotated[bool, typer.Option(help="Also delete the data.")] = False) -> None:
    """Stop everything. Data is kept unless --purge is given."""
    from weir.local import context, lifecycle, platform  # noqa: PLC0415
    from weir.local.board import Board  # noqa: PLC0415

    paths = context.paths_from(os.environ)
    with Board(console) as board:
        stopped = lifecycle.stop(paths, lambda known: platform.show(known, board))
    console.print("everything stopped" if stopped else "nothing is running", highlight=False)
    if purge:
        lifecycle.purge(paths)
        console.print(f"data in {paths.data_dir} deleted", highlight=False)


@commands.command()
def status(as_json: JsonOption = False) -> None:
    """Show what runs, where, since when, and how much memory it uses."""
    from weir.local import context, state, tables  # noqa: PLC0415

    paths = context.paths_from(os.environ)
    known = state.read(paths)
    rows, applications, joins, conflicts, phase = [], {}, {}, {}, "stopped"
    if known is not None and state.supervisor_pid(paths) is not None:
        phase = known.phase
        rows = tables.status_rows(paths, known)
        running = tables.deployed(paths, known)
        applications = tables.application_rows(*running, paths.data("monitor"))
        joins, conflicts = tables.join_rows(*running), tables.conflict_rows(*running)
    if as_json:
        counts = {"applications": applications, "join_misses": joins, "conflicting_duplicates": conflicts}
        console.print_json(data={"phase": phase, "services": rows, **counts})
    elif not rows:
        console.print("nothing is running; start with `weir up`", highlight=False)
    else:
        console.print(tables.status_table(rows))
        if applications:
            console.print(tables.application_table(applications))
        if joins:
            console.print(tables.join_table(joins))
        for line in tables.conflict_lines(conflicts):
            console.print(line, highlight=False)
        _print_moved_ports(paths)


@commands.command()
def restart(
    service: Annotated[str, typer.Argument(help="A name from `weir status`, or flink for all of Flink.")],
) -> None:
    """Restart one service. Jobs resume from their last state."""
    from weir.local import context, lifecycle, platform  # noqa: PLC0415
    from weir.local.board import Board  # noqa: PLC0415

    with Board(console) as board:
        lifecycle.restart(context.paths_from(os.environ), service, lambda known: platform.show(known, board))


@commands.command()
def logs(
    service: Annotated[str, typer.Argument(help="A name from `weir status`, or supervisor, or jobs.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow the log as it grows.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0)] = 200,
) -> None:
    """Show the end of a service's log."""
    from weir.config.errors import WeirError  # noqa: PLC0415
    from weir.local import context  # noqa: PLC0415

    folder = context.paths_from(os.environ).data_dir / "logs"
    log = folder / f"{service}.log"
    if not log.exists():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.log"))) or "none yet"
        raise WeirError(f"{service}: no log with this name in {folder}; known: {known}")
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), str(log)])  # noqa: S606


@commands.command()
def setup(
    only: OnlyOption = None,
    with_browser: Annotated[bool, typer.Option(help="Also install the browser that the tests use.")] = False,
    prune: Annotated[bool, typer.Option(help="Afterwards, delete all other versions from the cache.")] = False,
) -> None:
    """Fetch and build all programs without starting anything."""
    from weir.config.repository import REPOSITORY  # noqa: PLC0415
    from weir.local import installation, services  # noqa: PLC0415
    from weir.local.board import Board  # noqa: PLC0415
    from weir.toolchain import browser  # noqa: PLC0415

    try:
        with Board(console) as board:
            found = installation.ensure(REPOSITORY, services.tools(services.chosen(only)), board.report)
            if with_browser:
                board.report("chromium", str(browser.find_or_install_chromium()), 1.0)
    except KeyboardInterrupt:
        console.print("interrupted; the next run continues from this point")
        raise typer.Exit(INTERRUPTED) from None
    for folder in installation.prune(REPOSITORY) if prune else ():
        console.print(f"deleted {folder}", highlight=False)
    console.print(f"ready in {found.cache}", highlight=False)


def _print_moved_ports(paths: Paths) -> None:
    from weir.local import state, tables  # noqa: PLC0415

    known = state.read(paths)
    for line in tables.moved_ports(known) if known else []:
        console.print(line, style="yellow", highlight=False)
