"""What is in the source topic, read from the topic: how many records, and which of a replay that was killed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from weir.catalog.pipeline import Pipeline
from weir.clients.kafka import TopicReader
from weir.config.endpoints import Endpoints
from weir.verify.manifest import Manifest, PoisonRecord, ReplayState, check_dataset, to_ranges, union_of
from weir.verify.poison import fingerprint
from weir.verify.wire import event_keys

if TYPE_CHECKING:
    import duckdb


def events_in_topic(
    endpoints: Endpoints,
    pipeline: Pipeline,
    connection: duckdb.DuckDBPyConnection,
    manifests: Sequence[Manifest],
    dataset_events: int,
) -> np.ndarray:
    """The indices of all events that the replays have sent, ascending."""
    settled = settle(endpoints, pipeline, connection, manifests, dataset_events)
    return union_of(part for manifest in settled for part in manifest.events_sent)


def settle(
    endpoints: Endpoints,
    pipeline: Pipeline,
    connection: duckdb.DuckDBPyConnection,
    manifests: Sequence[Manifest],
    dataset_events: int,
) -> list[Manifest]:
    """The manifests, each open one completed with what the topic holds of it (its file is not touched).

    Raises:
        WeirError: Kafka does not answer, or a manifest belongs to another dataset.
    """
    check_dataset(manifests, dataset_events)
    return [
        _recovered(endpoints, pipeline, connection, manifest, manifests[position + 1 :])
        if manifest.state is ReplayState.OPEN
        else manifest
        for position, manifest in enumerate(manifests)
    ]


@dataclass(frozen=True)
class TopicCount:
    """Records of the source topic since the first replay began."""

    records: int
    expired: int
    """Records that retention has removed from the topic since then."""


def count_records(reader: TopicReader, manifests: Sequence[Manifest]) -> TopicCount:
    """Counted by the broker's offsets, apart from what the manifests say."""
    offsets = reader.offsets()
    firsts = manifests[0].partitions if manifests else {}
    records = expired = 0
    for partition, (oldest, end) in offsets.items():
        first = firsts[partition].first_offset if partition in firsts else 0
        records += end - first
        expired += max(0, oldest - first)
    return TopicCount(records, expired)


def _recovered(
    endpoints: Endpoints,
    pipeline: Pipeline,
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    later: Sequence[Manifest],
) -> Manifest:
    """Reads the topic from where the replay began to where the next one did, and finds its records again by key."""
    keys = {key: index for index, key in enumerate(event_keys(connection, pipeline, range(manifest.dataset_events)))}
    poison = {f"poison-{record.number}": record for record in manifest.poison}
    found: list[int] = []
    found_poison: list[PoisonRecord] = []
    with TopicReader(endpoints, manifest.topic) as reader:
        ranges = {}
        for partition, (oldest, end) in reader.offsets().items():
            start = manifest.partitions.get(partition)
            nexts = [other.partitions[partition].first_offset for other in later if partition in other.partitions]
            ranges[partition] = (max(oldest, start.first_offset if start else 0), min([end, *nexts]))
        for message in reader.records(ranges):
            key = (message.key() or b"").decode(errors="replace")
            planned = poison.get(key)
            if planned is not None and planned.fingerprint == fingerprint(message.value()):
                place = {"partition": message.partition(), "offset": message.offset()}
                found_poison.append(planned.model_copy(update=place))
            elif key in keys:
                found.append(keys[key])
    return manifest.model_copy(
        update={
            "acknowledged": {"records": len(found) + len(found_poison), "poison": len(found_poison)},
            "events_sent": to_ranges(np.array(found, dtype=np.int64)),
            "poison": found_poison,
        }
    )
