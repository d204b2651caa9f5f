"""Kafka: brokers, their disks, and the limits of their users.

A broker's CPU is the sum of what it writes and reads, its network likewise; its disk holds the mean over the retention
and the peak for some hours of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from weir.config.kafka import KafkaProvider
from weir.config.stack import StackConfig
from weir.sizing.aiven import aiven_order
from weir.sizing.counts import Counting, Need, count_of
from weir.sizing.explanation import Bound, Explanation, disk_bound
from weir.sizing.kafka_existing import existing_plan
from weir.sizing.kafka_topics import BYTES_PER_PARTITION_PER_SECOND, SizedTopic, partitions_of, topics_of
from weir.sizing.load import Load
from weir.sizing.plan import KafkaPlan, NodeSize, QuotaPlan
from weir.sizing.shares import MIB, share
from weir.sizing.spare import spare_of
from weir.sizing.standing import NO_FLOORS, Floors
from weir.sizing.streams_traffic import engine_topics, engine_traffic

# Google Cloud, "Plan the size of your Managed Service for Apache Kafka cluster": a vCPU handles 20 MB/s of writes
# (copies included), a byte read costs a quarter of one written, a vCPU is planned half busy, with 4 GiB of memory.
WRITTEN_BYTES_PER_CORE = 20e6
READ_TO_WRITE_COST = 0.25
CPU_UTILISATION = 0.5
MEMORY_MIB_PER_CORE = 4096
# The same guide: a service has 1 to 8 GiB for each vCPU. An override is held to the least.
LEAST_MEMORY_MIB_PER_CORE = 1024
# TLS on every listener: Kafka cannot hand pages to the socket itself any more (no sendfile). Confluent's and LinkedIn's
# published measurements are 20 to 30 % of throughput.
TLS_COST = 1.3
NETWORK_UTILISATION = 0.7
DISK_THROUGHPUT_UTILISATION = 0.7
# Amazon MSK's best practices ask for an alarm at 85 % of the disk.
DISK_UTILISATION = 0.85
# Amazon MSK's best practices: 1,000 partitions (copies included) on a broker of up to 4 vCPU. Larger ones take more.
PARTITIONS_PER_BROKER = 1000
# __consumer_offsets and __transaction_state have 50 each by Kafka's own defaults.
INTERNAL_PARTITIONS = 100
# Kafka's documentation runs brokers with 6 GiB of heap; the page cache takes the rest.
LARGEST_HEAP_MIB = 6144
SMALLEST_HEAP_MIB = 512
MINIMUM_CPU, MINIMUM_MEMORY_MIB, MINIMUM_DISK_GIB = 0.5, 2048, 10
CPU_QUANTUM, DISK_QUANTUM_GIB = 0.5, 10


def size_kafka(
    loads: Sequence[Load], readers: Mapping[str, int], stack: StackConfig, floors: Floors = NO_FLOORS
) -> tuple[KafkaPlan, list[Explanation]]:
    """The cluster that takes in, keeps and hands out the planned load, also with one zone down.

    `readers` are the tasks or threads of each pipeline that read its topic.

    Raises:
        SizingRefused: it would need more or larger brokers than the stack allows.
    """
    factor = stack.availability.kafka_replication_factor
    step = max(len(stack.availability.zones), factor)
    partitions = {load.pipeline.name: partitions_of(load, readers[load.pipeline.name], floors) for load in loads}
    topics = [topic for load in loads for topic in topics_of(load, partitions[load.pipeline.name], stack, floors)]
    if stack.kafka.provider is KafkaProvider.EXISTING:
        carried = _traffic(loads, factor)
        return existing_plan(loads, topics, carried.produced, carried.consumed, stack)
    needs = _needs(loads, topics, stack)
    brokers, bound = _brokers(needs, step, stack, floors)
    broker = _broker(needs, brokers, stack, floors)
    high = stack.availability.highly_available
    controllers = stack.resources.kafka.controllers or floors.controllers or (3 if high or factor > 1 else 1)
    plan = KafkaPlan(
        controllers=controllers,
        controller=_controller(stack, floors),
        brokers=brokers,
        broker=broker,
        replication_factor=factor,
        min_in_sync_replicas=stack.availability.kafka_min_in_sync_replicas,
        topics=tuple(sized.topic for sized in topics),
        quotas={load.pipeline.name: _quota(load, brokers, stack) for load in loads},
        transaction_max_timeout_seconds=stack.flink.transaction_timeout_seconds,
        aiven=aiven_order(brokers, broker, stack) if stack.kafka.provider is KafkaProvider.AIVEN else None,
        stored_gib={sized.topic.name: sized.stored_gib for sized in topics},
        held_gib=max(int(needs.disk_gib * DISK_UTILISATION), floors.brokers.held_gib),
    )
    needed = {
        sized.topic.name: sized.topic.partitions
        for load in loads
        for sized in topics_of(load, partitions_of(load, readers[load.pipeline.name]), stack)
    }
    return plan, _explanations(loads, needs, plan, bound, stack, needed_partitions=needed)


@dataclass(frozen=True)
class _Needs:
    """What all brokers together must have; CPU, network and disk throughput include what a lost zone leaves behind."""

    cores: float
    sent_bytes: float
    received_bytes: float
    disk_bytes_per_second: float
    disk_gib: float
    replicas: int
    read_bytes: float
    """Sent with all zones up, without reserve."""


@dataclass
class _Traffic:
    """Bytes per second of all pipelines, while all zones are up."""

    produced: float = 0.0
    """What clients send, once."""
    copied: float = 0.0
    """What followers fetch."""
    consumed: float = 0.0
    caught_up: float = 0.0
    """Of `consumed`: read from disk, because it is older than what the page cache holds."""


def _needs(loads: Sequence[Load], topics: Sequence[SizedTopic], stack: StackConfig) -> _Needs:
    """A lost zone moves leaders: the remaining brokers take its produce requests and its consumers.

    They append as before, for they had a copy already (`spare`), and followers fetch from fewer brokers what fewer
    followers need: of each partition one follower is gone. So copying is planned as it is with all zones up.
    """
    factor = stack.availability.kafka_replication_factor
    partitions = {sized.topic.name: sized.topic.partitions for sized in topics}
    replicas = (sum(partitions.values()) + INTERNAL_PARTITIONS) * factor
    disk = sum(_disk_gib(sized) for sized in topics)
    for load in loads:
        disk += engine_traffic(load).kept_gib * factor / DISK_UTILISATION
        replicas += partitions[load.pipeline.source_topic.name] * engine_topics(load) * factor
    traffic, spare = _traffic(loads, factor), spare_of(len(stack.availability.zones), factor)
    appended = traffic.produced * spare.requests + traffic.copied * spare.copies
    sent = traffic.consumed * spare.requests + traffic.copied * spare.copies
    tls = TLS_COST if stack.security.tls else 1.0
    return _Needs(
        cores=(appended + sent * READ_TO_WRITE_COST) / WRITTEN_BYTES_PER_CORE / CPU_UTILISATION * tls,
        sent_bytes=sent / NETWORK_UTILISATION,
        # Whoever sends it, a leader's producer or a follower's leader, a broker receives a byte of a copy once.
        received_bytes=(traffic.produced + traffic.copied) * spare.copies / NETWORK_UTILISATION,
        disk_bytes_per_second=((traffic.produced + traffic.copied) * spare.copies + traffic.caught_up * spare.requests)
        / DISK_THROUGHPUT_UTILISATION,
        disk_gib=disk,
        replicas=replicas,
        read_bytes=traffic.consumed + traffic.copied,
    )


def _disk_gib(sized: SizedTopic) -> float:
    """What is planned leaves the disk 15 % empty; even at `retention.bytes` in every partition it is not full."""
    return max(sized.stored_gib / DISK_UTILISATION, sized.guarded_gib)


def _traffic(loads: Sequence[Load], factor: int) -> _Traffic:
    total = _Traffic()
    for load in loads:
        own = engine_traffic(load)
        produced = load.planned_bytes_per_second
        total.produced += produced + own.written_bytes_per_second
        total.copied += (produced + own.written_bytes_per_second) * (factor - 1)
        total.consumed += produced * load.extra_consumer_groups + load.processed_bytes_per_second
        total.consumed += own.read_bytes_per_second
        total.caught_up += load.processed_bytes_per_second if load.recovery_binds else 0.0
    return total


def _brokers(needs: _Needs, step: int, stack: StackConfig, floors: Floors) -> tuple[int, Bound]:
    """The fewest brokers whose shares fit into the largest pod, and what asks for the last of them."""
    largest, override = stack.resources.largest_pod, stack.resources.kafka
    pod = override.broker
    by_memory = (pod.memory_mib or 0) / LEAST_MEMORY_MIB_PER_CORE or largest.memory_mib / MEMORY_MIB_PER_CORE
    cores = min(pod.cpu_cores or largest.cpu_cores, by_memory)
    disk = max(min(pod.disk_gib or largest.disk_gib, largest.disk_gib), floors.brokers.disk_gib)
    traffic = max(needs.sent_bytes, needs.received_bytes) / MIB
    written = needs.disk_bytes_per_second / MIB
    at = "resources.largest_pod"
    return count_of(
        [
            Need(Bound.CPU, needs.cores, "cores", cores, f"{at}.cpu_cores, {at}.memory_mib", CPU_QUANTUM),
            Need(Bound.NETWORK, traffic, "MiB/s", largest.network_mib_per_second, f"{at}.network_mib_per_second"),
            Need(Bound.DISK, needs.disk_gib, "GiB of disk", disk, f"{at}.disk_gib", DISK_QUANTUM_GIB),
            Need(Bound.DISK_THROUGHPUT, written, "MiB/s", largest.disk_mib_per_second, f"{at}.disk_mib_per_second"),
            Need(Bound.PARTITIONS, needs.replicas, "copies of partitions", PARTITIONS_PER_BROKER, "1,000 on a broker"),
        ],
        Counting(
            "Kafka brokers",
            step,
            stack.resources.max_kafka_brokers,
            "resources.max_kafka_brokers",
            override.brokers,
            "resources.kafka.brokers, resources.kafka.broker",
            floors.brokers.least(floors.brokers.disk_gib * DISK_UTILISATION),
            "decisions.fewer_nodes.kafka",
        ),
    )


def _broker(needs: _Needs, brokers: int, stack: StackConfig, floors: Floors) -> NodeSize:
    override = stack.resources.kafka.broker
    cores = override.cpu_cores or share(needs.cores, brokers, CPU_QUANTUM, minimum=MINIMUM_CPU)
    memory = override.memory_mib or max(MINIMUM_MEMORY_MIB, int(cores * MEMORY_MIB_PER_CORE))
    least = max(MINIMUM_DISK_GIB, floors.brokers.disk_gib)
    disk = override.disk_gib or share(needs.disk_gib, brokers, DISK_QUANTUM_GIB, minimum=least)
    return NodeSize(
        cpu_cores=cores,
        memory_mib=memory,
        heap_mib=min(max(memory // 4, SMALLEST_HEAP_MIB), LARGEST_HEAP_MIB),
        disk_gib=int(disk),
    )


def _controller(stack: StackConfig, floors: Floors) -> NodeSize:
    """Controllers hold the cluster's metadata only; Kafka's KRaft documentation asks for 5 GiB of memory and disk."""
    override, high = stack.resources.kafka.controller, stack.availability.highly_available
    memory = override.memory_mib or (2048 if high else 1024)
    return NodeSize(
        cpu_cores=override.cpu_cores or (1.0 if high else 0.5),
        memory_mib=memory,
        heap_mib=memory // 2,
        disk_gib=override.disk_gib or max(20 if high else 5, floors.controller_disk_gib),
    )


def _quota(load: Load, brokers: int, stack: StackConfig) -> QuotaPlan:
    """Of the job's user, which reads events and writes dead letters; a broker serves more while others are down."""
    availability = stack.availability
    spare = spare_of(len(availability.zones), availability.kafka_replication_factor).requests
    room = (1 + stack.kafka.quota_headroom_percent / 100) * spare / brokers
    return QuotaPlan(
        producer_bytes_per_second=math.ceil(max(load.processed_bytes_per_second * room, MIB)),
        consumer_bytes_per_second=math.ceil(max(load.processed_bytes_per_second * room, MIB)),
        request_percent=200,
    )


def _explanations(
    loads: Sequence[Load],
    needs: _Needs,
    plan: KafkaPlan,
    bound: Bound,
    stack: StackConfig,
    *,
    needed_partitions: Mapping[str, int],
) -> list[Explanation]:
    produced = sum(load.planned_bytes_per_second for load in loads) / 1e6
    found = [
        Explanation(
            "kafka.brokers",
            plan.brokers,
            "",
            bound,
            f"{produced:,.1f} MB/s in, {plan.replication_factor} copies, {needs.read_bytes / 1e6:,.1f} MB/s out; "
            f"in all {needs.cores:,.1f} cores and {needs.disk_gib:,.0f} GiB"
            + (", with one zone down" if plan.replication_factor > 1 else ""),
        ),
        Explanation(
            "kafka.broker.cpu_cores",
            plan.broker.cpu_cores,
            "cores",
            Bound.OVERRIDE if stack.resources.kafka.broker.cpu_cores else Bound.CPU,
            f"written + read / 4 over {WRITTEN_BYTES_PER_CORE / 1e6:.0f} MB/s a core, half busy",
        ),
        Explanation(
            "kafka.broker.memory_mib",
            plan.broker.memory_mib,
            "MiB",
            Bound.MEMORY,
            f"4 GiB a core: heap {plan.broker.heap_mib:,} MiB, the rest is page cache for readers that keep up",
        ),
        Explanation(
            "kafka.broker.disk_gib",
            plan.broker.disk_gib,
            "GiB",
            disk_bound(
                stack.resources.kafka.broker.disk_gib,
                plan.broker.disk_gib,
                share(needs.disk_gib, plan.brokers, DISK_QUANTUM_GIB, minimum=MINIMUM_DISK_GIB),
            ),
            "; ".join(f"{topic} {stored:,.1f} GiB" for topic, stored in plan.stored_gib.items())
            + f" with copies, at the planned mean and {stack.workload.peak_hours} hours of the peak; at most "
            f"{DISK_UTILISATION:.0%} full, and not full at `retention.bytes`",
        ),
    ]
    for topic in plan.topics:
        found.append(
            Explanation(
                f"kafka.topics.{topic.name}.partitions",
                topic.partitions,
                "",
                Bound.STANDING if topic.partitions > needed_partitions[topic.name] else Bound.PARTITIONS,
                "the pipeline file's, one for each reading task, and at most "
                f"{BYTES_PER_PARTITION_PER_SECOND / 1e6:.0f} MB/s in each",
            )
        )
    return found
