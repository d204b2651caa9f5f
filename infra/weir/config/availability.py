"""What may fail without loss: zones, copies, and protection against deletion."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from weir.config.base import DnsLabel, Frozen

ReplicationFactor = Annotated[int, Field(ge=1, le=7)]


class AvailabilityConfig(Frozen):
    """Zones and copies. With replication factor 3 and min ISR 2 a zone may fail and writing goes on."""

    zones: Annotated[
        list[DnsLabel], Field(min_length=1, description="Values of the node label topology.kubernetes.io/zone.")
    ] = ["zone-a"]
    kafka_replication_factor: ReplicationFactor = 1
    kafka_min_in_sync_replicas: ReplicationFactor = 1
    cassandra_replication_factor: ReplicationFactor = 1
    highly_available: Annotated[
        bool, Field(description="At least two replicas of everything that serves requests or leads a job.")
    ] = False
    protect: Annotated[
        bool, Field(description="Protect stateful resources, and retain them when the stack is destroyed.")
    ] = False

    @model_validator(mode="after")
    def _copies(self) -> AvailabilityConfig:
        factor, in_sync = self.kafka_replication_factor, self.kafka_min_in_sync_replicas
        if factor > 1 and in_sync >= factor:
            raise ValueError(
                f"kafka_min_in_sync_replicas {in_sync} is not below kafka_replication_factor {factor}; with one "
                "broker down, nothing could be written: lower it, or raise the factor"
            )
        if in_sync > factor:
            raise ValueError(
                f"kafka_min_in_sync_replicas {in_sync} is above kafka_replication_factor {factor}; "
                "nothing could ever be written: lower it"
            )
        if len(set(self.zones)) != len(self.zones):
            raise ValueError("zones: a zone is listed twice; list each once")
        for name in ("kafka_replication_factor", "cassandra_replication_factor"):
            copies = getattr(self, name)
            if 1 < len(self.zones) < copies:
                raise ValueError(
                    f"{name} {copies} is above the {len(self.zones)} zones; one zone would hold two copies of the "
                    "same data: add zones, or list only one"
                )
        if self.highly_available and (factor < 3 or in_sync < 2 or self.cassandra_replication_factor < 3):
            raise ValueError(
                "highly_available needs kafka_replication_factor and cassandra_replication_factor of at least 3 and "
                f"kafka_min_in_sync_replicas of at least 2 (they are {factor}, {self.cassandra_replication_factor} "
                f"and {in_sync}); raise them, or set highly_available to false"
            )
        return self
