"""Changes of the job and of the data while everything runs: what a team does to a pipeline, rather than what breaks."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from weir.chaos.ground import REFERENCE_COLUMNS, Ground
from weir.clients.flink_rest import FlinkRest
from weir.config.errors import WeirError

PARALLELISMS = (1, 2, 3, 4)


def rescale(ground: Ground, chosen: random.Random) -> None:
    """A savepoint, another parallelism, and on from there."""
    ground.parallelism = chosen.choice([number for number in PARALLELISMS if number != ground.parallelism])
    ground.submit()


def upgrade(ground: Ground) -> None:
    """A new column of a reference table and of the rows: tables are migrated, then the job goes on from a savepoint."""
    before = ground.rest.running(ground.base.name)
    ground.upgrades = min(ground.upgrades + 1, len(REFERENCE_COLUMNS))
    ground.grow()
    after = ground.submit()
    if before is not None and after == before.id:
        raise WeirError("the job was not upgraded, so this round tested nothing")


def failures_of(ground: Ground) -> tuple[str, str]:
    """The running job and what it failed of last."""
    with FlinkRest.of(ground.endpoints) as flink:
        job = flink.latest(ground.base.name)
        return (job.id, flink.failure(job.id)) if job else ("", "no job")


def side_by_side(*work: Callable[[], object]) -> list[object]:
    """Runs callables at once; the first error of any is raised after all have ended."""
    with ThreadPoolExecutor(len(work)) as pool:
        futures = [pool.submit(entry) for entry in work]
    return [future.result() for future in futures]
