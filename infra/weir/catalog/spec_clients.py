"""The `clients` of a pipeline file: other programs that write or read its topics."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from weir.catalog.spec_values import TopicName, distinct
from weir.config.base import DnsLabel, Frozen

GroupName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,198}[A-Za-z0-9])?$",
        description="Letters, digits, dots, dashes and underscores, at most 200.",
    ),
]


class ClientRole(StrEnum):
    """What a client does: a `producer` writes events to the source topic, a `consumer` reads topics.

    `letters` is whoever runs `weir letters`: it reads dead letters, marks them, and sends them back to the source.
    """

    PRODUCER = "producer"
    CONSUMER = "consumer"
    LETTERS = "letters"


class Client(Frozen):
    """A program of another team, with a Kafka user of its own: what it may do, how fast, and where it runs."""

    role: ClientRole
    topics: Annotated[
        list[TopicName],
        AfterValidator(distinct),
        Field(
            description="A consumer's topics: the source's (the default), the dead letters', and on Kafka Streams "
            "those of tables, `<pipeline>.table.<table>` with dashes for underscores."
        ),
    ] = []
    groups: Annotated[
        list[GroupName],
        AfterValidator(distinct),
        Field(
            description="A consumer's groups. Kafka and its network are sized so that each can read the whole stream."
        ),
    ] = []
    quota_bytes_per_second: Annotated[
        int | None,
        Field(
            ge=1024,
            le=10**12,
            description="How much the client may write or read on each broker, which is how Kafka counts; by default "
            "what sizing grants the pipeline's own job, for each of its groups.",
        ),
    ] = None
    namespace: Annotated[
        DnsLabel | None, Field(description="Where its pods run. Kafka and the registry admit this namespace.")
    ] = None
    pod_labels: Annotated[
        dict[str, str], Field(description="Its pods in the namespace; without labels, every pod there is admitted.")
    ] = {}
    outside: Annotated[
        bool,
        Field(
            description="It runs outside the cluster and comes by `kafka.external_listener`, or by the address of "
            "Aiven's service."
        ),
    ] = False

    @model_validator(mode="after")
    def _place(self) -> Client:
        if self.outside == (self.namespace is not None):
            raise ValueError("set exactly one of namespace and outside: true, for Kafka admits nobody from elsewhere")
        if self.pod_labels and self.outside:
            raise ValueError("pod_labels: pods are found in a namespace, but the client is outside; remove them")
        return self

    @model_validator(mode="after")
    def _role(self) -> Client:
        if self.role is ClientRole.CONSUMER and not self.groups:
            raise ValueError("groups: missing; name the consumer's groups, for Kafka lets it read in no other")
        if self.role is not ClientRole.CONSUMER and (self.topics or self.groups):
            field = "topics" if self.topics else "groups"
            raise ValueError(f"{field}: only for a consumer; what a {self.role.value} client needs is known. Remove it")
        return self
