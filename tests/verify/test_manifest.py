"""Manifests: written whole, found again, and refused when they cannot be right."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.config.embedded import ReplayConfig
from weir.config.errors import WeirError
from weir.verify.manifest import (
    IndexRange,
    Manifest,
    PartitionRange,
    ReplayState,
    check_dataset,
    load_manifests,
    to_ranges,
    union_of,
)

pytestmark = pytest.mark.unit


def _manifest(pipeline: str = "flights", minutes: int = 0) -> Manifest:
    return Manifest(
        pipeline=pipeline,
        topic="flights.events",
        state=ReplayState.OPEN,
        started_at=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
        config=ReplayConfig(),
        window=IndexRange(first=0, stop=10),
        dataset_events=10,
        planned={"first": 10},
        partitions={0: PartitionRange(first_offset=5, next_offset=5)},
    )


def test_manifests_come_back_oldest_first_and_only_those_of_the_pipeline(tmp_path: Path) -> None:
    written = [_manifest(minutes=2), _manifest(), _manifest("orders", 1)]
    for manifest in written:
        manifest.write(tmp_path)
    assert load_manifests(tmp_path, "flights") == [written[1], written[0]]
    assert load_manifests(tmp_path / "nothing", "flights") == []


def test_writing_again_replaces_the_file_and_leaves_no_other(tmp_path: Path) -> None:
    manifest = _manifest()
    path = manifest.write(tmp_path)
    manifest.model_copy(update={"state": ReplayState.COMPLETE}).write(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    assert load_manifests(tmp_path, "flights")[0].state is ReplayState.COMPLETE


def test_a_damaged_manifest_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = _manifest().write(tmp_path)
    path.write_text(path.read_text()[:50])
    with pytest.raises(WeirError, match=path.name):
        load_manifests(tmp_path, "flights")


def test_a_manifest_of_another_dataset_is_refused() -> None:
    with pytest.raises(WeirError, match="was made from 10 events, but the dataset now has 11"):
        check_dataset([_manifest()], 11)


@given(st.lists(st.integers(0, 200)))
def test_ranges_hold_exactly_the_indices_they_were_made_of(indices: list[int]) -> None:
    ranges = to_ranges(np.array(indices, dtype=np.int64))
    assert union_of(ranges).tolist() == sorted(set(indices))
    assert all(left.stop < right.first for left, right in itertools.pairwise(ranges))
