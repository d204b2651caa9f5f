"""Where faults are injected: a separate platform, and a pipeline that changes as real ones do."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from weir.catalog.dataset import Dataset, load_dataset
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.clients.flink_rest import FlinkRest
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.local import jobs, lifecycle, state
from weir.local.board import Board
from weir.local.own_platform import own_platform
from weir.local.provision import provision
from weir.local.service import Context, Paths
from weir.verify.seeding import load_references

SERVICES: tuple[str, ...] = ("kafka", "cassandra", "registry", "flink")
TASK_MANAGER = "flink-taskmanager-1"
JOB_MANAGER = "flink-jobmanager"
CHECKPOINT_SECONDS = 3
CHECKPOINT_TIMEOUT_SECONDS = 12
TRANSACTION_TIMEOUT_SECONDS = 60
SMALL_DISKS_MIB = {"kafka": 384, "flink/checkpoints": 96}
"""Folders below the data folder that get a disk of their own, which a fault can fill."""

EVENT_FIELD = "air_time"
"""A field that the schema lacks at first, and gets by evolution."""
REFERENCE_COLUMNS = ("engines", "engine", "speed")
"""Columns that the reference `planes` lacks at first; each upgrade of the job adds one, with a column of the rows."""
REFERENCE = "planes"
PIPELINE = "flights"
BY_ORIGIN = {
    "table": "traffic_by_origin",
    "grain": "flight_date",
    "partition_key": ["origin"],
    "dimensions": ["origin", "flight_date"],
    "measures": {"flights": {"count": "all"}},
}
"""Totals whose partition key is one text: only such a key can be empty, and be poison."""
READY_SECONDS = 120.0


@dataclass
class Ground:
    """The running platform and its pipeline. `base` is the pipeline as it began: what the oracle always verifies."""

    ctx: Context
    root: Path
    base: Pipeline
    small_disks: bool
    evolved: bool = False
    upgrades: int = 0
    parallelism: int = 2

    @property
    def endpoints(self) -> Endpoints:
        """The services' addresses."""
        return self.ctx.endpoints

    @property
    def dataset(self) -> Dataset:
        """The original data."""
        return load_dataset(self.base.folder)

    @property
    def manifests(self) -> Path:
        """Where replays write down what they sent."""
        return self.ctx.paths.data("replay")

    @property
    def rest(self) -> FlinkRest:
        """Flink's interface."""
        return FlinkRest.of(self.endpoints)

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as it is now."""
        return load_pipeline(self.root / "current" / PIPELINE)

    def submit(self) -> str:
        """Runs the current job: left alone if nothing changed, else upgraded through a savepoint."""
        flink = self.ctx.stack.flink.model_copy(update={"parallelism": self.parallelism})
        stack = self.ctx.stack.model_copy(update={"flink": flink})
        return jobs.submit(replace(self.ctx, stack=stack), self.pipeline)

    def grow(self) -> Pipeline:
        """Rewrites the pipeline's files, and creates whatever they newly need."""
        write_pipeline(self.root / "current" / PIPELINE, evolved=self.evolved, upgrades=self.upgrades)
        provision(self.endpoints, [self.pipeline])
        load_references(self.endpoints, self.pipeline, self.dataset)
        return self.pipeline

    def pid(self, process: str) -> int:
        """The process id of a service that runs.

        Raises:
            WeirError: it does not run.
        """
        known = state.read(self.ctx.paths)
        entry = known.service(process) if known else None
        if entry is None or entry.pid is None:
            raise WeirError(f"{process} is not running; see its log: {self.ctx.paths.log(process)}")
        return entry.pid

    def signal(self, process: str, number: signal.Signals) -> None:
        """Sends a signal to a service's process."""
        os.kill(self.pid(process), number)

    def restarts(self, process: str) -> int:
        """How often the supervisor has started it again."""
        known = state.read(self.ctx.paths)
        entry = known.service(process) if known else None
        return entry.restarts if entry else 0

    def wait_ready(self) -> None:
        """Returns once every process answers.

        Raises:
            WeirError: one does not within READY_SECONDS: a person would have to intervene.
        """
        deadline = time.monotonic() + READY_SECONDS
        while True:
            known = state.read(self.ctx.paths)
            waiting = [entry for entry in known.services if entry.status is not state.Status.READY] if known else []
            if not waiting:
                return
            if time.monotonic() > deadline:
                words = "; ".join(f"{entry.name} is {entry.status}: {entry.message}" for entry in waiting)
                raise WeirError(f"not everything was ready again within {READY_SECONDS:.0f} s: {words}")
            time.sleep(0.1)


@contextmanager
def made_ground(folder: Path, stack_path: Path, events: int, board: Board) -> Iterator[Ground]:
    """The ground, with the job running and a dataset of so many events at most.

    Everything is stopped at the end, the files in `folder` stay.
    """

    def settings(stack: dict[str, Any]) -> None:
        stack["weir:flink"] = {
            **stack.get("weir:flink", {}),
            "checkpoint_interval_seconds": CHECKPOINT_SECONDS,
            "checkpoint_timeout_seconds": CHECKPOINT_TIMEOUT_SECONDS,
            "transaction_timeout_seconds": TRANSACTION_TIMEOUT_SECONDS,
        }

    with ExitStack() as opened:
        lifecycle.claim(Paths(folder / "weir"))
        small = opened.enter_context(_small_disks(folder / "weir" / "data"))
        ctx = opened.enter_context(own_platform(folder, stack_path, SERVICES, settings, board))
        root = ctx.paths.config("prove")
        for name in ("base", "current"):
            write_pipeline(root / name / PIPELINE, evolved=False, upgrades=0)
            write_dataset(root / name / PIPELINE, events)
        ground = Ground(ctx, root, load_pipeline(root / "base" / PIPELINE), small)
        ground.grow()
        ground.submit()
        yield ground


def write_pipeline(folder: Path, *, evolved: bool, upgrades: int) -> None:
    """The flights pipeline: without a field and some reference columns at first, and with what was added since."""
    source = REPOSITORY / "pipelines" / PIPELINE
    folder.mkdir(parents=True, exist_ok=True)
    document = yaml.safe_load((source / "pipeline.yaml").read_text(encoding="utf-8"))
    schema = json.loads((source / document["source"]["schema_file"]).read_text(encoding="utf-8"))
    added = [field for field in schema["fields"] if field["name"] == EVENT_FIELD] if evolved else []
    schema["fields"] = [field for field in schema["fields"] if field["name"] != EVENT_FIELD] + added
    columns = {"engines": "int", "engine": "text", "speed": "int"}
    wanted = REFERENCE_COLUMNS[:upgrades]
    reference = document["references"][REFERENCE]
    kept = {name: kind for name, kind in reference["columns"].items() if name not in REFERENCE_COLUMNS}
    reference["columns"] = kept | {name: columns[name] for name in wanted}
    reference["reload_interval_seconds"] = 5
    for join in document["joins"]:
        if join["reference"] == REFERENCE:
            join["select"] |= {name: f"plane_{name}" for name in wanted}
    document["aggregates"].append(BY_ORIGIN)
    (folder / document["source"]["schema_file"]).write_text(json.dumps(schema), encoding="utf-8")
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def write_dataset(folder: Path, events: int) -> None:
    """The first `events` of the flights, and all reference rows: a round must not read what it does not use."""
    original = load_dataset(REPOSITORY / "pipelines" / PIPELINE)
    with zipfile.ZipFile(original.events) as archive:
        (member,) = archive.namelist()
        with archive.open(member) as lines, (folder / "events.csv").open("wb") as file:
            file.writelines(itertools.islice(lines, events + 1))
    references = {name: path.name for name, path in original.references.items()}
    for path in original.references.values():
        shutil.copy(path, folder)
    document = {"null_text": original.null_text, "events": "events.csv", "references": references}
    (folder / "dataset.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


@contextmanager
def _small_disks(data: Path) -> Iterator[bool]:
    """Mounts small disks in memory; False where only root could (then no disk is filled)."""
    mounted: list[Path] = []
    try:
        for name, mebibytes in SMALL_DISKS_MIB.items() if os.geteuid() == 0 else ():
            (data / name).mkdir(parents=True, exist_ok=True)
            if _ran("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "weir-prove", str(data / name)):
                mounted.append(data / name)
        yield len(mounted) == len(SMALL_DISKS_MIB)
    finally:
        for folder in reversed(mounted):
            _keep_content(folder)


def _keep_content(folder: Path) -> None:
    """Unmounts, with what was on the small disk left in its place, for whoever looks for the cause of a difference."""
    kept = folder.with_name(f"{folder.name}.kept")
    shutil.copytree(folder, kept, ignore_dangling_symlinks=True)
    _ran("umount", str(folder))
    folder.rmdir()
    kept.rename(folder)


def _ran(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
