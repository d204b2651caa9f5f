"""Commands of the proof: replay, verify, measure."""

from __future__ import annotations

import os
import signal
from datetime import datetime
from typing import Annotated

import typer

from weir.cli.shared import JsonOption, PipelineArgument, StackOption, console, errors, print_verifications

commands = typer.Typer()
bench = typer.Typer(no_args_is_help=True)


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
        print_verifications(paths, [result])
    if not result.correct:
        raise typer.Exit(1)


@commands.command()
def rejoin(
    pipeline: PipelineArgument,
    begin: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day, in UTC.")],
    end: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The day after the last, in UTC.")],
) -> None:
    """Join stored rows anew with the reference tables as they are now; no replay undoes it."""
    from weir.embedded import context  # noqa: PLC0415
    from weir.embedded.board import Board  # noqa: PLC0415
    from weir.proof.rejoin import rejoin as join_anew  # noqa: PLC0415

    ctx = context.running_context(context.paths_from(os.environ))
    with Board(console) as board:
        chosen = context.pipeline_of(ctx, pipeline)
        result = join_anew(
            ctx.endpoints, chosen, begin, end, lambda doing: board.report(f"rejoin {pipeline}", doing, None)
        )
    console.print(f"{result.compared:,} rows compared, {result.mended:,} mended", highlight=False)


@bench.callback()
def _bench() -> None:
    """Measure the platform on this machine."""


@bench.command("pipeline")
def bench_pipeline(
    events: Annotated[int, typer.Option(min=100_000, help="With few of them the start is measured, too.")] = 10_000_000,
    task_manager_mib: Annotated[int, typer.Option(min=1024, help="10 million ids need 4096, and fill it.")] = 8192,
    checkpoint_interval_seconds: Annotated[int, typer.Option(min=1, help="As in production.")] = 30,
    stack: StackOption = "local",
) -> None:
    """What deduplication, join and Cassandra cost, against the raw read rate of the same run."""
    from weir.embedded import bench as benches  # noqa: PLC0415
    from weir.embedded import context  # noqa: PLC0415
    from weir.embedded.board import Board  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Board(console) as board:
        settings = benches.BenchSettings(events, task_manager_mib, checkpoint_interval_seconds)
        result = benches.run(context.stack_file(stack), settings, board)
    console.print(benches.as_table(result))


@bench.command("engines")
def bench_engines(
    events: Annotated[int, typer.Option(min=100_000, help="With few of them the start is measured, too.")] = 1_000_000,
    stack: StackOption = "local",
) -> None:
    """The same pipeline on Kafka Streams and on Flink, over the same events."""
    from weir.embedded import bench_engines as benches  # noqa: PLC0415
    from weir.embedded import context  # noqa: PLC0415
    from weir.embedded.bench import BenchSettings  # noqa: PLC0415
    from weir.embedded.board import Board  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Board(console) as board:
        settings = BenchSettings(events, task_manager_mib=4096, checkpoint_interval_seconds=30)
        result = benches.run(context.stack_file(stack), settings, board)
    console.print(benches.as_table(result))
