"""The load that a plan must carry: a pipeline's workload in its environment, with growth and headroom."""

from __future__ import annotations

from dataclasses import dataclass

from weir.catalog.checks_clients import group_count
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.config.workload import WorkloadConfig

# A record of Kafka's format v2 has seven varints of 1 to 5 bytes (length, timestamp and offset deltas, key and value
# lengths, headers); the registry's header is 5 bytes; a batch adds 61 bytes for all of its records.
RECORD_OVERHEAD_BYTES = 20
# What never expires (no TTL, a legal hold) is planned for three years; disks must be grown before they are over.
PLANNED_DAYS = 1095


@dataclass(frozen=True)
class Load:
    """What one pipeline's plan carries. Rates are events per second, duplicates among them."""

    pipeline: Pipeline
    expected_peak: float
    """The peak at the end of the planning period, without headroom."""
    planned_mean: float
    planned_peak: float
    """Mean and peak with headroom: what Kafka takes in."""
    processed_peak: float
    """What Flink and Cassandra must do: the planned peak, or the expected peak while a backlog is caught up."""
    record_bytes: int
    event_bytes: int
    duplicate_ratio: float
    extra_consumer_groups: int
    """Of clients, and those that the workload makes room for."""
    peak_hours: int
    """Of any retention: how long the peak may last in all, beyond what is in the mean."""

    @property
    def on_streams(self) -> bool:
        """Whether Kafka Streams runs it."""
        return self.pipeline.spec.engine is Engine.KAFKA_STREAMS

    @property
    def recovery_binds(self) -> bool:
        """True where catching up asks for more than the headroom does."""
        return self.processed_peak > self.planned_peak

    @property
    def planned_bytes_per_second(self) -> float:
        """What producers write at the planned peak."""
        return self.planned_peak * self.record_bytes

    @property
    def processed_bytes_per_second(self) -> float:
        """What the job reads at its fastest."""
        return self.processed_peak * self.record_bytes

    @property
    def distinct_mean(self) -> float:
        """Distinct events per second in the long run: what is stored and remembered."""
        return self.planned_mean / (1 + self.duplicate_ratio)

    @property
    def distinct_processed(self) -> float:
        """Distinct events per second at the job's fastest: what is joined, counted and written."""
        return self.processed_peak / (1 + self.duplicate_ratio)


def load_of(pipeline: Pipeline, settings: WorkloadConfig) -> Load:
    """The load of one pipeline of an environment, with the growth, the headroom and the recovery of `settings`."""
    workload = pipeline.spec.workload
    growth = (1 + workload.growth_percent_per_year / 100) ** (settings.planning_months / 12)
    headroom = 1 + settings.headroom_percent / 100
    expected_peak = workload.peak_events_per_second * growth
    return Load(
        pipeline=pipeline,
        expected_peak=expected_peak,
        planned_mean=workload.mean_events_per_second * growth * headroom,
        planned_peak=expected_peak * headroom,
        processed_peak=expected_peak * max(headroom, settings.recovery.speed_up),
        record_bytes=workload.event_bytes + RECORD_OVERHEAD_BYTES,
        event_bytes=workload.event_bytes,
        duplicate_ratio=workload.duplicate_ratio,
        extra_consumer_groups=max(workload.extra_consumer_groups, group_count(pipeline.spec)),
        peak_hours=settings.peak_hours,
    )
