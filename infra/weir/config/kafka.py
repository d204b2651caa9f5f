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
    plan: Annotated[str | None, Field(description="Aiven's plan; chosen by sizing where not given.")] = None
    maintenance_day: Annotated[str, Field(pattern=r"^(mon|tues|wednes|thurs|fri|satur|sun)day$")] = "sunday"
    maintenance_time: Annotated[str, Field(pattern=r"^\d\d:\d\d:\d\d$", description="UTC.")] = "03:00:00"
    project_vpc_id: str | None = None


class KafkaConfig(Frozen):
    """Kafka in this environment."""

    provider: KafkaProvider = KafkaProvider.STRIMZI
    authentication: KafkaAuthentication = KafkaAuthentication.SCRAM
    aiven: Annotated[AivenKafka | None, Field(description="Needed with provider aiven, refused otherwise.")] = None
    cruise_control: Annotated[bool, Field(description="Rebalances partitions when brokers come or go.")] = True
    exporter: Annotated[bool, Field(description="Consumer lag as a metric.")] = True
    maintenance_time_windows: Annotated[
        list[str], Field(description="Quartz cron, UTC: when certificates may be renewed by a rolling restart.")
    ] = ["* * 2-4 ? * SUN *"]
    quota_headroom_percent: Annotated[
        int, Field(ge=0, le=1000, description="A user's quota above what the plan expects of it.")
    ] = 100

    @model_validator(mode="after")
    def _provider(self) -> KafkaConfig:
        managed = self.provider is KafkaProvider.AIVEN
        if managed and self.aiven is None:
            raise ValueError("aiven: missing; provider aiven needs its project and cloud_name: add them")
        if not managed and self.aiven is not None:
            raise ValueError(f"aiven: provider is {self.provider.value}; remove it, or set provider to aiven")
        return self
