"""A stack file: one environment, typed. `stacks/Pulumi.<stack>.yaml` holds it under Pulumi's `config:` key."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from weir.config.base import Frozen, Identifier, Port
from weir.config.errors import ConfigError, parse, read_yaml

NAMESPACE = "weir:"


class StateBackend(StrEnum):
    """Where Flink keeps keyed state: `hashmap` on the heap, `rocksdb` on local disk."""

    HASHMAP = "hashmap"
    ROCKSDB = "rocksdb"


class Ports(Frozen):
    """The usual ports, all on loopback; a port that is taken is replaced by a free one at start."""

    kafka: Port = 9092
    kafka_controller: Port = 9093
    cassandra: Port = 9042
    cassandra_storage: Port = 7000
    registry: Port = 8085
    flink: Port = 8081
    flink_rpc: Port = 6123
    trino: Port = 8080
    superset: Port = 8088


class Memory(Frozen):
    """Memory of each service in MiB. `*_heap_mib` is the JVM's -Xmx; `flink_*_process_mib` is Flink's total."""

    kafka_heap_mib: Annotated[int, Field(ge=256)] = 512
    cassandra_heap_mib: Annotated[int, Field(ge=512)] = 1024
    registry_heap_mib: Annotated[int, Field(ge=128)] = 192
    flink_job_manager_process_mib: Annotated[int, Field(ge=768)] = 1024
    flink_task_manager_process_mib: Annotated[int, Field(ge=1024)] = 1792
    trino_heap_mib: Annotated[int, Field(ge=512)] = 768


class FlinkConfig(Frozen):
    """How pipelines run on Flink."""

    parallelism: Annotated[int, Field(ge=1, le=128)] = 2
    task_slots: Annotated[int, Field(ge=1, le=64, description="Task slots of each task manager.")] = 4
    task_managers: Annotated[int, Field(ge=1, le=256)] = 1
    max_parallelism: Annotated[int, Field(ge=1, le=32768)] = 128
    state_backend: StateBackend = StateBackend.HASHMAP
    checkpoint_interval_seconds: Annotated[int, Field(ge=1, le=3600)] = 10
    checkpoint_timeout_seconds: Annotated[int, Field(ge=10)] = 600
    transaction_timeout_seconds: Annotated[
        int,
        Field(ge=60, description="Kafka's transaction.timeout.ms: well above a checkpoint and a restart."),
    ] = 900

    @model_validator(mode="after")
    def _bounds(self) -> FlinkConfig:
        slots = self.task_slots * self.task_managers
        if self.parallelism > slots:
            raise ValueError(
                f"parallelism {self.parallelism} is above the {slots} task slots "
                f"({self.task_managers} task_managers x {self.task_slots} task_slots); lower it or add slots"
            )
        if self.parallelism > self.max_parallelism:
            raise ValueError(
                f"parallelism {self.parallelism} is above max_parallelism {self.max_parallelism}; lower it "
                "(raising max_parallelism makes existing savepoints unusable)"
            )
        if self.checkpoint_interval_seconds * 3 > self.transaction_timeout_seconds:
            raise ValueError(
                f"transaction_timeout_seconds {self.transaction_timeout_seconds} is less than three times "
                f"checkpoint_interval_seconds {self.checkpoint_interval_seconds}; a slow checkpoint or a restart "
                "would lose open transactions: raise it"
            )
        return self


class ReplayConfig(Frozen):
    """The replay that `weir up` and `weir replay` run: what is sent, how fast, and what is wrong with it."""

    events_per_second: Annotated[int, Field(ge=0, description="0 is as fast as Kafka takes it.")] = 5000
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


class StackConfig(Frozen):
    """A whole environment."""

    environment: Annotated[Literal["local"], Field(description="The name of the environment.")]
    target: Annotated[Literal["embedded"], Field(description="What realises the plan.")]
    pipelines: Annotated[list[Identifier], Field(min_length=1, description="Folders below pipelines/.")]
    flink: FlinkConfig = FlinkConfig()
    embedded: EmbeddedConfig = EmbeddedConfig()


def load_stack(path: Path) -> StackConfig:
    """The stack that `path` describes.

    Raises:
        ConfigError: names the file, each wrong field, its value and the remedy.
    """
    document = read_yaml(path)
    settings = document.get("config") if isinstance(document, dict) else None
    if not isinstance(settings, dict):
        raise ConfigError(str(path), ["config: missing; a stack file holds its settings below `config:`"])
    return parse(StackConfig, _without_namespace(settings, str(path)), str(path))


def _without_namespace(settings: dict[str, Any], source: str) -> dict[str, Any]:
    foreign = [key for key in settings if not str(key).startswith(NAMESPACE)]
    if foreign:
        raise ConfigError(
            source, [f"config.{key}: unknown namespace; write it as `{NAMESPACE}{key}`" for key in foreign]
        )
    return {key.removeprefix(NAMESPACE): value for key, value in settings.items()}
