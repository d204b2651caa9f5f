"""Replay and verification of the running platform's pipelines."""

from __future__ import annotations

from pathlib import Path

from weir.catalog.dataset import load_dataset
from weir.catalog.ownership import require_own_source
from weir.catalog.pipeline import Pipeline
from weir.config.embedded import ReplayConfig
from weir.local.board import Board
from weir.local.service import Context
from weir.verify.manifest import Manifest, ReplayState, load_manifests
from weir.verify.replay import replay
from weir.verify.verify import Verification, verify

ELSEWHERE = "it cannot know what its rows should be, either: replay and verify the pipeline on a Kafka of weir's own"


def manifest_folder(ctx: Context) -> Path:
    """Where replays write down what they sent."""
    return ctx.paths.data("replay")


def replay_shown(
    ctx: Context, pipeline: Pipeline, config: ReplayConfig, board: Board, *, skip: int = 0, limit: int | None = None
) -> Manifest:
    """Replays a pipeline's dataset, or the part of it that `skip` and `limit` leave, with its progress on the board."""
    require_own_source(pipeline, ELSEWHERE)
    name = f"replay {pipeline.name}"

    def show(sent: int, planned: int) -> None:
        board.report(name, f"{sent:,} of {planned:,} records", min(sent / planned, 0.99) if planned else None)

    manifest = replay(
        ctx.endpoints,
        pipeline,
        load_dataset(pipeline.folder),
        config,
        manifest_folder(ctx),
        skip=skip,
        limit=limit,
        progress=show,
    )
    board.report(name, f"{manifest.acknowledged['records']:,} records", 1.0)
    return manifest


def verify_shown(ctx: Context, pipeline: Pipeline, board: Board) -> Verification:
    """Verifies a pipeline, with what is being done on the board."""
    require_own_source(pipeline, ELSEWHERE)
    name = f"verify {pipeline.name}"
    result = verify(
        ctx.endpoints,
        pipeline,
        load_dataset(pipeline.folder),
        manifest_folder(ctx),
        progress=lambda doing: board.report(name, doing, None),
    )
    verdict = "every row, total and dead letter is correct" if result.correct else "DIFFERENT: see the report"
    board.report(name, verdict, 1.0)
    return result


def prove(ctx: Context, pipeline: Pipeline, board: Board) -> Verification:
    """Replays the dataset unless that was done on this data, and verifies what came of it."""
    manifests = load_manifests(manifest_folder(ctx), pipeline.name)
    if not any(manifest.state is ReplayState.COMPLETE for manifest in manifests):
        replay_shown(ctx, pipeline, ctx.stack.embedded.replay, board)
    return verify_shown(ctx, pipeline, board)
