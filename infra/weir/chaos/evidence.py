"""What is kept of a round that failed: enough to find the cause without running it again."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

from weir.catalog.engine_names import consumer_group
from weir.catalog.pipeline import Pipeline
from weir.chaos.ground import Ground
from weir.clients.kafka import TopicReader
from weir.config.errors import WeirError
from weir.verify.report import write_differences
from weir.verify.verify import Verification

FOLDER = "evidence"


def keep(ground: Ground, root: Path, round_facts: dict[str, object], result: Verification | None, error: str) -> Path:
    """Writes round, offsets, state of the services and differences, and copies checkpoints, into one folder.

    Logs, manifests and configuration lie beside it: the whole data folder is kept.
    """
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    facts = {**round_facts, "error": error, "offsets": _offsets(ground, ground.base)}
    (folder / "round.json").write_text(json.dumps(facts, indent=1, default=str), encoding="utf-8")
    if result is not None and not result.correct:
        write_differences(result, folder / "differences.md")
        counts = dataclasses.asdict(result)
        (folder / "verification.json").write_text(json.dumps(counts, indent=1, default=str), encoding="utf-8")
    # A running job deletes its older checkpoints: those of now are wanted.
    checkpoints = ground.ctx.paths.data("flink") / "checkpoints"
    shutil.copytree(checkpoints, folder / "checkpoints", dirs_exist_ok=True, ignore_dangling_symlinks=True)
    return folder


def _offsets(ground: Ground, pipeline: Pipeline) -> dict[str, object]:
    """Of source and dead letters: oldest and end; and what the job has committed."""
    found: dict[str, object] = {}
    try:
        for topic in pipeline.topics:
            with TopicReader(ground.endpoints, topic.name, group=consumer_group(pipeline)) as reader:
                found[topic.name] = {"oldest and end": reader.offsets(), "committed": reader.committed()}
    except WeirError as error:
        found["error"] = str(error)
    return found
