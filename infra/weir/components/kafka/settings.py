"""The settings of a broker that follow from the plan, whoever runs it."""

from __future__ import annotations

from weir.sizing.plan import KafkaPlan

MILLISECONDS_PER_SECOND = 1000
# Internal topics move all their partitions at once when their number changes: enough from the start.
OFFSETS_PARTITIONS = 50
TRANSACTION_PARTITIONS = 50


def broker_config(plan: KafkaPlan) -> dict[str, str | int | bool]:
    """Kafka's own names. Nothing acknowledged is lost while fewer than the minimum of copies are away."""
    copies, in_sync = plan.replication_factor, plan.min_in_sync_replicas
    return {
        # Topics come from the pipelines alone: a misspelt name must fail, not make a topic.
        "auto.create.topics.enable": False,
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": OFFSETS_PARTITIONS,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": TRANSACTION_PARTITIONS,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        "transaction.max.timeout.ms": plan.transaction_max_timeout_seconds * MILLISECONDS_PER_SECOND,
        # A copy must take what its leader took.
        "message.max.bytes": plan.largest_message_bytes,
        "replica.fetch.max.bytes": plan.largest_message_bytes,
        # A copy that lacks records must never lead: what the others have would be gone.
        "unclean.leader.election.enable": False,
    }
