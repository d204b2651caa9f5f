"""Who runs Kafka, and how."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from weir.config.base import Frozen

CLIENT_PORT = 9093
"""Of the listener for clients that log in, in every Kafka that weir deploys."""
INTERNAL_PORT = 9094
"""Of the plain Kafka's listener for its own nodes, by certificate."""


class KafkaProvider(StrEnum):
    """`strimzi` (operator), `aiven` (managed), or `plain`: StatefulSets of ours, for development and air-gapped use."""

    STRIMZI = "strimzi"
    AIVEN = "aiven"
    PLAIN = "plain"


class KafkaAuthentication(StrEnum):
    """How Kafka's clients say who they are."""

    SCRAM = "scram-sha-512"
    MTLS = "tls"


class AivenKafka(Frozen):
    """A managed Kafka. Its token is the provider's own setting `aiven:apiToken`."""

    project: str
    cloud_name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$", examples=["aws-eu-west-1"])]
    plan: Annotated[str | None, Field(description="One of prices.aiven_plans; sizing chooses it if not set.")] = None
    maintenance_day: Annotated[str, Field(pattern=r"^(mon|tues|wednes|thurs|fri|satur|sun)day$")] = "sunday"
    maintenance_time: Annotated[str, Field(pattern=r"^\d\d:\d\d:\d\d$", description="UTC.")] = "03:00:00"
    project_vpc_id: str | None = None


class KafkaConfig(Frozen):
    """Kafka in this environment."""

    provider: KafkaProvider = KafkaProvider.STRIMZI
    authentication: KafkaAuthentication = KafkaAuthentication.SCRAM
    aiven: Annotated[AivenKafka | None, Field(description="Required with provider aiven, refused otherwise.")] = None
    cruise_control: Annotated[bool, Field(description="Rebalance partitions when brokers are added or removed.")] = True
    exporter: Annotated[bool, Field(description="Export consumer lag as a metric.")] = True
    maintenance_time_windows: Annotated[
        list[str], Field(description="When a rolling restart may renew certificates: Quartz cron, UTC.")
    ] = ["* * 2-4 ? * SUN *"]
    quota_headroom_percent: Annotated[
        int, Field(ge=0, le=1000, description="How far a user's quota exceeds the load that the plan expects of it.")
    ] = 100

    @model_validator(mode="after")
    def _provider(self) -> KafkaConfig:
        managed = self.provider is KafkaProvider.AIVEN
        if managed and self.aiven is None:
            raise ValueError("aiven: missing; add project and cloud_name, which provider aiven needs")
        if not managed and self.aiven is not None:
            raise ValueError(
                f"aiven: only for provider aiven, but provider is {self.provider.value}; remove it, or "
                "set provider to aiven"
            )
        return self
