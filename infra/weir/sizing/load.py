"""The load that a plan must carry: a pipeline file's workload, what the stack says otherwise, growth and headroom."""

from __future__ import annotations

from dataclasses import dataclass

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine, Workload
from weir.config.stack import StackConfig
from weir.config.workload import PipelineWorkload

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


def load_of(pipeline: Pipeline, stack: StackConfig) -> Load:
    """The load of one pipeline in an environment."""
    workload = workload_of(pipeline, stack)
    settings = stack.workload
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
        extra_consumer_groups=workload.extra_consumer_groups,
    )


def workload_problems(pipeline: Pipeline, stack: StackConfig) -> list[str]:
    """What does not fit once the stack's fields stand over the pipeline file's."""
    workload = workload_of(pipeline, stack)
    if workload.peak_events_per_second < workload.mean_events_per_second:
        return [
            f"workload.pipelines.{pipeline.name}: peak_events_per_second {workload.peak_events_per_second:g} is below "
            f"mean_events_per_second {workload.mean_events_per_second:g} (what the stack does not give is the pipeline "
            "file's); correct one of them"
        ]
    return []


def workload_of(pipeline: Pipeline, stack: StackConfig) -> Workload:
    """What a pipeline is expected to carry here: its file, and where the stack says otherwise, the stack."""
    changes = stack.workload.pipelines.get(pipeline.name, PipelineWorkload())
    given = {name: value for name, value in changes if value is not None}
    return pipeline.spec.workload.model_copy(update=given)
