"""How pipelines run on Flink."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from weir.config.base import Frozen, Identifier

TOLERABLE_FAILED_CHECKPOINTS = 1
"""With one more in a row the job restarts from its last checkpoint."""

SIZED_FIELDS = ("parallelism", "task_managers", "state_backend")
"""What sizing decides on Kubernetes; there it is overridden below `resources.flink`, one pipeline at a time."""


class StateBackend(StrEnum):
    """Where Flink keeps keyed state: `hashmap` on the heap, `rocksdb` on local disk."""

    HASHMAP = "hashmap"
    ROCKSDB = "rocksdb"


class GarbageCollector(StrEnum):
    """The collector of the task managers' heap."""

    G1 = "g1"
    """Short pauses: what a pipeline that serves a dashboard within half a second needs."""
    PARALLEL = "parallel"
    """Most events per core, with pauses that grow with the state: for backlogs and replays, measured in the README."""

    @property
    def flag(self) -> str:
        """HotSpot's option. Without one it takes the serial collector where it sees a single core."""
        return {"g1": "-XX:+UseG1GC", "parallel": "-XX:+UseParallelGC"}[self.value]


class StateDecision(StrEnum):
    """What becomes of a job's state where its new version cannot take all of it."""

    DROP_REMOVED = "drop-removed"
    """The state of removed operators is dropped; all other state is kept."""
    START_EMPTY = "start-empty"
    """The job starts without state, from the oldest event of its topic."""


class FlinkConfig(Frozen):
    """How pipelines run on Flink. On Kubernetes parallelism, task managers and state backend come from sizing."""

    parallelism: Annotated[int, Field(ge=1, le=1024)] = 2
    task_slots: Annotated[
        int, Field(ge=1, le=64, description="Task slots of each task manager; on Kubernetes, the maximum for one.")
    ] = 4
    task_managers: Annotated[int, Field(ge=1, le=1024)] = 1
    max_parallelism: Annotated[
        int,
        Field(
            ge=1, le=32768, description="Key groups: the highest parallelism that existing state can be restored with."
        ),
    ] = 128
    state_backend: StateBackend = StateBackend.HASHMAP
    garbage_collector: GarbageCollector = GarbageCollector.G1
    checkpoint_interval_seconds: Annotated[int, Field(ge=1, le=3600)] = 10
    checkpoint_timeout_seconds: Annotated[int, Field(ge=10)] = 300
    transaction_timeout_seconds: Annotated[
        int,
        Field(
            ge=60, description="Kafka's transaction.timeout.ms; must be longer than a job may run without a checkpoint."
        ),
    ] = 900

    state_decisions: Annotated[
        dict[Identifier, StateDecision],
        Field(
            description="By pipeline, for a single upgrade. Without an entry, an upgrade that loses state is refused."
        ),
    ] = {}

    @model_validator(mode="after")
    def _bounds(self) -> FlinkConfig:
        slots = self.task_slots * self.task_managers
        if self.parallelism > slots:
            raise ValueError(
                f"parallelism {self.parallelism} is above the {slots} task slots ({self.task_managers} task_managers "
                f"x {self.task_slots} task_slots); lower it, or add slots"
            )
        if self.parallelism > self.max_parallelism:
            raise ValueError(
                f"parallelism {self.parallelism} is above max_parallelism {self.max_parallelism}; lower it "
                "(raising max_parallelism makes existing savepoints unusable)"
            )
        # A job that cannot end its checkpoints (a sink that waits for Cassandra) must fail, and read again, before the
        # broker aborts the transactions that it holds ready: what was in them would be lost without an error.
        attempt = self.checkpoint_timeout_seconds + self.checkpoint_interval_seconds
        longest = (TOLERABLE_FAILED_CHECKPOINTS + 1) * attempt
        if longest >= self.transaction_timeout_seconds:
            raise ValueError(
                f"transaction_timeout_seconds {self.transaction_timeout_seconds} is not above the {longest} s that a "
                f"job may run without a checkpoint: {TOLERABLE_FAILED_CHECKPOINTS + 1} times "
                f"checkpoint_timeout_seconds {self.checkpoint_timeout_seconds} + checkpoint_interval_seconds "
                f"{self.checkpoint_interval_seconds}; dead letters in open transactions would be lost: raise it, or "
                "lower the others"
            )
        return self
