"""A pipeline on Kafka Streams: its reference tables in Kafka, its application, and the loader of its results."""

from __future__ import annotations

from weir.catalog.pipeline import Pipeline
from weir.catalog.roles import job_role
from weir.components.images import image
from weir.components.pipeline_program import PipelineProgram
from weir.components.streams.application import StreamsApplication, StreamsApplicationArgs, application_name
from weir.components.streams.loader import LoaderArgs, StandaloneLoader, StrimziLoader, StrimziVersion
from weir.config import versions
from weir.config.errors import WeirError
from weir.config.images import ImageName
from weir.config.kafka import KafkaProvider
from weir.programs.load import PlannedEnvironment
from weir.programs.own_programs import own_programs
from weir.programs.platform import Platform

Loader = StrimziLoader | StandaloneLoader
Part = PipelineProgram | StreamsApplication | Loader


def kafka_streams(environment: PlannedEnvironment, platform: Platform, pipeline: Pipeline) -> list[Part]:
    """The three, in this order: an event that is joined before its reference row is there lacks it for good.

    Raises:
        WeirError: the stack's Kafka does not let an application make the topics that Kafka Streams makes for itself,
            or an image is not pinned and must be.
    """
    stack = environment.stack
    if stack.kafka.provider is KafkaProvider.AIVEN:
        raise WeirError(
            f"pipelines: {pipeline.name} runs on Kafka Streams, which creates its own topics, but at Aiven only "
            "administrators can create topics; set `engine: flink` in its file, or kafka.provider to strimzi"
        )
    programs = own_programs(environment, platform, pipeline)
    application = StreamsApplication(
        application_name(pipeline),
        platform.site,
        StreamsApplicationArgs(
            pipeline=pipeline,
            plan=environment.plan.streams[pipeline.name],
            image=image(stack.images, ImageName.STREAMS),
            kafka=platform.kafka,
            registry_url=platform.registry_url,
            storage_class=stack.storage.classes.streams,
            after=[*platform.ready, *(program.deployment for program in programs)],
        ),
    )
    return [*programs, application, _loader(environment, platform, pipeline)]


def _loader(environment: PlannedEnvironment, platform: Platform, pipeline: Pipeline) -> Loader:
    stack, plan = environment.stack, environment.plan
    operated = stack.kafka.provider is KafkaProvider.STRIMZI
    args = LoaderArgs(
        pipeline=pipeline,
        plan=plan.streams[pipeline.name],
        # Strimzi's workers need Strimzi's own image, with the sink in it; a standalone worker is the application's.
        image=image(stack.images, ImageName.LOADER if operated else ImageName.STREAMS),
        kafka=platform.kafka,
        cassandra=platform.cassandra,
        cassandra_role=job_role(pipeline.name),
        registry_url=platform.registry_url,
        replication_factor=plan.kafka.replication_factor,
        after=platform.ready,
    )
    if not operated:
        return StandaloneLoader(platform.site, args)
    version = StrimziVersion(versions.CRDS["KafkaConnect"].api_version, versions.KAFKA)
    return StrimziLoader(platform.site, args, version)
