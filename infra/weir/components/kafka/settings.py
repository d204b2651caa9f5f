"""Broker settings derived from the plan, shared by the providers."""

from __future__ import annotations

from weir.sizing.plan import KafkaPlan

MILLISECONDS_PER_SECOND = 1000
# Changing their number later would move all partitions of these topics at once, so it is large from the start.
OFFSETS_PARTITIONS = 50
TRANSACTION_PARTITIONS = 50


def broker_config(plan: KafkaPlan) -> dict[str, str | int | bool]:
    """Kafka's setting names. An acknowledged record survives while fewer copies than the in-sync minimum are lost."""
    copies, in_sync = plan.replication_factor, plan.min_in_sync_replicas
    return {
        # Only pipelines declare topics: a misspelt name must fail instead of creating a topic.
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
        # A follower must accept whatever its leader accepted.
        "message.max.bytes": plan.largest_message_bytes,
        "replica.fetch.max.bytes": plan.largest_message_bytes,
        # A replica that lacks records must never become leader, because the others would then lose them, too.
        "unclean.leader.election.enable": False,
    }
