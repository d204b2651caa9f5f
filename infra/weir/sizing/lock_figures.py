"""What a lock file says: every sized number of a plan with its reason, and every setting that it was sized for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from weir.catalog.environment import Environment
from weir.catalog.pipeline import Pipeline
from weir.config.streams import SIZED_STREAMS_FIELDS, StreamsConfig
from weir.sizing.plan import CassandraPlan, KafkaPlan, PlatformPlan, StreamsJobPlan

PARTS = ("kafka", "cassandra", "flink", "streams", "registry", "trino", "superset", "quota")
NOT_FIGURES = ("topics", "stored_gib", "tables", "settings", "pipeline")
"""Fields of a plan that hold no number, or whose numbers stand elsewhere in the lock."""
PIPELINE_SETTINGS = ("engine", "legal_hold", "workload")
STACK_SETTINGS = ("availability", "resources")
WORKLOAD_SETTINGS = (
    "peak_hours",
    "recovery",
    "planning_months",
    "headroom_percent",
    "dashboard_users",
    "dashboard_refresh_seconds",
)
SIZED_FOR = {
    "kafka": ("provider", "quota_headroom_percent"),
    "cassandra": ("datacenter", "tokens_per_node"),
    "flink": ("max_parallelism", "task_slots", "transaction_timeout_seconds", "checkpoint_interval_seconds"),
    "streams": ("standby_replicas", "state_memory_mib"),
    "retention": ("tiered_storage", "savepoints_keep", "gc_grace_hours"),
    "security": ("tls",),
}
REASONS = {
    "*.config.max.message.bytes": "source.max_event_bytes of the pipeline file, with the record's overhead",
    "*.config.min.insync.replicas": "availability",
    "*.config.cleanup.policy": "records expire, or the newest of each key stays",
    "*.config.message.timestamp.type": "a record's age counts from its arrival",
    "*.topics.*.config.*": "follows from the retention and what each partition holds",
    "*.topics.*.stored_gib": "on all brokers, copies included",
    "kafka.quotas.*": "the load of the pipeline's user on a broker, with kafka.quota_headroom_percent",
    "kafka.controllers": "three keep a majority while one is down; Strimzi does not change their number",
    "kafka.controller.*": "the cluster's metadata only",
    "kafka.held_gib": "on all brokers: what a broker that leaves must hand on",
    "kafka.aiven.*": "the cheapest listed plan with the memory and disk of these brokers",
    "kafka.existing.*": "the pipelines' events and what the engines write and read, at the planned peak",
    "kafka.transaction_max_timeout_seconds": "flink.transaction_timeout_seconds",
    "cassandra.racks": "a rack for each zone; their order never changes",
    "cassandra.datacenter": "fixed for the datacenter's life",
    "cassandra.tokens_per_node": "fixed for the datacenter's life",
    "cassandra.stored_gib_per_node": "the planned rows and totals of one node",
    "cassandra.data_gib": "planned rows and totals on all nodes, copies included",
    "cassandra.held_gib": "on all nodes: what a node that leaves must hand on",
    "cassandra.held_ttl_days.*": "the longest lifetime of the rows that may still be there",
    "cassandra.largest_row_bytes": "the largest event with its joined and derived columns",
    "*.replication_factor": "availability",
    "*.min_in_sync_replicas": "availability",
    "*.heap_mib": "the JVM's part of the pod's memory",
    "*.autoscaler_*": "within the pods of this plan",
    "*.checkpoint_interval_seconds": "flink.checkpoint_interval_seconds",
    "*.checkpoint_storage_gib": "retained checkpoints and savepoints, in object storage",
    "*.max_parallelism": "flink.max_parallelism; fixed while there is state",
    "*.state_gib": "ids within the horizon, and totals",
    "flink.*.job_manager*": "a second one takes over where availability asks for it",
    "flink.*": "follows from the parallelism and the state",
    "streams.*": "follows from the threads and the state",
    "registry.*": "clients keep the schemas that they know",
    "trino.*": "dashboard users, and how often their charts reload",
    "superset.postgresql.*": "Superset's own data",
    "superset.*": "dashboard users, and how often their charts reload",
    "quota.*": "resources.quota, or the plan's sum with room for a rolling restart",
}
"""By figure, first match first, where sizing gives no explanation of its own."""


def tree_of(plan: PlatformPlan) -> dict[str, Any]:
    """Every number of the plan, grouped as the plan's fields are; floats to three digits."""
    return {part: _tree(getattr(plan, part)) for part in PARTS if _tree(getattr(plan, part))}


def settings_of(environment: Environment) -> dict[str, Any]:
    """What the plan was sized for: dotted name and value, defaults included."""
    stack = environment.stack.model_dump(mode="json", exclude_none=True)
    asked = {name: stack[name] for name in STACK_SETTINGS}
    del asked["availability"]["protect"]
    asked["workload"] = {name: stack["workload"][name] for name in WORKLOAD_SETTINGS}
    for group, names in SIZED_FOR.items():
        asked[group] = {name: stack[group][name] for name in names if name in stack[group]}
    asked["pipelines"] = {pipeline.name: _of_pipeline(pipeline) for pipeline in environment.pipelines}
    return flat(asked)


def flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A tree's leaves by their dotted names; a list is a leaf."""
    found: dict[str, Any] = {}
    for name, value in tree.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return found


def reasons_of(plan: PlatformPlan) -> dict[str, str]:
    """By dotted name of a figure, why it is what it is."""
    own = {entry.figure: f"{entry.bound.value}: {entry.because}" for entry in plan.explanations}
    own["cassandra.nodes_per_rack"] = own.get("cassandra.nodes", "")
    return {name: own.get(name) or _reason(name) for name in flat(tree_of(plan))}


def _reason(figure: str) -> str:
    return next((reason for pattern, reason in REASONS.items() if fnmatchcase(figure, pattern)), "")


def _of_pipeline(pipeline: Pipeline) -> dict[str, Any]:
    """What decides its size; other changes of its file show in the figures."""
    spec = pipeline.spec.model_dump(mode="json", exclude_none=True)
    return {
        **{name: spec[name] for name in PIPELINE_SETTINGS if name in spec},
        "partitions": pipeline.spec.source.partitions,
        "source_retention_hours": pipeline.source_retention_hours,
        "dead_letters_retention_hours": pipeline.dead_letter_retention_hours,
        "deduplication_horizon_hours": pipeline.spec.deduplication.horizon_hours,
        "ttl_days": {table.name: table.ttl_days for table in (pipeline.row_table, *pipeline.aggregate_tables.values())},
    }


def _tree(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _tree(each) for name, each in value.items()}
    if dataclasses.is_dataclass(value):
        return dict(_fields(value))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return list(value)
    return round(value, 3) if isinstance(value, float) else value


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    for each in dataclasses.fields(value):
        found = getattr(value, each.name)
        if each.name not in NOT_FIGURES and found is not None and found != {}:
            yield each.name, _tree(found)
    if isinstance(value, KafkaPlan):
        yield "topics", {topic.name: _topic(value, topic.name) for topic in value.topics}
    if isinstance(value, CassandraPlan):
        yield "nodes", value.nodes
    if isinstance(value, StreamsJobPlan):
        yield from _sized_settings(value.settings)


def _sized_settings(settings: StreamsConfig) -> Iterator[tuple[str, Any]]:
    for name in sorted(SIZED_STREAMS_FIELDS | set(SIZED_FOR["streams"])):
        yield name, getattr(settings, name)


def _topic(kafka: KafkaPlan, name: str) -> dict[str, Any]:
    topic = next(topic for topic in kafka.topics if topic.name == name)
    return {
        "partitions": topic.partitions,
        "stored_gib": round(kafka.stored_gib[name], 3),
        "config": {key: topic.config[key] for key in sorted(topic.config)},
    }
