"""The command line. Commands import what they need when they run: `weir --help` answers at once."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weir.embedded.service import Paths
    from weir.proof.verify import Verification

commands = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
bench = typer.Typer(no_args_is_help=True)
commands.add_typer(bench, name="bench")
# Rich takes 80 columns where there is no terminal, which cuts addresses off in a log.
WIDTH_OF_A_LOG = 160
console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG)
errors = Console(stderr=True, soft_wrap=True)

StackOption = Annotated[str, typer.Option("--stack", help="Name of a file stacks/Pulumi.<name>.yaml, or its path.")]
OnlyOption = Annotated[
    str | None, typer.Option(help="Start only these services, e.g. kafka,cassandra, and nothing on them.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
PipelineArgument = Annotated[str, typer.Argument(help="A folder below pipelines/ that the stack names.")]
INTERRUPTED = 130


def app() -> None:
    """The entry point: an error of weir's is one red message and exit code 1; a wrong usage is 2."""
    # The clients of Kafka and Cassandra are native code: if one crashes, the stack says which.
    faulthandler.enable()
    try:
        commands()
    except Exception as error:
        from weir.config.errors import WeirError  # noqa: PLC0415

        if not isinstance(error, WeirError):
            raise
        errors.print(f"error: {error}", style="red", markup=False, highlight=False)
        sys.exit(1)


@commands.command()
def up(
    stack: StackOption = "local",
    only: OnlyOption = None,
    replay: Annotated[bool, typer.Option(help="Replay the original data and verify what came of it.")] = True,
) -> None:
    """Start the platform and its pipelines, replay real data, and prove the result."""
    from weir.embedded import context, lifecycle, platform, services  # noqa: PLC0415
    from weir.embedded.board import Board  # noqa: PLC0415

    paths = context.paths_from(os.environ)
    names = services.chosen(only)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = False
    with Board(console) as board:
        try:
            started = platform.start_services(paths, context.stack_file(stack), names, board)
            if not started:
                console.print(f"weir is already running on {paths.data_dir} (weir status, weir down)", highlight=False)
            outcome = platform.bring_up(paths, board, with_pipelines=only is None, replay=replay)
        except KeyboardInterrupt:
            if not started:
                console.print("interrupted; what was running keeps running")
            else:
                board.report("interrupted", "stopping everything", None)
                lifecycle.stop(paths, lambda known: platform.show(known, board))
                board.report("interrupted", "everything was stopped", 1.0)
            raise typer.Exit(INTERRUPTED) from None
    _print_moved_ports(paths)
    if outcome:
        _print_verifications(paths, outcome.verifications)
        for name, url in outcome.dashboard_urls.items():
            console.print(f"\nDashboard of {name}: [bold]{url}[/]", highlight=False)
        console.print(f"Log in as admin; the password: cat {outcome.password_file}", highlight=False)
        if not all(result.correct for result in outcome.verifications):
            raise typer.Exit(1)


@commands.command()
def down(purge: Annotated[bool, typer.Option(help="Delete the data, too.")] = False) -> None:
    """Stop everything; the data stays unless --purge."""
    from weir.embedded import context, lifecycle, platform  # noqa: PLC0415
    from weir.embedded.board import Board  # noqa: PLC0415

    paths = context.paths_from(os.environ)
    with Board(console) as board:
        stopped = lifecycle.stop(paths, lambda known: platform.show(known, board))
    console.print("everything was stopped" if stopped else "nothing is running", highlight=False)
    if purge:
        lifecycle.purge(paths)
        console.print(f"the data in {paths.data_dir} was deleted", highlight=False)


@commands.command()
def status(as_json: JsonOption = False) -> None:
    """What runs, where, since when, and with how much memory."""
    from weir.embedded import context, state, tables  # noqa: PLC0415

    paths = context.paths_from(os.environ)
    known = state.read(paths)
    running = known is not None and state.supervisor_pid(paths) is not None
    rows = tables.status_rows(paths, known) if known is not None and running else []
    if as_json:
        phase = known.phase if known is not None and running else "stopped"
        console.print_json(data={"phase": phase, "services": rows})
    elif not rows:
        console.print("nothing is running; start with `weir up`", highlight=False)
    else:
        console.print(tables.status_table(rows))
        _print_moved_ports(paths)


@commands.command()
def restart(
    service: Annotated[str, typer.Argument(help="As `weir status` calls it, or flink for all of Flink.")],
) -> None:
    """Stop and start one service; jobs come back from their last state."""
    from weir.embedded import context, lifecycle, platform  # noqa: PLC0415
    from weir.embedded.board import Board  # noqa: PLC0415

    with Board(console) as board:
        lifecycle.restart(context.paths_from(os.environ), service, lambda known: platform.show(known, board))


@commands.command()
def logs(
    service: Annotated[str, typer.Argument(help="As `weir status` calls it, or supervisor, or jobs.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0)] = 200,
) -> None:
    """The end of a service's log."""
    from weir.config.errors import WeirError  # noqa: PLC0415
    from weir.embedded import context  # noqa: PLC0415

    folder = context.paths_from(os.environ).data_dir / "logs"
    log = folder / f"{service}.log"
    if not log.exists():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.log"))) or "none yet"
        raise WeirError(f"{service}: no such log in {folder}; there are: {known}")
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), str(log)])  # noqa: S606


@commands.command()
def replay(
    pipeline: PipelineArgument,
    events_per_second: Annotated[int | None, typer.Option(min=0, help="0 is as fast as Kafka takes it.")] = None,
    duplicate_ratio: Annotated[float | None, typer.Option(min=0, help="Re-sends per distinct event.")] = None,
    poison_events: Annotated[int | None, typer.Option(min=0, help="Records that cannot be decoded.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed sends the same records.")] = None,
    skip: Annotated[int, typer.Option(min=0, help="Begin after so many events of the dataset.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Send so many events at most.")] = None,
) -> None:
    """Publish a pipeline's dataset with re-sends, disorder and poison; what is not given is the stack's."""
    from weir.embedded import context, proofs  # noqa: PLC0415
    from weir.embedded.board import Board  # noqa: PLC0415

    ctx = context.running_context(context.paths_from(os.environ))
    given = {
        "events_per_second": events_per_second,
        "duplicate_ratio": duplicate_ratio,
        "poison_events": poison_events,
        "seed": seed,
    }
    changed = {name: value for name, value in given.items() if value is not None}
    with Board(console) as board:
        config = ctx.stack.embedded.replay.model_copy(update=changed)
        proofs.replay_shown(ctx, context.pipeline_of(ctx, pipeline), config, board, skip=skip, limit=limit)


@commands.command()
def verify(pipeline: PipelineArgument, as_json: JsonOption = False) -> None:
    """Compare every row, total and dead letter with what the replayed data must give; exit code 1 on a difference."""
    from weir.embedded import context, proofs  # noqa: PLC0415
    from weir.embedded.board import Board  # noqa: PLC0415
    from weir.proof.report import as_json as to_json  # noqa: PLC0415

    paths = context.paths_from(os.environ)
    ctx = context.running_context(paths)
    with Board(errors if as_json else console) as board:
        result = proofs.verify_shown(ctx, context.pipeline_of(ctx, pipeline), board)
    if as_json:
        console.print(to_json(result), markup=False, highlight=False)
    else:
        _print_verifications(paths, [result])
    if not result.correct:
        raise typer.Exit(1)


@bench.callback()
def _bench() -> None:
    """Measure the platform on this machine."""


@bench.command("pipeline")
def bench_pipeline(
    events: Annotated[int, typer.Option(min=100_000, help="With few of them the start is measured, too.")] = 10_000_000,
    task_manager_mib: Annotated[int, typer.Option(min=1024, help="10 million ids need about 4096.")] = 4096,
    stack: StackOption = "local",
) -> None:
    """What deduplication, join and Cassandra cost, against the raw read rate of the same run."""
    from weir.embedded import bench as benches  # noqa: PLC0415
    from weir.embedded import context  # noqa: PLC0415
    from weir.embedded.board import Board  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Board(console) as board:
        result = benches.run(context.stack_file(stack), events, task_manager_mib, board)
    console.print(benches.as_table(result))


@commands.command()
def setup(
    only: OnlyOption = None,
    with_browser: Annotated[bool, typer.Option(help="Also the browser that the tests look through.")] = False,
) -> None:
    """Fetch and build all programs, start nothing."""
    from weir.embedded import browser, context, services, toolchain  # noqa: PLC0415
    from weir.embedded.board import Board  # noqa: PLC0415

    with Board(console) as board:
        found = toolchain.ensure(context.REPOSITORY, services.tools(services.chosen(only)), board.report)
        if with_browser:
            board.report("chromium", str(browser.find_or_install_chromium()), 1.0)
    console.print(f"ready in {found.cache}", highlight=False)


def _print_moved_ports(paths: Paths) -> None:
    from weir.embedded import state, tables  # noqa: PLC0415

    known = state.read(paths)
    for line in tables.moved_ports(known) if known else []:
        console.print(line, style="yellow", highlight=False)


def _print_verifications(paths: Paths, results: Iterable[Verification]) -> None:
    from weir.proof.report import as_tables, write_differences  # noqa: PLC0415

    for result in results:
        console.print(as_tables(result))
        if not result.correct:
            report = write_differences(result, paths.logs / f"differences-{result.pipeline}.md")
            errors.print(f"error: {result.pipeline} is not as it must be: {report}", style="red", highlight=False)
