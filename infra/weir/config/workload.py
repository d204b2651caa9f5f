"""What an environment must carry. A pipeline file says what its stream is like; a stack says where it differs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.config.base import (
    DuplicateRatio,
    EventBytes,
    EventsPerSecond,
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


class RecoveryObjective(Frozen):
    """How fast a pipeline that stood still must be up to date again, while events go on arriving at the peak rate."""

    backlog_minutes: Annotated[float, Field(ge=0, le=7 * 24 * 60, description="How long it stood still.")] = 30
    catch_up_minutes: Annotated[float, Field(gt=0, le=7 * 24 * 60, description="How long catching up may take.")] = 60

    @property
    def speed_up(self) -> float:
        """How many times the peak rate the pipeline must process: the events that wait and those that arrive."""
        return 1 + self.backlog_minutes / self.catch_up_minutes


class WorkloadConfig(Frozen):
    """The load that the environment is sized for."""

    pipelines: Annotated[dict[Identifier, PipelineWorkload], Field(description="By pipeline.")] = {}
    dashboard_users: Annotated[int, Field(ge=0, le=100_000, description="Looking at dashboards at one time.")] = 5
    dashboard_refresh_seconds: Annotated[int, Field(ge=5, le=86_400, description="Each user's charts reload.")] = 60
    recovery: RecoveryObjective = RecoveryObjective()
    planning_months: Annotated[
        int, Field(ge=0, le=60, description="The plan carries the growth of so many months ahead.")
    ] = 6
    headroom_percent: Annotated[
        int, Field(ge=0, le=300, description="What the plan carries above the expected peak.")
    ] = 30
