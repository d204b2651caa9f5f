"""Records given to Kafka's client: it queues them, and when its queue is full the sender waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from weir.config.errors import WeirError

if TYPE_CHECKING:
    from confluent_kafka import Producer

FULL_QUEUE_POLL_SECONDS = 1.0
FLUSH_POLL_SECONDS = 1.0


def produce(
    producer: Producer,
    topic: str,
    value: bytes | None,
    key: str | bytes | None,
    waited: Callable[[], None] = lambda: None,
    **options: Any,
) -> None:
    """Queues a record, as soon as there is room: polling takes what the broker acknowledged out of the queue.

    Args:
        producer: whose queue it is.
        topic: where the record goes.
        value: its value; None deletes the key in a compacted topic.
        key: its key.
        waited: called after each wait for room; its error ends the sending, as a failed delivery should.
        options: as `Producer.produce` takes them.
    """
    while True:
        try:
            producer.produce(topic, value, key, **options)
        except BufferError:
            producer.poll(FULL_QUEUE_POLL_SECONDS)
            waited()
        else:
            return


def flush(producer: Producer, topic: str, patience_seconds: float) -> None:
    """Waits until the queue is empty, for as long as it grows shorter.

    Raises:
        WeirError: for `patience_seconds` nothing was acknowledged.
    """
    left, heard = len(producer), time.monotonic()
    while remaining := producer.flush(FLUSH_POLL_SECONDS):
        if remaining < left:
            left, heard = remaining, time.monotonic()
        elif time.monotonic() - heard > patience_seconds:
            raise WeirError(
                f"{topic}: Kafka acknowledged nothing for {patience_seconds:.0f} s, {remaining:,} records are "
                "waiting; check that Kafka is running"
            )
