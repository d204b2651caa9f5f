"""The settings of a stack file, in their groups. What must hold between the groups is in `stack_rules`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from weir.config.availability import AvailabilityConfig
from weir.config.base import DnsLabel, Frozen, Identifier
from weir.config.cassandra import CassandraConfig
from weir.config.decisions import Decisions
from weir.config.embedded import EmbeddedConfig
from weir.config.existing import RegistryConfig
from weir.config.flink import FlinkConfig
from weir.config.images import ImagesConfig
from weir.config.kafka import KafkaConfig
from weir.config.kubernetes import KubernetesConfig, OperatorsConfig, PromotionsConfig
from weir.config.observability import ObservabilityConfig
from weir.config.prices import PricesConfig
from weir.config.resources import ResourcesConfig
from weir.config.retention import RetentionConfig
from weir.config.security import SecretName, SecurityConfig
from weir.config.storage import StorageConfig
from weir.config.streams import StreamsConfig
from weir.config.superset import SupersetConfig
from weir.config.trino import TrinoConfig
from weir.config.workload import WorkloadConfig


class Target(StrEnum):
    """What realises the plan: processes on one machine, or a cluster."""

    EMBEDDED = "embedded"
    KUBERNETES = "kubernetes"


class StackSettings(Frozen):
    """A whole environment, group by group; the rules between the groups are in `stack_rules`."""

    environment: Annotated[DnsLabel, Field(description="The name of the environment.")]
    target: Annotated[Target, Field(description="What realises the plan.")]
    pipelines: Annotated[list[Identifier], Field(min_length=1, description="Folders below pipelines/.")]
    workload: WorkloadConfig = WorkloadConfig()
    retention: RetentionConfig = RetentionConfig()
    availability: AvailabilityConfig = AvailabilityConfig()
    kafka: KafkaConfig = KafkaConfig()
    registry: RegistryConfig = RegistryConfig()
    cassandra: CassandraConfig = CassandraConfig()
    flink: FlinkConfig = FlinkConfig()
    streams: StreamsConfig = StreamsConfig()
    superset: SupersetConfig = SupersetConfig()
    trino: TrinoConfig = TrinoConfig()
    security: SecurityConfig = SecurityConfig()
    storage: StorageConfig = StorageConfig()
    resources: ResourcesConfig = ResourcesConfig()
    images: ImagesConfig = ImagesConfig()
    kubernetes: KubernetesConfig = KubernetesConfig()
    operators: OperatorsConfig = OperatorsConfig()
    observability: ObservabilityConfig = ObservabilityConfig()
    promotions: PromotionsConfig = PromotionsConfig()
    prices: PricesConfig = PricesConfig()
    embedded: EmbeddedConfig = EmbeddedConfig()
    decisions: Decisions = Decisions()
    given_secrets: Annotated[
        frozenset[SecretName],
        Field(exclude=True, description="The secrets that the file contains; set by weir, never by hand."),
    ] = frozenset()
