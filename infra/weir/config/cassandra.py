"""Who runs Cassandra, and how."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from weir.config.base import DnsLabel, Frozen


class CassandraProvider(StrEnum):
    """`k8ssandra` (operator) or `plain`: a StatefulSet of ours, for development and air-gapped tests."""

    K8SSANDRA = "k8ssandra"
    PLAIN = "plain"


Drop = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,2}$|^[a-z][a-z0-9_]*/replication$")]


class CassandraConfig(Frozen):
    """Cassandra in this environment."""

    provider: CassandraProvider = CassandraProvider.K8SSANDRA
    datacenter: Annotated[DnsLabel, Field(description="The datacenter's name; it cannot change later.")] = "dc1"
    tokens_per_node: Annotated[int, Field(ge=1, le=256, description="num_tokens; it cannot change later.")] = 16
    repairs: Annotated[bool, Field(description="Reaper repairs every table within gc_grace_hours.")] = True
    audit_log: Annotated[
        bool, Field(description="Log logins, changes of schema and roles, and what people read and write.")
    ] = True
    password_generation: Annotated[
        int, Field(ge=1, description="Raise it by one to give every role a new password.")
    ] = 1
    drops: Annotated[
        list[Drop],
        Field(
            description="What the schema job may drop: `flights.old_table`, `flights.planes.old_column`, or, to "
            "allow fewer copies, `flights/replication`. Remove the entry afterwards."
        ),
    ] = []

    @field_validator("provider", mode="before")
    @classmethod
    def _no_managed_service(cls, value: object) -> object:
        if value == "aiven":
            raise ValueError(
                "Aiven ended its Cassandra service in January 2026 and its Pulumi provider has no such resource; use "
                "k8ssandra (only Kafka may run at Aiven)"
            )
        return value
