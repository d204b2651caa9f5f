"""The load of an environment. A pipeline file describes its stream; a stack overrides it where it differs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.config.base import (
    DuplicateRatio,
    EventBytes,
    EventsPerSecond,
    ExpectedValues,
    ExtraConsumerGroups,
    Frozen,
    GrowthPercent,
    Identifier,
)


class PipelineWorkload(Frozen):
    """What differs here from the `workload` of a pipeline's file; a field that is not given is the file's."""

    mean_events_per_second: EventsPerSecond | None = None
    peak_events_per_second: EventsPerSecond | None = None
    event_bytes: EventBytes | None = None
    duplicate_ratio: DuplicateRatio | None = None
    growth_percent_per_year: GrowthPercent | None = None
    extra_consumer_groups: ExtraConsumerGroups | None = None
    expected_values: ExpectedValues | None = None


class RecoveryObjective(Frozen):
    """How fast a pipeline must catch up after an outage, while events keep arriving at the peak rate."""

    backlog_minutes: Annotated[float, Field(ge=0, le=7 * 24 * 60, description="How long the pipeline was stopped.")] = (
        30
    )
    catch_up_minutes: Annotated[float, Field(gt=0, le=7 * 24 * 60, description="How long catching up may take.")] = 60

    @property
    def speed_up(self) -> float:
        """How many times the peak rate the pipeline must process: the events that wait and those that arrive."""
        return 1 + self.backlog_minutes / self.catch_up_minutes


class WorkloadConfig(Frozen):
    """The load that the environment is sized for."""

    pipelines: Annotated[dict[Identifier, PipelineWorkload], Field(description="By pipeline.")] = {}
    dashboard_users: Annotated[
        int, Field(ge=0, le=100_000, description="People looking at dashboards at the same time.")
    ] = 5
    dashboard_refresh_seconds: Annotated[
        int, Field(ge=5, le=86_400, description="How often each user's charts reload.")
    ] = 60
    peak_hours: Annotated[
        int,
        Field(
            ge=0,
            le=24 * 365,
            description="How many hours of a topic's retention Kafka's disks hold at the peak; the rest is planned at "
            "the mean, which has the peaks of every day in it. The default is one exceptional day. Raise it where a "
            "peak lasts longer, as in a season or a backfill.",
        ),
    ] = 24
    recovery: RecoveryObjective = RecoveryObjective()
    planning_months: Annotated[
        int, Field(ge=0, le=60, description="The plan includes the growth of this many months.")
    ] = 6
    headroom_percent: Annotated[
        int, Field(ge=0, le=300, description="How much more than the expected peak the plan can carry.")
    ] = 30
