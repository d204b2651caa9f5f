"""What runs on the platform: the job of each pipeline, and its monitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from weir.catalog.pipeline import Pipeline
from weir.catalog.roles import job_role
from weir.catalog.spec import Engine
from weir.components.base import Resources
from weir.components.flink.account import FlinkAccount, FlinkAccountArgs
from weir.components.flink.admission import FlinkAdmission, FlinkAdmissionArgs
from weir.components.flink.deployment import (
    NATIVE,
    STANDALONE,
    FlinkDeployment,
    FlinkDeploymentArgs,
    FlinkVersion,
    deployment_name,
)
from weir.components.flink.settings import OperatorPolicy
from weir.components.images import image
from weir.components.object_storage import ObjectStorageKey, ObjectStorageKeyArgs
from weir.config import versions
from weir.config.images import ImageName
from weir.config.kafka import KafkaProvider
from weir.config.kubernetes import FlinkOperatorProvider
from weir.config.security import SecretName
from weir.programs.load import PlannedEnvironment
from weir.programs.own_programs import own_programs
from weir.programs.platform import Platform
from weir.programs.streams import Part, kafka_streams


def workloads(environment: PlannedEnvironment, platform: Platform) -> list[FlinkDeployment | Part]:
    """Each pipeline on its engine, once the topics, tables and schemas that it uses are there.

    Raises:
        WeirError: an engine cannot run beside the stack's Kafka.
    """
    on = {
        engine: [pipeline for pipeline in environment.pipelines if pipeline.spec.engine is engine] for engine in Engine
    }
    made = [part for pipeline in on[Engine.KAFKA_STREAMS] for part in kafka_streams(environment, platform, pipeline)]
    programs = [program for pipeline in on[Engine.FLINK] for program in own_programs(environment, platform, pipeline)]
    return [*_jobs(environment, platform, on[Engine.FLINK]), *made, *programs]


def _jobs(environment: PlannedEnvironment, platform: Platform, pipelines: Sequence[Pipeline]) -> list[FlinkDeployment]:
    if not pipelines:
        return []
    store = environment.stack.storage.object_storage
    annotations = store.service_account_annotations if store else {}
    account = FlinkAccount(platform.site, FlinkAccountArgs(annotations))
    jobs = [_job(environment, platform, pipeline) for pipeline in pipelines]
    after: Resources = [account.account, account.binding, *_keys(environment, platform), *platform.ready]
    if environment.stack.security.admission_policies:
        # Before the jobs: one that is new, or changed, may mount what the rules do not yet admit.
        after = [*after, *FlinkAdmission(platform.site, FlinkAdmissionArgs.of(jobs)).bindings]
    return [FlinkDeployment(deployment_name(job.pipeline), platform.site, replace(job, after=after)) for job in jobs]


def _keys(environment: PlannedEnvironment, platform: Platform) -> Resources:
    """The Secret with the object storage's key; none where pods have an identity, or there is no object storage."""
    given = environment.secrets
    if SecretName.OBJECT_STORAGE_ACCESS_KEY not in given or SecretName.OBJECT_STORAGE_SECRET_KEY not in given:
        return ()
    args = ObjectStorageKeyArgs(
        given[SecretName.OBJECT_STORAGE_ACCESS_KEY], given[SecretName.OBJECT_STORAGE_SECRET_KEY]
    )
    return [ObjectStorageKey(platform.site, args).secret]


def _job(environment: PlannedEnvironment, platform: Platform, pipeline: Pipeline) -> FlinkDeploymentArgs:
    stack = environment.stack
    plain = stack.operators.flink is FlinkOperatorProvider.PLAIN
    return FlinkDeploymentArgs(
        pipeline=pipeline,
        plan=environment.plan.flink[pipeline.name],
        version=FlinkVersion(
            versions.FLINK,
            versions.FLINK_CRD_VERSION_PLAIN if plain else versions.FLINK_CRD_VERSION,
            versions.CRDS["FlinkDeployment"].api_version,
        ),
        # The plain operator knows no Flink 2: it must not ask Flink's own client for pods.
        mode=STANDALONE if plain else NATIVE,
        image=image(stack.images, ImageName.FLINK_JOB),
        kafka=platform.kafka,
        cassandra=platform.cassandra,
        cassandra_role=job_role(pipeline.name),
        registry_url=platform.registry_url,
        registry=platform.registry,
        registry_login=stack.kafka.provider is KafkaProvider.AIVEN,
        operator=OperatorPolicy.of(stack.retention),
        authority=platform.authority,
        object_storage=stack.storage.object_storage,
        storage_class=stack.storage.classes.flink,
        state_decision=stack.flink.state_decisions.get(pipeline.name),
    )
