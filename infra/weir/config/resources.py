"""Overrides of sizing. Sizing checks every override and refuses one that cannot carry the load."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.config.base import CpuCores, DiskGib, Frozen, Identifier, MemoryMib, Replicas
from weir.config.flink import StateBackend


class PodOverride(Frozen):
    """The size of one pod of a service; what is not given is sized."""

    cpu_cores: CpuCores | None = None
    memory_mib: MemoryMib | None = None


class NodeOverride(PodOverride):
    """The size of one stateful pod."""

    disk_gib: DiskGib | None = None


class KafkaOverride(Frozen):
    """Brokers and controllers."""

    brokers: Replicas | None = None
    controllers: Annotated[int | None, Field(ge=1, le=9)] = None
    broker: NodeOverride = NodeOverride()
    controller: NodeOverride = NodeOverride()


class CassandraOverride(Frozen):
    """Nodes; each zone is a rack."""

    nodes_per_rack: Replicas | None = None
    node: NodeOverride = NodeOverride()


class FlinkOverride(Frozen):
    """The job of one pipeline."""

    parallelism: Annotated[int | None, Field(ge=1, le=1024)] = None
    state_backend: StateBackend | None = None
    task_manager: NodeOverride = NodeOverride()
    job_manager: PodOverride = PodOverride()


class StreamsOverride(Frozen):
    """The Kafka Streams application of one pipeline, and its loader."""

    instances: Replicas | None = None
    instance: NodeOverride = NodeOverride()
    loaders: Replicas | None = None
    loader: PodOverride = PodOverride()


class TrinoOverride(Frozen):
    """The query engine under the dashboards."""

    workers: Annotated[int | None, Field(ge=0, le=100, description="0 means that the coordinator does the work.")] = (
        None
    )
    coordinator: PodOverride = PodOverride()
    worker: PodOverride = PodOverride()


class SupersetOverride(Frozen):
    """The dashboards."""

    web_replicas: Replicas | None = None
    web: PodOverride = PodOverride()
    worker_replicas: Annotated[int | None, Field(ge=0, le=100, description="0 means no reports and no thumbnails.")] = (
        None
    )
    postgresql: NodeOverride = NodeOverride()
    valkey: PodOverride = PodOverride()


class LargestPod(Frozen):
    """What one node of the cluster has free for a pod: no planned pod is larger."""

    cpu_cores: CpuCores = 16
    memory_mib: MemoryMib = 64 * 1024
    disk_gib: DiskGib = 4096
    network_mib_per_second: Annotated[
        float, Field(gt=0, description="What a node can send or receive for hours, not its burst rate.")
    ] = 600
    disk_mib_per_second: Annotated[float, Field(gt=0, description="What a volume can write or read for hours.")] = 250


class NamespaceQuota(Frozen):
    """The most that the platform's namespaces may ask for together."""

    cpu_cores: Annotated[float, Field(gt=0)]
    memory_mib: Annotated[int, Field(gt=0)]
    disk_gib: Annotated[int, Field(gt=0)]


class ResourcesConfig(Frozen):
    """Overrides, and the limits of the cluster that sizing stays within."""

    largest_pod: LargestPod = LargestPod()
    cpu_request_share: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            description="CPU requests, as a share of the planned cores; a pod may still use all of them. Below 1, "
            "more pods fit on a test cluster than it has cores for.",
        ),
    ] = 1.0
    quota: Annotated[
        NamespaceQuota | None, Field(description="Default: what all pods ask for at most, and a tenth.")
    ] = None
    max_kafka_brokers: Annotated[int, Field(ge=1, le=1000, description="Sizing refuses a plan with more.")] = 30
    max_cassandra_nodes: Annotated[int, Field(ge=1, le=1000, description="Sizing refuses a plan with more.")] = 60
    max_flink_task_managers: Annotated[int, Field(ge=1, le=1000, description="Of one pipeline.")] = 64
    kafka: KafkaOverride = KafkaOverride()
    cassandra: CassandraOverride = CassandraOverride()
    flink: Annotated[dict[Identifier, FlinkOverride], Field(description="By pipeline.")] = {}
    max_streams_instances: Annotated[int, Field(ge=1, le=1000, description="For one pipeline on Kafka Streams.")] = 32
    streams: Annotated[dict[Identifier, StreamsOverride], Field(description="By pipeline.")] = {}
    registry: PodOverride = PodOverride()
    trino: TrinoOverride = TrinoOverride()
    superset: SupersetOverride = SupersetOverride()
