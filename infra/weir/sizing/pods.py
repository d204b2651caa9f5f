"""Every pod of an environment's namespace, as it is rendered: services, what operators add to them, and for a while
what rolling updates and Jobs add.

The operators themselves run in a namespace of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from weir.config.cassandra import CassandraProvider
from weir.config.existing import RegistryProvider
from weir.config.kafka import KafkaProvider
from weir.config.stack import StackConfig
from weir.config.superset import SupersetProvider
from weir.sizing import helper_pods as helpers
from weir.sizing.load import Load
from weir.sizing.plan import FlinkJobPlan, NodeSize, PlatformPlan, PodGroup, PodSize, Presence

# Kubernetes' default of a Deployment's maxSurge, rounded up.
SURGE = 0.25


def pods_of(plan: PlatformPlan, loads: Sequence[Load], stack: StackConfig) -> tuple[PodGroup, ...]:
    """All pods; those of a kind that there are none of are left out."""
    groups = (
        *_kafka(plan, stack),
        *_cassandra(plan, stack),
        *(group for job in plan.flink.values() for group in _flink(job, stack)),
        *_streams(plan, loads, stack),
        *_registry(plan, stack, owned=any(load.pipeline.spec.source.owned for load in loads)),
        *_trino(plan, stack),
        *_superset(plan, stack),
    )
    return tuple(group for group in groups if group.count)


def _deployment(component: str, name: str, replicas: int, pod: PodSize) -> Iterator[PodGroup]:
    """Pods that are replaced one after the other, the new one first."""
    yield PodGroup(component, name, replicas, pod)
    yield PodGroup(component, name, math.ceil(replicas * SURGE), pod, Presence.ROLLING)


def _kafka(plan: PlatformPlan, stack: StackConfig) -> Iterator[PodGroup]:
    kafka, provider = plan.kafka, stack.kafka.provider
    if provider is KafkaProvider.AIVEN:
        return
    if provider is KafkaProvider.EXISTING:
        yield PodGroup("kafka", "setup", 1, helpers.KAFKA_SETUP_JOB, Presence.JOB)
        return
    yield PodGroup("kafka", "controllers", kafka.controllers, kafka.controller)
    yield PodGroup("kafka", "brokers", kafka.brokers, kafka.broker)
    if provider is KafkaProvider.PLAIN:
        yield PodGroup("kafka", "setup", 1, helpers.KAFKA_SETUP_JOB, Presence.JOB)
        return
    operators = _together(helpers.TOPIC_OPERATOR, helpers.USER_OPERATOR)
    yield from _deployment("kafka", "entity operator", 1, operators)
    if stack.kafka.cruise_control and kafka.brokers > 1:
        yield from _deployment("kafka", "cruise control", 1, helpers.CRUISE_CONTROL)
    if stack.kafka.exporter:
        yield from _deployment("kafka", "exporter", 1, helpers.EXPORTER)


def _cassandra(plan: PlatformPlan, stack: StackConfig) -> Iterator[PodGroup]:
    cassandra = plan.cassandra
    yield PodGroup("cassandra", "nodes", cassandra.nodes, cassandra.node)
    yield PodGroup("cassandra", "schema and roles", 1, helpers.DATABASE_JOB, Presence.JOB)
    if stack.cassandra.provider is CassandraProvider.PLAIN:
        return
    yield PodGroup("cassandra", "system logger of each node", cassandra.nodes, helpers.SIDE_CONTAINER)
    if stack.retention.backups.enabled:
        yield PodGroup("cassandra", "backup of each node", cassandra.nodes, helpers.MEDUSA)
    if stack.cassandra.repairs:
        yield from _deployment("cassandra", "repairs", 1, helpers.REAPER)


def _flink(job: FlinkJobPlan, stack: StackConfig) -> Iterator[PodGroup]:
    """The operator stops a job's pods before it starts those of the next version."""
    yield PodGroup("flink", f"{job.pipeline} job managers", job.job_managers, job.job_manager)
    yield PodGroup("flink", f"{job.pipeline} task managers", job.task_managers, job.task_manager)
    yield PodGroup("flink", f"{job.pipeline} monitor", 1, helpers.MONITOR)
    if stack.storage.object_storage is None:
        yield PodGroup("flink", f"{job.pipeline} checkpoints", 1, NodeSize(0, 0, disk_gib=job.state_claim_gib))


def _streams(plan: PlatformPlan, loads: Sequence[Load], stack: StackConfig) -> Iterator[PodGroup]:
    publishing = {load.pipeline.name for load in loads if load.pipeline.reference_tables}
    for application in plan.streams.values():
        name, component = application.pipeline, "kafka-streams"
        yield PodGroup(component, f"{name} instances", application.instances, application.instance)
        if stack.kafka.provider in (KafkaProvider.PLAIN, KafkaProvider.EXISTING):
            yield from _deployment(component, f"{name} loaders", application.loaders, application.loader)
        else:
            # Strimzi stops a worker before it starts the next.
            yield PodGroup(component, f"{name} loaders", application.loaders, application.loader)
        if name in publishing:
            yield PodGroup(component, f"{name} references", 1, helpers.REFERENCES_PUBLISHER)


def _registry(plan: PlatformPlan, stack: StackConfig, *, owned: bool) -> Iterator[PodGroup]:
    """Aiven brings its own."""
    if plan.kafka.aiven:
        return
    if stack.registry.provider is RegistryProvider.EXISTING:
        if owned:
            yield PodGroup("registry", "schemas", 1, helpers.REGISTRY_JOB, Presence.JOB)
        return
    yield from _deployment("registry", "registry", plan.registry.replicas, plan.registry.pod)
    yield PodGroup("registry", "schemas", 1, helpers.REGISTRY_JOB, Presence.JOB)


def _trino(plan: PlatformPlan, stack: StackConfig) -> Iterator[PodGroup]:
    coordinator = plan.trino.coordinator
    if stack.trino.groups:
        coordinator = _together(coordinator, helpers.QUERY_LOG)
    yield from _deployment("trino", "coordinator", 1, coordinator)
    yield from _deployment("trino", "workers", plan.trino.workers, plan.trino.worker)


def _superset(plan: PlatformPlan, stack: StackConfig) -> Iterator[PodGroup]:
    superset = plan.superset
    yield from _deployment("superset", "web", superset.web_replicas, superset.web)
    yield from _deployment("superset", "workers", superset.worker_replicas, superset.worker)
    yield PodGroup("superset", "dashboards", 1, helpers.DASHBOARDS_JOB, Presence.JOB)
    if stack.superset.provider is SupersetProvider.OPERATOR:
        yield PodGroup("superset", "database upgrade", 1, helpers.SUPERSET_LIFECYCLE_JOB, Presence.JOB)
    if superset.postgresql is not None:
        yield PodGroup("superset", "postgresql", 1, superset.postgresql)
    if superset.valkey is not None:
        yield PodGroup("superset", "valkey", 1, superset.valkey)


def _together(pod: PodSize, other: PodSize) -> PodSize:
    """Two containers of one pod."""
    return replace(pod, cpu_cores=pod.cpu_cores + other.cpu_cores, memory_mib=pod.memory_mib + other.memory_mib)
