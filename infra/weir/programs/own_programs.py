"""weir's own programs that run alongside a pipeline, from one image, each with its own logins.

`PROGRAMS` is the list: a new one is a module in `weir.incluster` and an entry here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import Principal, monitor_principal, references_principal
from weir.catalog.roles import MONITOR_ROLE, job_role
from weir.catalog.spec import Engine
from weir.components.flink.deployment import rest_url
from weir.components.images import image
from weir.components.pipeline_program import PipelineProgram, PipelineProgramArgs, Program
from weir.config.images import ImageName
from weir.programs.load import PlannedEnvironment
from weir.programs.platform import Platform
from weir.sizing import helper_pods


@dataclass(frozen=True)
class OwnProgram:
    """A program, the engine whose pipelines it serves, and who it is in Kafka and in Cassandra."""

    engine: Engine
    program: Program
    kafka_user: Callable[[Pipeline], Principal]
    cassandra_role: Callable[[Pipeline], str]
    serves: Callable[[Pipeline], bool] = lambda _: True
    """Whether a pipeline of that engine needs it."""


PROGRAMS = (
    # One pod that compares tables and topics as often as the pipeline's file says. As a CronJob it would start a
    # thousand times a day. Once it is ready, joins find their rows.
    OwnProgram(
        Engine.KAFKA_STREAMS,
        Program(
            kind="streams:ReferencePublisher",
            component="references",
            module="weir.incluster.references",
            state_file="/tmp/compared.json",  # noqa: S108 - the pod's own
            size=helper_pods.REFERENCES_PUBLISHER,
        ),
        kafka_user=references_principal,
        cassandra_role=lambda pipeline: job_role(pipeline.name),
        serves=lambda pipeline: bool(pipeline.reference_tables),
    ),
    # What it writes, `weir.pipeline_health`, is what the health charts of dashboards show.
    OwnProgram(
        Engine.FLINK,
        Program(
            kind="monitoring:PipelineMonitor",
            component="monitor",
            module="weir.incluster.monitor",
            # Counters so far, for a container that restarts in the same pod. A new pod counts from the job's start.
            state_file="/tmp/counters.json",  # noqa: S108 - the pod's own
            size=helper_pods.MONITOR,
        ),
        kafka_user=monitor_principal,
        cassandra_role=lambda _: MONITOR_ROLE,
    ),
)


def own_programs(environment: PlannedEnvironment, platform: Platform, pipeline: Pipeline) -> list[PipelineProgram]:
    """The Deployments of the programs that serve `pipeline`; each waits by itself for what is not there yet."""
    engine = pipeline.spec.engine
    return [
        PipelineProgram(
            platform.site,
            replace(own.program, flink_url=rest_url(pipeline) if engine is Engine.FLINK else ""),
            _args(environment, platform, pipeline, own),
        )
        for own in PROGRAMS
        if own.engine is engine and own.serves(pipeline)
    ]


def _args(
    environment: PlannedEnvironment, platform: Platform, pipeline: Pipeline, own: OwnProgram
) -> PipelineProgramArgs:
    return PipelineProgramArgs(
        pipeline=pipeline,
        image=image(environment.stack.images, ImageName.WEIR_JOBS),
        kafka=platform.kafka,
        kafka_user=own.kafka_user(pipeline).name,
        cassandra=platform.cassandra,
        cassandra_role=own.cassandra_role(pipeline),
        registry_url=platform.registry_url,
        registry=platform.registry,
        after=platform.ready,
    )
