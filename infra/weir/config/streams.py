"""How pipelines run on Kafka Streams, and how their results are loaded into Cassandra."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.config.base import Frozen

SIZED_STREAMS_FIELDS = frozenset({"threads", "loader_tasks"})
"""What sizing decides where there is a cluster to be sized."""


class StreamsConfig(Frozen):
    """Kafka Streams, for pipelines with `engine: kafka-streams`."""

    threads: Annotated[
        int, Field(ge=1, le=64, description="Threads of each instance, for rows and for totals separately.")
    ] = 2
    commit_interval_milliseconds: Annotated[
        int, Field(ge=10, le=60000, description="How often results become visible; each commit is a transaction.")
    ] = 100
    standby_replicas: Annotated[
        int, Field(ge=0, le=2, description="Copies of the state on other instances, for a fast failover.")
    ] = 0
    state_memory_mib: Annotated[
        int, Field(ge=32, description="Memory of all RocksDB stores together, in addition to the heap.")
    ] = 128
    loader_tasks: Annotated[
        int, Field(ge=1, le=256, description="Parallel writers to Cassandra (Kafka Connect tasks).")
    ] = 2
