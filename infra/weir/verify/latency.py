"""How long after its publishing an event is readable: which events are watched, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weir.clients.row_watcher import Sample
from weir.verify.manifest import Latency

SAMPLES_PER_SECOND = 10
MISSING_AFTER_SECONDS = 30.0
"""A row that is not readable by then counts as missing, and with this latency."""


class Sampling:
    """True about SAMPLES_PER_SECOND times a second."""

    def __init__(self) -> None:
        self._next = 0.0

    def due(self, now: float) -> bool:
        """Whether to take a sample at `now` (seconds)."""
        if now < self._next:
            return False
        self._next = now + 1 / SAMPLES_PER_SECOND
        return True


def summary(samples: Sequence[Sample], missing_after_seconds: float) -> Latency:
    """Percentiles of `samples`; one that never became readable counts as the bound."""
    if not samples:
        return Latency(samples=0, missing=0)
    seconds = [sample.seconds for sample in samples]
    acknowledged = [sample.acknowledged - sample.published for sample in samples if sample.acknowledged]
    latencies = 1000 * np.array([missing_after_seconds if value is None else value for value in seconds])
    p50, p90, p99 = np.percentile(latencies, [50, 90, 99])
    return Latency(
        samples=len(samples),
        missing=seconds.count(None),
        p50_milliseconds=round(float(p50), 1),
        p90_milliseconds=round(float(p90), 1),
        p99_milliseconds=round(float(p99), 1),
        max_milliseconds=round(float(latencies.max()), 1),
        acknowledged_p50_milliseconds=round(1000 * float(np.median(acknowledged)), 1) if acknowledged else None,
    )
