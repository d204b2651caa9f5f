"""How large records may be, all of it from one number of the pipeline file: `source.max_event_bytes`.

The number, E, counts the bytes of an event's value after decompression. Nothing that weir writes may be larger than the
next service takes, or a record that came in would never get out:

    source topic          max(E, 1 MiB) + head room
    what weir writes      (2 + T) * max(E, 1 MiB) + head room

What weir writes is a dead letter (its key and its value are cut to E each), a row with its id as key, a row on its way
between tasks, a total, and the copies of all of these. T is the most `min` and `max` of texts in one table of totals:
each may come from another event.

The head room is that of headers and framing: a batch takes 61 bytes and a record up to 30; weir's headers of a letter
up to 5 KiB, of which 4 KiB are the reason; Connect's with a stack trace some 20 KiB; joined texts the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from weir.catalog.spec import PipelineSpec
from weir.catalog.types import ColumnType

MIB = 2**20
HEAD_ROOM_BYTES = 64 * 1024
KAFKA_MESSAGE_BYTES = MIB + 12
"""Kafka's own default of message.max.bytes. Producers fill batches up to it, however small their events are."""
SMALLEST_TOPIC_BYTES = MIB
# The Cassandra sink buffers no larger row, and Cassandra itself suggests far smaller ones.
LARGEST_WRITTEN_BYTES = 16 * MIB + HEAD_ROOM_BYTES
# Kafka's own defaults of what a client keeps.
PRODUCER_BUFFER_BYTES = 32 * MIB
# Cassandra's own default of commitlog_segment_size.
SEGMENT_MIB = 32
# It takes a mutation of half a segment, and a request of one fortieth of its heap.
MUTATIONS_PER_SEGMENT = 2
REQUESTS_PER_HEAP = 40

_LONG = (ColumnType.TEXT, ColumnType.BLOB)


def source_bytes(spec: PipelineSpec) -> int:
    """The most bytes of a batch in the source topic, as its producers compressed it (`max.message.bytes`)."""
    return max(spec.source.max_event_bytes, SMALLEST_TOPIC_BYTES) + HEAD_ROOM_BYTES


def written_bytes(spec: PipelineSpec, long_extremes: int) -> int:
    """The most bytes of a record that weir writes.

    Args:
        spec: the pipeline.
        long_extremes: how many texts one table of totals may carry besides its key (`long_extremes`).
    """
    return (2 + long_extremes) * max(spec.source.max_event_bytes, SMALLEST_TOPIC_BYTES) + HEAD_ROOM_BYTES


def long_extremes(spec: PipelineSpec, types: Mapping[str, ColumnType]) -> int:
    """The most `min` and `max` of texts or bytes in one table of totals; `types` are the columns'."""
    return max(
        (
            sum(measure.function in ("min", "max") and types.get(measure.column or "") in _LONG for measure in measures)
            for measures in (aggregate.measures.values() for aggregate in spec.aggregates)
        ),
        default=0,
    )


def problem_of(spec: PipelineSpec, types: Mapping[str, ColumnType]) -> str | None:
    """Why no service could carry what the pipeline would write, as a line for a person; None where they can."""
    written = written_bytes(spec, long_extremes(spec, types))
    if written <= LARGEST_WRITTEN_BYTES:
        return None
    return (
        f"source.max_event_bytes: {spec.source.max_event_bytes:,} allows weir to write records of {written:,} bytes "
        f"(key, value, and each text of min and max), above the limit of {LARGEST_WRITTEN_BYTES:,}; lower it, or "
        "remove measures"
    )


def consumer_properties(read_bytes: int) -> dict[str, str]:
    """Of a client that reads records of up to `read_bytes`, by Kafka's names."""
    return {"max.partition.fetch.bytes": str(read_bytes)}


def producer_properties(bytes_written: int) -> dict[str, str]:
    """Of a client that writes records of up to `bytes_written`: two fit into its buffer."""
    return {
        "max.request.size": str(bytes_written),
        "buffer.memory": str(max(PRODUCER_BUFFER_BYTES, 2 * bytes_written)),
    }


def commit_log_segment_mib(row_bytes: int) -> int:
    """MiB of Cassandra's `commitlog_segment_size` that let one write bring `row_bytes`."""
    return max(SEGMENT_MIB, MUTATIONS_PER_SEGMENT * math.ceil(row_bytes / MIB))


def request_heap_mib(row_bytes: int) -> int:
    """MiB of heap with which Cassandra takes a request of `row_bytes`."""
    return math.ceil(REQUESTS_PER_HEAP * row_bytes / MIB)
