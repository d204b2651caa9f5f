"""What sizing finds: plain numbers, each in the unit of its name. Components take these and compute nothing.

A pod's `cpu_cores` and `memory_mib` are its requests; memory is its limit, too. `heap_mib` is the JVM's -Xmx.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from weir.catalog.sizes import KAFKA_MESSAGE_BYTES
from weir.catalog.tables import Table
from weir.catalog.topics import Topic
from weir.config.flink import FlinkConfig, StateBackend
from weir.config.streams import StreamsConfig
from weir.sizing.explanation import Explanation
from weir.sizing.kafka_elsewhere import AivenOrder, ExistingLoad


@dataclass(frozen=True)
class PodSize:
    """One pod without a volume."""

    cpu_cores: float
    memory_mib: int
    heap_mib: int | None = None
    """None where no JVM runs, or where the program divides its memory itself (Flink)."""


@dataclass(frozen=True)
class NodeSize(PodSize):
    """One pod with a volume of its own."""

    disk_gib: int = 0


@dataclass(frozen=True)
class QuotaPlan:
    """A Kafka user's limits on each broker."""

    producer_bytes_per_second: int
    consumer_bytes_per_second: int
    request_percent: int


@dataclass(frozen=True)
class KafkaPlan:
    """The Kafka cluster. With provider aiven, `aiven` stands for the brokers; with existing, weir has none."""

    controllers: int
    controller: NodeSize
    brokers: int
    broker: NodeSize
    replication_factor: int
    min_in_sync_replicas: int
    topics: tuple[Topic, ...]
    """Of the pipelines, as they must be; each has `replication_factor` copies."""
    quotas: Mapping[str, QuotaPlan]
    """By pipeline: of the user its job logs in as."""
    transaction_max_timeout_seconds: int
    """The broker's upper bound (transaction.max.timeout.ms); every job's timeout is below it."""
    aiven: AivenOrder | None = None
    existing: ExistingLoad | None = None
    stored_gib: Mapping[str, float] = field(default_factory=dict)
    """By topic: what it holds on all brokers together, copies included."""
    held_gib: int = 0
    """The most that brokers may hold, rounded down: this plan's data, or what an earlier plan left behind."""

    @property
    def largest_message_bytes(self) -> int:
        """The most that any topic takes: what brokers must be able to copy."""
        sizes = (topic.config.get("max.message.bytes", KAFKA_MESSAGE_BYTES) for topic in self.topics)
        return max(map(int, sizes), default=KAFKA_MESSAGE_BYTES)

    @property
    def disk_gib(self) -> int:
        """All volumes together."""
        return self.brokers * self.broker.disk_gib + self.controllers * self.controller.disk_gib


@dataclass(frozen=True)
class CassandraPlan:
    """The Cassandra datacenter: each zone is a rack, every rack has as many nodes."""

    datacenter: str
    racks: tuple[str, ...]
    nodes_per_rack: int
    node: NodeSize
    replication_factor: int
    tokens_per_node: int
    tables: tuple[Table, ...]
    """Every table, the platform's own among them, with the environment's TTLs and gc_grace_seconds."""
    stored_gib_per_node: float
    """Data of the planned lifetime, without the room that compaction and repair need."""
    largest_row_bytes: int = 0
    """The most that one write brings, with its key: what a mutation and a request must hold."""
    data_gib: int = 0
    """What the planned load keeps on all nodes together, copies included, rounded down."""
    held_gib: int = 0
    """The most that nodes may hold, copies included, rounded down: this plan's data, or rows that were written under an
    earlier one, which keep the lifetime that they were written with."""
    held_ttl_days: Mapping[str, int] = field(default_factory=dict)
    """By pipeline and table, the longest lifetime among those rows; 0 if they never expire."""

    @property
    def nodes(self) -> int:
        """All nodes."""
        return len(self.racks) * self.nodes_per_rack

    @property
    def replication(self) -> dict[str, int]:
        """`datacenter: copies`, as keyspaces are created with."""
        return {self.datacenter: self.replication_factor}

    @property
    def disk_gib(self) -> int:
        """All volumes together."""
        return self.nodes * self.node.disk_gib


@dataclass(frozen=True)
class FlinkJobPlan:
    """One pipeline's Flink cluster (application mode)."""

    pipeline: str
    parallelism: int
    task_slots: int
    task_managers: int
    max_parallelism: int
    task_manager: NodeSize
    """`disk_gib` is RocksDB's working volume; 0 with state on the heap."""
    job_managers: int
    job_manager: PodSize
    state_backend: StateBackend
    state_gib: float
    """Keyed state of the whole job at its largest."""
    checkpoint_interval_seconds: int
    checkpoint_storage_gib: float
    """Object storage for the retained checkpoints and savepoints."""
    autoscaler_min_parallelism: int
    autoscaler_max_parallelism: int
    """What the operator's autoscaler may choose between, without asking for more than the plan's resources."""
    settings: FlinkConfig
    """The same facts as `weir.catalog.flink.flink_configuration` and `job_arguments` take them."""

    @property
    def state_claim_gib(self) -> int:
        """The volume of checkpoints and savepoints where there is no object storage."""
        return max(1, round(self.checkpoint_storage_gib + 0.5))


@dataclass(frozen=True)
class StreamsJobPlan:
    """One pipeline on Kafka Streams: the instances of its application, and the workers of its loader."""

    pipeline: str
    instances: int
    instance: NodeSize
    """`disk_gib` is the volume of its state, `heap_mib` the JVM's; RocksDB has `settings.state_memory_mib` beside."""
    state_gib: float
    """State of the whole application at its largest, without standby copies."""
    loaders: int
    loader: PodSize
    settings: StreamsConfig
    """Threads, standbys and tasks as `weir.catalog.streams` and `weir.catalog.loader` take them."""

    @property
    def threads(self) -> int:
        """Of all instances together, for each of the two applications (rows, totals)."""
        return self.instances * self.settings.threads


@dataclass(frozen=True)
class RegistryPlan:
    """The schema registry, which keeps its schemas in Kafka."""

    replicas: int
    pod: PodSize


@dataclass(frozen=True)
class TrinoPlan:
    """The query engine under the dashboards. With no workers the coordinator does the work."""

    coordinator: PodSize
    workers: int
    worker: PodSize
    query_max_memory_mib: int


@dataclass(frozen=True)
class SupersetPlan:
    """The dashboards, and what they keep their own data in where it is not given."""

    web_replicas: int
    web: PodSize
    web_workers: int
    """Gunicorn's worker processes in each web pod."""
    web_threads: int
    worker_replicas: int
    """Celery workers (reports, thumbnails)."""
    worker: PodSize
    postgresql: NodeSize | None
    """None where `superset.metadata_database` names one."""
    valkey: PodSize | None
    """None where `superset.cache` names one."""


class Presence(StrEnum):
    """When pods of a kind are there."""

    ALWAYS = "always"
    ROLLING = "rolling"
    """While a Deployment is replaced: the new pod starts before the old one stops."""
    JOB = "job"
    """Until it has run."""


@dataclass(frozen=True)
class PodGroup:
    """Equal pods, or containers beside other ones, of one component."""

    component: str
    name: str
    count: int
    pod: PodSize
    presence: Presence = Presence.ALWAYS

    @property
    def disk_gib(self) -> int:
        """All volumes together."""
        return self.count * self.pod.disk_gib if isinstance(self.pod, NodeSize) else 0


@dataclass(frozen=True)
class ComponentCost:
    """What a component costs in a month of 730 hours, in the price sheet's currency."""

    component: str
    compute: float
    storage: float
    network: float
    managed: float = 0.0

    @property
    def total(self) -> float:
        """The sum."""
        return self.compute + self.storage + self.network + self.managed


@dataclass(frozen=True)
class Totals:
    """What the pods of the platform's namespace ask for together."""

    cpu_cores: float
    memory_mib: int
    disk_gib: int


@dataclass(frozen=True)
class PlatformPlan:
    """A whole environment, sized."""

    environment: str
    kafka: KafkaPlan
    cassandra: CassandraPlan
    flink: Mapping[str, FlinkJobPlan]
    """By pipeline, of those on Flink."""
    streams: Mapping[str, StreamsJobPlan]
    """By pipeline, of those on Kafka Streams."""
    registry: RegistryPlan
    trino: TrinoPlan
    superset: SupersetPlan
    pods: tuple[PodGroup, ...] = ()
    """Everything that runs in the namespace, also what operators and rolling updates add to the services above."""
    currency: str = "USD"
    costs: tuple[ComponentCost, ...] = ()
    quota: Totals = field(default=Totals(0, 0, 0))
    """What the namespace may ask for: the stack's own, or the sum of all pods, rolling updates and Jobs among them."""
    explanations: tuple[Explanation, ...] = ()
    warnings: tuple[str, ...] = ()
    """What works, but not well; each names what to change."""

    def explanation_of(self, figure: str) -> Explanation:
        """The explanation of one figure, for instance `kafka.brokers` or `flink.flights.parallelism`."""
        return next(entry for entry in self.explanations if entry.figure == figure)

    @property
    def cost_per_month(self) -> float:
        """The sum of all components."""
        return sum(cost.total for cost in self.costs)
