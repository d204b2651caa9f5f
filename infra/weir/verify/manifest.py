"""What a replay sent, on disk: begun before its first record, completed after its last acknowledgement.

A replay that was killed leaves an open manifest, which still holds where in the topic it began; what it really sent is
then read from the topic itself (`topic.py`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from weir.config.base import Frozen
from weir.config.embedded import ReplayConfig
from weir.config.errors import WeirError, parse
from weir.verify.poison import PoisonKind
from weir.verify.poison_json import JsonPoisonKind

FILE_PREFIX = "replay-"


class ReplayState(StrEnum):
    """How a replay stands. Only COMPLETE and INTERRUPTED manifests say exactly what is in the topic."""

    OPEN = "open"
    INTERRUPTED = "interrupted"
    COMPLETE = "complete"


class IndexRange(Frozen):
    """Events `first` to `stop` (exclusive) of the dataset."""

    first: Annotated[int, Field(ge=0)]
    stop: Annotated[int, Field(ge=0)]

    def indices(self) -> range:
        """The same as a range."""
        return range(self.first, self.stop)


class PoisonRecord(Frozen):
    """A poison record; partition and offset are known once the broker has acknowledged it."""

    number: int
    kind: PoisonKind | JsonPoisonKind
    fingerprint: Annotated[str, Field(description="SHA-256 of the value, or `null` without a value.")]
    partition: int | None = None
    offset: int | None = None


class PartitionRange(Frozen):
    """Where a replay's records lie in a partition. Other producers may have written between them."""

    first_offset: Annotated[int, Field(description="The partition's end when the replay began.")]
    next_offset: Annotated[int, Field(description="The offset after the last acknowledged record.")]
    records: Annotated[int, Field(description="Acknowledged records.")] = 0


class Latency(Frozen):
    """Publish -> readable in Cassandra, in milliseconds, of sampled first sends."""

    samples: int
    missing: Annotated[int, Field(description="Samples that never became readable within the bound.")]
    p50_milliseconds: float | None = None
    p90_milliseconds: float | None = None
    p99_milliseconds: float | None = None
    max_milliseconds: float | None = None
    acknowledged_p50_milliseconds: Annotated[float | None, Field(description="Publish -> broker's answer.")] = None


class Manifest(Frozen):
    """One replay."""

    pipeline: str
    topic: str
    state: ReplayState
    started_at: datetime
    ended_at: datetime | None = None
    config: ReplayConfig
    window: Annotated[IndexRange, Field(description="The events in the plan.")]
    dataset_events: Annotated[int, Field(description="Size of the dataset, to detect that it has changed.")]
    planned: Annotated[dict[str, int], Field(description="Planned sends, by kind.")]
    acknowledged: Annotated[dict[str, int], Field(description="Records in the topic, by kind.")] = {}
    events_sent: Annotated[
        list[IndexRange],
        Field(description="Events that this replay put into the topic; exact unless the manifest is open."),
    ] = []
    partitions: dict[int, PartitionRange]
    poison: list[PoisonRecord] = []
    latency: Latency | None = None

    @property
    def file_name(self) -> str:
        """A name that sorts by time."""
        return f"{FILE_PREFIX}{self.pipeline}-{self.started_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}.json"

    def write(self, folder: Path) -> Path:
        """Writes the file whole or not at all, and durably."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.file_name
        staging = path.with_suffix(".new")
        with staging.open("w", encoding="utf-8") as file:
            file.write(self.model_dump_json(indent=1))
            file.flush()
            os.fsync(file.fileno())
        staging.replace(path)
        return path


def load_manifests(folder: Path, pipeline: str) -> list[Manifest]:
    """The manifests of a pipeline, oldest first.

    Raises:
        WeirError: a file is not a manifest.
    """
    paths = sorted(folder.glob(f"{FILE_PREFIX}{pipeline}-*.json"))
    manifests = [_load(path) for path in paths]
    # A glob of `orders-*` also finds the files of a pipeline `orders-x`; names hold no dash, but say it once more.
    return sorted((m for m in manifests if m.pipeline == pipeline), key=lambda manifest: manifest.started_at)


def _load(path: Path) -> Manifest:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeirError(
            f"{path} is not a valid replay manifest ({error}); restore it, or purge the platform's data"
        ) from None
    return parse(Manifest, document, str(path))


def to_ranges(indices: np.ndarray) -> list[IndexRange]:
    """Distinct indices as the fewest ranges, ascending."""
    found = np.unique(indices)
    if not len(found):
        return []
    breaks = np.flatnonzero(np.diff(found) != 1)
    firsts = found[np.concatenate([[0], breaks + 1])]
    stops = found[np.concatenate([breaks, [len(found) - 1]])] + 1
    return [IndexRange(first=int(first), stop=int(stop)) for first, stop in zip(firsts, stops, strict=True)]


def union_of(ranges: Iterable[IndexRange]) -> np.ndarray:
    """Every index of the ranges once, ascending."""
    parts = [np.arange(part.first, part.stop, dtype=np.int64) for part in ranges]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)


def check_dataset(manifests: Sequence[Manifest], dataset_events: int) -> None:
    """Indices mean nothing in another dataset.

    Raises:
        WeirError: a manifest was made from a dataset of another size.
    """
    for manifest in manifests:
        if manifest.dataset_events != dataset_events:
            raise WeirError(
                f"{manifest.file_name}: was made from {manifest.dataset_events} events, but the dataset now has "
                f"{dataset_events}; restore the old dataset, or purge the platform's data and replay again"
            )
