"""Who runs Kafka, and how."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from weir.config.base import Frozen
from weir.config.existing import ExistingKafka
from weir.config.network import Cidr

CLIENT_PORT = 9093
"""Of the listener for clients that log in, in every Kafka that weir deploys."""
INTERNAL_PORT = 9094
"""Of the plain Kafka's listener for its own nodes, by certificate."""


EXTERNAL_PORT = 9096
"""Of Strimzi's listener for clients outside the cluster."""
HostName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$")]


class KafkaProvider(StrEnum):
    """Who runs Kafka.

    `strimzi` (operator), `aiven` (managed), `plain` (StatefulSets of ours, for development and air-gapped use), or
    `existing`: a Kafka of yours, on which weir makes its own topics and changes nothing else.
    """

    STRIMZI = "strimzi"
    AIVEN = "aiven"
    PLAIN = "plain"
    EXISTING = "existing"


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


class ExternalListenerType(StrEnum):
    """How clients outside the cluster reach the brokers.

    `loadbalancer`: a load balancer for each broker; `ingress`: an ingress controller that passes TLS on unread, which
    Strimzi supports for ingress-nginx and has deprecated.
    """

    LOADBALANCER = "loadbalancer"
    INGRESS = "ingress"


class ExternalListener(Frozen):
    """A second listener of the brokers, for clients outside the cluster. It has TLS and asks who calls, always."""

    type: ExternalListenerType
    bootstrap_host: Annotated[HostName, Field(description="The name that clients are given; a DNS record of yours.")]
    broker_host: Annotated[
        str,
        Field(
            pattern=r"^([a-z0-9-]*\{nodeId\}[a-z0-9-]*)(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$",
            description="The name of each broker, with `{nodeId}` for its number.",
            examples=["broker-{nodeId}.kafka.example.com"],
        ),
    ]
    allowed_cidrs: Annotated[
        list[Cidr],
        Field(description="The networks that clients come from; for a loadbalancer alone, and required there."),
    ] = []
    ingress_class: Annotated[str | None, Field(description="Of the ingress controller, for type ingress.")] = None
    annotations: Annotated[
        dict[str, str],
        Field(description="On the Services or Ingresses, such as a cloud's for an internal load balancer."),
    ] = {}

    @model_validator(mode="after")
    def _sources(self) -> ExternalListener:
        balanced = self.type is ExternalListenerType.LOADBALANCER
        if balanced and not self.allowed_cidrs:
            raise ValueError("allowed_cidrs: missing; list the networks of your clients, such as [203.0.113.0/24]")
        if any(cidr.endswith("/0") for cidr in self.allowed_cidrs):
            raise ValueError("allowed_cidrs: a network of /0 lets everybody in; list the networks of your clients")
        if self.allowed_cidrs and not balanced:
            raise ValueError(
                "allowed_cidrs: behind an ingress Kafka sees the controller's address alone; remove them, and limit "
                "the sources at the controller"
            )
        if self.ingress_class and balanced:
            raise ValueError("ingress_class: only for type ingress; remove it")
        return self


class KafkaConfig(Frozen):
    """Kafka in this environment."""

    provider: KafkaProvider = KafkaProvider.STRIMZI
    authentication: KafkaAuthentication = KafkaAuthentication.SCRAM
    aiven: Annotated[AivenKafka | None, Field(description="Required with provider aiven, refused otherwise.")] = None
    existing: Annotated[
        ExistingKafka | None, Field(description="Required with provider existing, refused otherwise.")
    ] = None
    cruise_control: Annotated[bool, Field(description="Rebalance partitions when brokers are added or removed.")] = True
    exporter: Annotated[bool, Field(description="Export consumer lag as a metric.")] = True
    maintenance_time_windows: Annotated[
        list[str], Field(description="When a rolling restart may renew certificates: Quartz cron, UTC.")
    ] = ["* * 2-4 ? * SUN *"]
    quota_headroom_percent: Annotated[
        int, Field(ge=0, le=1000, description="How far a user's quota exceeds the load that the plan expects of it.")
    ] = 100

    external_listener: Annotated[
        ExternalListener | None,
        Field(description="For clients outside the cluster; with provider strimzi alone. Off by default."),
    ] = None

    @model_validator(mode="after")
    def _external(self) -> KafkaConfig:
        if self.external_listener is not None and self.provider is not KafkaProvider.STRIMZI:
            instead = {
                KafkaProvider.AIVEN: "Aiven's service has an address of its own",
                KafkaProvider.EXISTING: "an existing Kafka has the listeners that its owner gave it",
            }.get(self.provider, "provider plain has one listener for clients, inside the cluster")
            raise ValueError(f"external_listener: only for provider strimzi; {instead}. Remove it")
        return self

    @model_validator(mode="after")
    def _provider(self) -> KafkaConfig:
        groups = {
            KafkaProvider.AIVEN: (self.aiven, "project and cloud_name"),
            KafkaProvider.EXISTING: (self.existing, "bootstrap_servers"),
        }
        for provider, (group, needed) in groups.items():
            name = provider.value
            if self.provider is provider and group is None:
                raise ValueError(f"{name}: missing; add {needed}, which provider {name} needs")
            if self.provider is not provider and group is not None:
                raise ValueError(
                    f"{name}: only for provider {name}, but provider is {self.provider.value}; remove it, or "
                    f"set provider to {name}"
                )
        return self

    @model_validator(mode="after")
    def _not_ours(self) -> KafkaConfig:
        """What only a Kafka that weir runs can be told."""
        useless = {"authentication", "cruise_control", "exporter", "maintenance_time_windows", "quota_headroom_percent"}
        given = sorted(useless & self.model_fields_set)
        if self.provider is KafkaProvider.EXISTING and given:
            raise ValueError(
                f"{given[0]}: has no effect on an existing Kafka, which weir does not run; remove it"
                + ("; how clients log in is existing.authentication" if given[0] == "authentication" else "")
            )
        return self
