"""weir's own programs that run alongside a pipeline, from one image, each with its own logins."""

from __future__ import annotations

from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import Principal, monitor_principal
from weir.catalog.roles import MONITOR_ROLE
from weir.components.images import image
from weir.components.monitor import pipeline_monitor
from weir.components.pipeline_program import PipelineProgram, PipelineProgramArgs
from weir.config.images import ImageName
from weir.programs.load import PlannedEnvironment
from weir.programs.platform import Platform


def monitor(environment: PlannedEnvironment, platform: Platform, pipeline: Pipeline) -> PipelineProgram:
    """What writes the pipeline's health; it waits by itself for a job that is not there yet."""
    args = program_args(environment, platform, pipeline, monitor_principal(pipeline), MONITOR_ROLE)
    return pipeline_monitor(platform.site, args)


def program_args(
    environment: PlannedEnvironment, platform: Platform, pipeline: Pipeline, principal: Principal, role: str
) -> PipelineProgramArgs:
    """What a program of `pipeline` needs to run as `principal` in Kafka and as `role` in Cassandra."""
    return PipelineProgramArgs(
        pipeline=pipeline,
        image=image(environment.stack.images, ImageName.WEIR_JOBS),
        kafka=platform.kafka,
        kafka_user=principal.name,
        cassandra=platform.cassandra,
        cassandra_role=role,
        registry_url=platform.registry_url,
        after=platform.ready,
    )
