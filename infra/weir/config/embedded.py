"""The one-machine target: ports, memory, and the replay that proves it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.config.base import Frozen, Port


class Ports(Frozen):
    """The usual ports, all on loopback; a port that is taken is replaced by a free one at start."""

    kafka: Port = 9092
    kafka_controller: Port = 9093
    cassandra: Port = 9042
    cassandra_storage: Port = 7000
    registry: Port = 8085
    flink: Port = 8081
    flink_rpc: Port = 6123
    streams: Port = 8082
    loader: Port = 8083
    trino: Port = 8080
    superset: Port = 8088


class Memory(Frozen):
    """Memory of each service in MiB. `*_heap_mib` is the JVM's -Xmx; `flink_*_process_mib` is Flink's total."""

    kafka_heap_mib: Annotated[int, Field(ge=256)] = 512
    cassandra_heap_mib: Annotated[int, Field(ge=512)] = 1024
    registry_heap_mib: Annotated[int, Field(ge=128)] = 192
    flink_job_manager_process_mib: Annotated[int, Field(ge=768)] = 1024
    flink_task_manager_process_mib: Annotated[int, Field(ge=1024)] = 1792
    streams_heap_mib: Annotated[int, Field(ge=128)] = 384
    loader_heap_mib: Annotated[int, Field(ge=128)] = 256
    trino_heap_mib: Annotated[int, Field(ge=512)] = 768


class ReplayConfig(Frozen):
    """The replay that `weir up` and `weir replay` run: what is sent, how fast, and what is wrong with it."""

    events_per_second: Annotated[int, Field(ge=0, description="0 means as fast as Kafka accepts them.")] = 5000
    ramp_up_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=600,
            description="How long the rate takes to reach events_per_second; latency is measured after that.",
        ),
    ] = 0
    duplicate_ratio: Annotated[float, Field(ge=0, le=5, description="Re-sends per distinct event.")] = 0.12
    far_duplicate_share: Annotated[
        float, Field(ge=0, le=1, description="Share of re-sends that come long after the first send.")
    ] = 0.3
    out_of_order_ratio: Annotated[float, Field(ge=0, le=1)] = 0.05
    poison_events: Annotated[int, Field(ge=0, description="Records that cannot be decoded.")] = 100
    seed: int = 2013


class EmbeddedConfig(Frozen):
    """The one-machine target."""

    ports: Ports = Ports()
    memory: Memory = Memory()
    replay: ReplayConfig = ReplayConfig()
    retention_check_seconds: Annotated[
        int, Field(ge=1, le=3600, description="How often the broker looks for records that have expired.")
    ] = 300
