"""Commands that replay a dataset, verify what came of it, and measure."""

from __future__ import annotations

import os
import signal
from datetime import datetime
from typing import Annotated, Literal

import typer

from weir.cli.shared import JsonOption, PipelineArgument, StackOption, console, errors, print_verifications

commands = typer.Typer()
bench = typer.Typer(no_args_is_help=True)
FormatOption = Annotated[Literal["avro", "json"], typer.Option("--format", help="What the events are written in.")]


@commands.command()
def replay(
    pipeline: PipelineArgument,
    events_per_second: Annotated[int | None, typer.Option(min=0, help="0 means as fast as Kafka accepts them.")] = None,
    duplicate_ratio: Annotated[float | None, typer.Option(min=0, help="Re-sends per distinct event.")] = None,
    poison_events: Annotated[int | None, typer.Option(min=0, help="Records that cannot be decoded.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed sends the same records.")] = None,
    skip: Annotated[int, typer.Option(min=0, help="Skip this many events of the dataset.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Send at most this many events.")] = None,
) -> None:
    """Publish a pipeline's dataset with duplicates, disorder and poison. Defaults come from the stack file."""
    from weir.local import context, verification  # noqa: PLC0415
    from weir.local.board import Board  # noqa: PLC0415

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
        verification.replay_shown(ctx, context.pipeline_of(ctx, pipeline), config, board, skip=skip, limit=limit)


@commands.command()
def verify(pipeline: PipelineArgument, as_json: JsonOption = False) -> None:
    """Compare every row, total and dead letter with what the replayed data must produce. Exit code 1: they differ."""
    from weir.local import context, verification  # noqa: PLC0415
    from weir.local.board import Board  # noqa: PLC0415
    from weir.verify.report import as_json as to_json  # noqa: PLC0415

    paths = context.paths_from(os.environ)
    ctx = context.running_context(paths)
    with Board(errors if as_json else console) as board:
        result = verification.verify_shown(ctx, context.pipeline_of(ctx, pipeline), board)
    if as_json:
        console.print(to_json(result), markup=False, highlight=False)
    else:
        print_verifications(paths, [result])
    if not result.correct:
        raise typer.Exit(1)


@commands.command()
def rejoin(
    pipeline: PipelineArgument,
    begin: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day (UTC).")],
    end: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The day after the last one (UTC).")],
) -> None:
    """Rejoin stored rows with the current reference tables. A later replay does not undo it."""
    from weir.local import context  # noqa: PLC0415
    from weir.local.board import Board  # noqa: PLC0415
    from weir.verify.rejoin import rejoin as join_anew  # noqa: PLC0415

    ctx = context.running_context(context.paths_from(os.environ))
    with Board(console) as board:
        chosen = context.pipeline_of(ctx, pipeline)
        result = join_anew(
            ctx.endpoints, chosen, begin, end, lambda doing: board.report(f"rejoin {pipeline}", doing, None)
        )
    console.print(f"{result.compared:,} rows compared, {result.mended:,} updated", highlight=False)


@bench.callback()
def _bench() -> None:
    """Benchmark the platform on this machine."""


@bench.command("pipeline")
def bench_pipeline(
    events: Annotated[
        int, typer.Option(min=100_000, help="Below the default, start-up time distorts the result.")
    ] = 10_000_000,
    task_manager_mib: Annotated[int, typer.Option(min=1024, help="10 million ids need at least 4096.")] = 8192,
    checkpoint_interval_seconds: Annotated[int, typer.Option(min=1, help="Use the value of production.")] = 30,
    source_format: FormatOption = "avro",
    stack: StackOption = "local",
) -> None:
    """Measure deduplication, join and the Cassandra sink against the raw read rate of the same run."""
    from weir.bench import pipeline as benches  # noqa: PLC0415
    from weir.catalog.spec_source import SourceFormat  # noqa: PLC0415
    from weir.config.repository import stack_file  # noqa: PLC0415
    from weir.local.board import Board  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Board(console) as board:
        settings = benches.BenchSettings(
            events, task_manager_mib, checkpoint_interval_seconds, SourceFormat(source_format)
        )
        result = benches.run(stack_file(stack), settings, board)
    console.print(benches.as_table(result))


@bench.command("engines")
def bench_engines(
    events: Annotated[
        int, typer.Option(min=100_000, help="Below the default, start-up time distorts the result.")
    ] = 1_000_000,
    source_format: FormatOption = "avro",
    stack: StackOption = "local",
) -> None:
    """Run the same pipeline over the same events on Kafka Streams and on Flink."""
    from weir.bench import engines as benches  # noqa: PLC0415
    from weir.bench.pipeline import BenchSettings  # noqa: PLC0415
    from weir.catalog.spec_source import SourceFormat  # noqa: PLC0415
    from weir.config.repository import stack_file  # noqa: PLC0415
    from weir.local.board import Board  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Board(console) as board:
        settings = BenchSettings(events, 4096, 30, SourceFormat(source_format))
        result = benches.run(stack_file(stack), settings, board)
    console.print(benches.as_table(result))
