"""Kafka's topics: how many partitions, how much each holds, and the settings that follow from both.

A topic keeps the planned mean for its retention, of which some hours are planned at the peak (`workload.peak_hours`).
`retention.bytes` guards the disk above that: it cuts nothing before the time does at the planned rates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from weir.catalog.retention import SECONDS_PER_HOUR, hours_to_milliseconds, hours_to_seconds
from weir.catalog.topics import Topic
from weir.config.stack import StackConfig
from weir.sizing.explanation import Bound, SizingRefused
from weir.sizing.load import PLANNED_DAYS, Load
from weir.sizing.shares import GIB, MIB, rounded_up
from weir.sizing.standing import NO_FLOORS, Floors
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
    guarded_gib: float = 0.0
    """The most that it can hold before its size limit deletes; 0 without a limit."""


def partitions_of(load: Load, parallelism: int, floors: Floors = NO_FLOORS) -> int:
    """At least the pipeline file's, one for each task that reads, and enough that none is too fast for one broker.

    Never fewer than stand: Kafka cannot remove partitions. A topic of somebody else's has as many as its file says.

    Raises:
        SizingRefused: it would be more than one topic can have.
    """
    by_rate = math.ceil(load.processed_bytes_per_second / BYTES_PER_PARTITION_PER_SECOND)
    declared = load.pipeline.spec.source.partitions
    if not load.pipeline.spec.source.owned:
        return declared
    stands = floors.partitions.get(load.pipeline.source_topic.name, 0)
    wanted = max(declared, parallelism, by_rate)
    if wanted <= max(declared, stands):
        return max(declared, stands)
    if wanted > PARTITION_COUNTS[-1]:
        raise SizingRefused(
            Bound.PARTITIONS,
            f"topic {load.pipeline.source_topic.name} would need {wanted} partitions, and {PARTITION_COUNTS[-1]} is "
            "the most of one topic",
            "split the stream into several topics",
        )
    return next(count for count in PARTITION_COUNTS if count >= wanted)


def topics_of(load: Load, partitions: int, stack: StackConfig, floors: Floors = NO_FLOORS) -> list[SizedTopic]:
    """Every topic of one pipeline; `partitions` are the source topic's. None has fewer than stand."""
    pipeline = load.pipeline
    source = replace(pipeline.source_topic, partitions=partitions)
    found = [
        _topic(load, source, pipeline.source_retention_hours, 1.0, stack),
        _topic(
            load,
            floors.kept(pipeline.dead_letter_topic),
            pipeline.dead_letter_retention_hours,
            DEAD_LETTER_SHARE,
            stack,
        ),
    ]
    return [*found, *_table_topics(load, partitions, stack, floors)] if load.on_streams else found


def _table_topics(load: Load, partitions: int, stack: StackConfig, floors: Floors) -> Iterator[SizedTopic]:
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
            yield _compacted(floors.kept(topic), REFERENCE_BYTES, stack)


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


def kept_bytes(load: Load, hours: int | None) -> float:
    """What producers write within `hours`, once, at the end of the planning period; None: within `PLANNED_DAYS`.

    Over a retention the mean counts: its peaks of every day are in it. `workload.peak_hours` of it are planned at the
    peak instead, for the exceptional day. What is kept for years is planned at the mean alone.
    """
    if hours is None:
        return mean_bytes(load, hours)
    peak_hours = min(hours, load.peak_hours)
    events = load.planned_mean * (hours - peak_hours) + load.planned_peak * peak_hours
    return events * SECONDS_PER_HOUR * load.record_bytes


def mean_bytes(load: Load, hours: int | None) -> float:
    """What is written within `hours` in the long run: what object storage holds, and is billed for."""
    return load.planned_mean * load.record_bytes * hours_to_seconds(PLANNED_DAYS * 24 if hours is None else hours)


def _topic(load: Load, topic: Topic, retention_hours: int | None, part: float, stack: StackConfig) -> SizedTopic:
    """A topic that gets `part` of the events."""
    availability, tiered = stack.availability, stack.retention.tiered_storage
    per_partition = kept_bytes(load, retention_hours) * part / topic.partitions
    segment = _segment_bytes(per_partition)
    config = {
        **topic.config,
        "min.insync.replicas": str(availability.kafka_min_in_sync_replicas),
        "retention.bytes": "-1" if retention_hours is None else str(_guard_bytes(per_partition, segment)),
        "segment.bytes": str(segment),
    }
    kept, guard = kept_bytes(load, retention_hours) * part, config["retention.bytes"]
    if tiered.enabled:
        hours = min(retention_hours or tiered.local_retention_hours, tiered.local_retention_hours)
        kept = kept_bytes(load, hours) * part
        guard = str(_guard_bytes(kept / topic.partitions, segment))
        config |= {
            "remote.storage.enable": "true",
            "local.retention.ms": str(hours_to_milliseconds(hours)),
            "local.retention.bytes": guard,
        }
    copies = availability.kafka_replication_factor / GIB
    return SizedTopic(
        replace(topic, config=config),
        stored_gib=(kept + _open_segments(kept, topic.partitions)) * copies,
        guarded_gib=max(int(guard), 0) * topic.partitions * copies,
    )


def _guard_bytes(per_partition: float, segment: int) -> int:
    """The size limit of a partition.

    The segment that is written to never expires, and one that has expired goes a little later.
    """
    return math.ceil(per_partition * PARTITION_SKEW) + 2 * segment


def _open_segments(kept: float, partitions: int) -> float:
    """The most that two segments of every partition hold, beyond what must be kept, whatever their size is."""
    return 2 * min(kept / SEGMENTS_IN_GUARD + partitions * SMALLEST_SEGMENT_BYTES, partitions * KAFKA_SEGMENT_BYTES)


def _segment_bytes(bytes_per_partition: float) -> int:
    """Kafka's gigabyte, or less where a partition holds little: whole segments expire, and one is always open."""
    wanted = bytes_per_partition / SEGMENTS_IN_GUARD
    return int(min(max(rounded_up(wanted, SMALLEST_SEGMENT_BYTES), SMALLEST_SEGMENT_BYTES), KAFKA_SEGMENT_BYTES))
