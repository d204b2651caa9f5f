"""Kafka's topics: how many partitions, how much each holds, and the settings that follow from both.

`retention.bytes` guards a broker's disk without ever cutting before the time does: a topic's share of the disk is the
planned peak for its whole retention.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from weir.catalog.retention import hours_to_milliseconds, hours_to_seconds
from weir.catalog.topics import Topic
from weir.config.stack import StackConfig
from weir.sizing.explanation import Bound, SizingRefused
from weir.sizing.load import PLANNED_DAYS, Load
from weir.sizing.shares import GIB, MIB, rounded_up
from weir.sizing.streams_traffic import COMPACTION_FACTOR, REFERENCE_BYTES, row_bytes, rows_of_totals

# Confluent, "How to choose the number of topics/partitions": tens of MB/s in one partition; ten leaves room.
BYTES_PER_PARTITION_PER_SECOND = 10e6
# Counts with many divisors, so that tasks and brokers share them evenly, and so far apart that growth rarely changes
# one: another number of partitions sends keys elsewhere.
PARTITION_COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1000)
# Keys are not spread evenly: the fullest partition holds this many times the average.
PARTITION_SKEW = 1.5
KAFKA_SEGMENT_BYTES = 2**30
SMALLEST_SEGMENT_BYTES = 64 * MIB
SEGMENTS_IN_GUARD = 24
DEAD_LETTER_SHARE = 0.001
"""Events that cannot be decoded, of all: a thousandth is far more than a sound producer sends."""


@dataclass(frozen=True)
class SizedTopic:
    """A topic with its partitions and settings, and what it holds on all brokers together, copies included."""

    topic: Topic
    stored_gib: float


def partitions_of(load: Load, parallelism: int) -> int:
    """At least the pipeline file's, one for each task that reads, and enough that none is too fast for one broker.

    Raises:
        SizingRefused: it would be more than one topic can have.
    """
    by_rate = math.ceil(load.processed_bytes_per_second / BYTES_PER_PARTITION_PER_SECOND)
    declared = load.pipeline.spec.source.partitions
    wanted = max(declared, parallelism, by_rate)
    if wanted == declared:
        return declared
    if wanted > PARTITION_COUNTS[-1]:
        raise SizingRefused(
            Bound.PARTITIONS,
            f"topic {load.pipeline.source_topic.name} would need {wanted} partitions, and {PARTITION_COUNTS[-1]} is "
            "the most of one topic",
            "split the stream into several topics",
        )
    return next(count for count in PARTITION_COUNTS if count >= wanted)


def topics_of(load: Load, partitions: int, stack: StackConfig) -> list[SizedTopic]:
    """Every topic of one pipeline; `partitions` are the source topic's."""
    pipeline = load.pipeline
    source = replace(pipeline.source_topic, partitions=partitions)
    found = [
        _topic(load, source, pipeline.source_retention_hours, 1.0, stack),
        _topic(load, pipeline.dead_letter_topic, pipeline.dead_letter_retention_hours, DEAD_LETTER_SHARE, stack),
    ]
    return [*found, *_table_topics(load, partitions, stack)] if load.on_streams else found


def _table_topics(load: Load, partitions: int, stack: StackConfig) -> Iterator[SizedTopic]:
    """The topics of rows, totals and reference rows, through which a pipeline on Kafka Streams goes."""
    pipeline = load.pipeline
    totals = rows_of_totals(load)
    for table, topic in pipeline.table_topics.items():
        if table == pipeline.row_table.name:
            part = row_bytes(load) / (1 + load.duplicate_ratio) / load.record_bytes
            whole = replace(topic, partitions=partitions)
            yield _topic(load, whole, pipeline.source_retention_hours, part, stack)
        elif table in pipeline.aggregate_tables:
            yield _compacted(replace(topic, partitions=partitions), totals[table], stack)
        else:
            yield _compacted(topic, REFERENCE_BYTES, stack)


def _compacted(topic: Topic, kept: float, stack: StackConfig) -> SizedTopic:
    """A topic that holds `kept` bytes once compacted, and as much again until it is."""
    availability = stack.availability
    config = {
        **topic.config,
        "min.insync.replicas": str(availability.kafka_min_in_sync_replicas),
        "segment.bytes": str(SMALLEST_SEGMENT_BYTES),
    }
    on_disk = COMPACTION_FACTOR * kept + topic.partitions * SMALLEST_SEGMENT_BYTES
    return SizedTopic(replace(topic, config=config), on_disk * availability.kafka_replication_factor / GIB)


def planned_inflow(load: Load, retention_hours: int | None) -> tuple[float, int]:
    """Bytes per second, and for how many hours they are kept; without `retention_hours` nothing expires.

    A peak may last as long as a retention, but not for the years that are planned where nothing expires.
    """
    if retention_hours is None:
        return load.planned_mean * load.record_bytes, PLANNED_DAYS * 24
    return load.planned_bytes_per_second, retention_hours


def _topic(load: Load, topic: Topic, retention_hours: int | None, part: float, stack: StackConfig) -> SizedTopic:
    """A topic that gets `part` of the events."""
    availability, tiered = stack.availability, stack.retention.tiered_storage
    bytes_per_second, hours = planned_inflow(load, retention_hours)
    bytes_per_second *= part
    per_partition = bytes_per_second * hours_to_seconds(hours) / topic.partitions
    segment = _segment_bytes(per_partition)
    # The segment that is written to never expires, and one that has expired goes a little later.
    guard = math.ceil(per_partition * PARTITION_SKEW) + 2 * segment
    on_disk_hours = min(hours, tiered.local_retention_hours) if tiered.enabled else hours
    config = {
        **topic.config,
        "min.insync.replicas": str(availability.kafka_min_in_sync_replicas),
        "retention.bytes": "-1" if retention_hours is None else str(guard),
        "segment.bytes": str(segment),
    }
    if tiered.enabled:
        config |= {"remote.storage.enable": "true", "local.retention.ms": str(hours_to_milliseconds(on_disk_hours))}
    kept = bytes_per_second * hours_to_seconds(on_disk_hours)
    stored = (kept + _open_segments(kept, topic.partitions)) * availability.kafka_replication_factor
    return SizedTopic(replace(topic, config=config), stored / GIB)


def _open_segments(kept: float, partitions: int) -> float:
    """The most that two segments of every partition hold, beyond what must be kept, whatever their size is."""
    return 2 * min(kept / SEGMENTS_IN_GUARD + partitions * SMALLEST_SEGMENT_BYTES, partitions * KAFKA_SEGMENT_BYTES)


def _segment_bytes(bytes_per_partition: float) -> int:
    """Kafka's gigabyte, or less where a partition holds little: whole segments expire, and one is always open."""
    wanted = bytes_per_partition / SEGMENTS_IN_GUARD
    return int(min(max(rounded_up(wanted, SMALLEST_SEGMENT_BYTES), SMALLEST_SEGMENT_BYTES), KAFKA_SEGMENT_BYTES))
