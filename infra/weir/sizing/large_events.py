"""Memory for events larger than Kafka's usual megabyte; with the default of `source.max_event_bytes` it is nothing."""

from __future__ import annotations

from weir.catalog.pipeline import Pipeline
from weir.catalog.sizes import HEAD_ROOM_BYTES, MIB

# A task or thread holds an event as it was fetched, as it was decoded, for the next task, in its sink's buffer and in a
# request, and begins with the next one. What the usual megabyte takes is in the processes' own memory.
COPIES = 8
USUAL_WRITTEN_BYTES = 2 * MIB + HEAD_ROOM_BYTES


def large_events_mib(pipeline: Pipeline) -> int:
    """MiB of each task or thread besides the usual."""
    return COPIES * (max(pipeline.written_bytes - USUAL_WRITTEN_BYTES, 0) // (2 * MIB))
