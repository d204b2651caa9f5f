"""The plan on a Kafka that is not weir's: no broker, no user, and what the pipelines bring to it."""

from __future__ import annotations

from collections.abc import Sequence

from weir.config.stack import StackConfig
from weir.sizing.explanation import Bound, Explanation
from weir.sizing.kafka_elsewhere import ExistingLoad
from weir.sizing.kafka_topics import SizedTopic
from weir.sizing.load import Load
from weir.sizing.plan import KafkaPlan, NodeSize
from weir.sizing.streams_traffic import engine_topics

NO_NODE = NodeSize(cpu_cores=0, memory_mib=0)


def existing_plan(
    loads: Sequence[Load], topics: Sequence[SizedTopic], written: float, read: float, stack: StackConfig
) -> tuple[KafkaPlan, list[Explanation]]:
    """Weir's own topics of `topics`, and the load of all: `written` and `read` bytes per second at the planned peak.

    A topic that several pipelines read is written once, at the greatest rate that one of them says.
    """
    own = {topic.name for load in loads for topic in load.pipeline.topics}
    made = {sized.topic.name: sized for sized in topics if sized.topic.name in own}
    partitions = {sized.topic.name: sized.topic.partitions for sized in topics}
    engines = sum(engine_topics(load) * partitions[load.pipeline.source_topic.name] for load in loads)
    load = ExistingLoad(
        written_bytes_per_second=round(written - _counted_again(loads), 1),
        read_bytes_per_second=round(read, 1),
        topics=len(partitions) + sum(engine_topics(load) for load in loads),
        partitions=sum(partitions.values()) + engines,
    )
    plan = KafkaPlan(
        controllers=0,
        controller=NO_NODE,
        brokers=0,
        broker=NO_NODE,
        replication_factor=stack.availability.kafka_replication_factor,
        min_in_sync_replicas=stack.availability.kafka_min_in_sync_replicas,
        topics=tuple(sized.topic for sized in made.values()),
        quotas={},
        transaction_max_timeout_seconds=stack.flink.transaction_timeout_seconds,
        existing=load,
        stored_gib={name: sized.stored_gib for name, sized in made.items()},
    )
    return plan, _explanations(plan, load)


def _counted_again(loads: Sequence[Load]) -> float:
    """Bytes per second of topics that several pipelines read, beyond their one writing."""
    planned: dict[str, list[float]] = {}
    for load in loads:
        planned.setdefault(load.pipeline.source_topic.name, []).append(load.planned_bytes_per_second)
    return sum(sum(rates) - max(rates) for rates in planned.values())


def _explanations(plan: KafkaPlan, load: ExistingLoad) -> list[Explanation]:
    return [
        Explanation(
            "kafka.existing.written_bytes_per_second",
            load.written_bytes_per_second,
            "bytes/s",
            Bound.NETWORK,
            "events of all producers and what the engines write, once, at the planned peak; brokers also copy it",
        ),
        *(
            Explanation(
                f"kafka.topics.{topic.name}.partitions",
                topic.partitions,
                "",
                Bound.PARTITIONS,
                "one of weir's own topics",
            )
            for topic in plan.topics
        ),
    ]
