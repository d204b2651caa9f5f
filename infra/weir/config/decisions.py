"""What a person has decided about a standing environment: each lets one change through, and is removed afterwards."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from weir.config.base import Frozen, Replicas


class AllowedChange(Frozen):
    """One refused change that may happen, once."""

    change: Annotated[
        str,
        Field(
            min_length=1,
            description="The resource and the field, as `weir plan` prints them: "
            "`K8ssandraCluster cassandra spec.cassandra.datacenters[0].size`.",
        ),
    ]
    to: Annotated[
        Any,
        Field(
            description="The value after the change; null where the field or the resource is removed. The decision "
            "holds for no other value, so it cannot let a later change through."
        ),
    ]
    because: Annotated[str, Field(min_length=1, description="Why it loses nothing, for those who review it.")]


class FewerNodes(Frozen):
    """The number of pods that each service may fall to. Without an entry, sizing never plans fewer than stand."""

    kafka: Annotated[Replicas | None, Field(description="Brokers.")] = None
    cassandra: Annotated[Replicas | None, Field(description="Nodes of all racks together.")] = None


class HeldGib(Frozen):
    """What each service was measured to hold on all nodes together, copies included."""

    kafka: Annotated[int | None, Field(ge=0, description="Measure it with kafka-log-dirs.")] = None
    cassandra: Annotated[
        int | None, Field(ge=0, description="The sum of Load in `nodetool status`, once the old rows are gone.")
    ] = None


class Decisions(Frozen):
    """Decisions by what they let through."""

    fewer_nodes: Annotated[FewerNodes, Field(description="Nodes may leave, where what they hold fits on the rest.")] = (
        FewerNodes()
    )
    held_gib: Annotated[
        HeldGib,
        Field(
            description="Rows keep the lifetime that they were written with. So a shorter lifetime or a lower rate "
            "frees nothing until a person has measured that the old data is gone."
        ),
    ] = HeldGib()
    allow: Annotated[
        list[AllowedChange],
        Field(description="Refused changes that may happen, each once; `weir plan` says when one is no longer needed."),
    ] = []
