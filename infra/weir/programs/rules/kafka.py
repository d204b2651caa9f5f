"""Kafka: what Strimzi, the set-up job of a Kafka without an operator, and Kafka itself do with a changed field."""

from __future__ import annotations

from typing import Any

from weir.programs.rules.rule import (
    ADDED,
    ALWAYS,
    DATA_MOVING,
    FEWER,
    IN_TURN,
    LARGER,
    MORE,
    NO_SHRINKING,
    OLDER,
    REFUSED,
    REMOVED,
    ROLLING,
    SAFE,
    SMALLER,
    Case,
    Rule,
    When,
    becomes,
    manifests,
    number,
    version,
)
from weir.programs.state_changes import topics_of_state

KAFKA = "Kafka documentation, topic and broker configuration"
OPERATIONS = "Kafka documentation, basic operations: modifying topics"
TIERED = "KIP-405 and KIP-950, tiered storage and how it is turned off"
METADATA = "Strimzi documentation, upgrading Kafka: the metadata version is raised last and cannot be lowered"
QUORUM = "Strimzi documentation, limitations of static controller quorums (strimzi-kafka-operator pull request 10864)"
COPIES = "Strimzi documentation, changing the replication factor of topics with Cruise Control"
SCALING = "Strimzi documentation, scaling node pools: brokers that hold replicas are not removed"
VOLUMES = "Strimzi documentation, persistent storage: volumes grow, and change neither class nor type"
SECURITY = "Strimzi documentation, listeners and authorization"
EXTERNAL = "Strimzi documentation, GenericKafkaListenerConfiguration: these are of the listener's Services or Ingresses"
SETUP = "weir.incluster.kafka.topics: missing topics are created, partitions grow, settings follow"

TOPIC = ("KafkaTopic", "kafka.Topic")
SETTINGS = ("Kafka", "kafka.Settings")
CONFIG = "spec.kafka.config."
LISTENER = "spec.kafka.listeners[*].configuration"
VOLUME = "spec.storage.volumes[*]"
AT_ONCE = "brokers apply it at once"
FOR_EVER = -1
DEFAULT_RETENTION_MS = 7 * 24 * 3600 * 1000
"""Kafka's retention of a topic that sets none (`log.retention.hours`, 168); by size there is no limit."""


def kept(path: str, value: Any) -> float:
    """How much a topic keeps, in the setting's own unit; without a limit, infinitely much."""
    if value is None:
        return DEFAULT_RETENTION_MS if path.lower().endswith("ms") else float("inf")
    return float("inf") if number(value) <= FOR_EVER else number(value)


def _shorter(case: Case) -> bool:
    return kept(case.field.path, case.field.after) < kept(case.field.path, case.field.before)


def _divides_state(case: Case) -> bool:
    return case.pair.label.partition(" ")[2] in topics_of_state(case.before)


def _has_cruise_control(case: Case) -> bool:
    return any("cruiseControl" in cluster["spec"] for cluster in manifests(case.after, "Kafka"))


def _version_moves(case: Case) -> bool:
    return case.old["spec"]["kafka"]["version"] != case.new["spec"]["kafka"]["version"]


def _behind_metadata(case: Case) -> bool:
    metadata = version(case.old["spec"]["kafka"].get("metadataVersion", "0"))
    return version(case.field.after)[: len(metadata)] < metadata


SHORTER = When("less is kept", _shorter)
DIVIDES_STATE = When("of a pipeline on Kafka Streams", _divides_state)
NO_CRUISE_CONTROL = When("without Cruise Control", lambda case: not _has_cruise_control(case))
CONTROLLERS = When("of controllers", lambda case: "controller" in case.old["spec"]["roles"])
WITH_THE_VERSION = When("together with the version", _version_moves)
BEHIND_METADATA = When("older than the metadata version", _behind_metadata)

TOPICS = (
    Rule(TOPIC, "spec.partitions", FEWER, REFUSED, "Kafka cannot remove partitions",
         "create a new topic and move its readers", source=OPERATIONS),
    Rule(TOPIC, "spec.partitions", DIVIDES_STATE, REFUSED,
         "the state of a Kafka Streams application is divided by partition, so it would not start",
         "keep `source.partitions`, or create a pipeline with a new topic and name",
         source="Kafka Streams documentation, architecture: tasks and partitions"),
    Rule(TOPIC, "spec.partitions", MORE, DATA_MOVING,
         "new events of a key may go to a different partition than older ones, so their order breaks until the "
         "older ones are read", source=OPERATIONS),
    Rule("kafka.Topic", "spec.replicas", ALWAYS, REFUSED,
         "the set-up job does not change the copies of a topic that exists",
         "reassign the partitions by hand, then allow the change", source=SETUP),
    Rule("KafkaTopic", "spec.replicas", NO_CRUISE_CONTROL, REFUSED,
         "the topic operator leaves copies to Cruise Control, and there is none",
         "set kafka.cruise_control to true first", source=COPIES),
    Rule("KafkaTopic", "spec.replicas", ALWAYS, DATA_MOVING, "replicas are added or removed by Cruise Control",
         source=COPIES),
    Rule(TOPIC, "spec.topicName", ALWAYS, REFUSED, "a topic cannot be renamed", "create a new one", source=OPERATIONS),
    Rule(TOPIC, "spec.config.cleanup.policy", ALWAYS, REFUSED,
         "records that are kept today would be deleted by another rule at once", "create a new topic", source=KAFKA),
    Rule(TOPIC, "spec.config.retention.**", SHORTER, DATA_MOVING, "records older than the new limit are deleted",
         source=KAFKA),
    Rule(TOPIC, "spec.config.retention.**", ALWAYS, SAFE, "records are kept longer", source=KAFKA),
    Rule(TOPIC, "spec.config.local.retention.**", SHORTER, DATA_MOVING,
         "records older than the new limit are deleted from the brokers' disks and read from object storage",
         source=TIERED),
    Rule(TOPIC, "spec.config.local.retention.**", ALWAYS, SAFE, "records are kept longer on the brokers' disks",
         source=TIERED),
    Rule(TOPIC, "spec.config.remote.storage.enable", becomes(True), DATA_MOVING,
         "closed segments are copied to object storage", source=TIERED),
    Rule(TOPIC, "spec.config.remote.storage.enable", ALWAYS, REFUSED,
         "records that are only in object storage would be deleted",
         "keep it, or move the readers to a new topic", source=TIERED),
    Rule(TOPIC, "spec.config.max.message.bytes", FEWER, DATA_MOVING,
         "larger records are refused from now on, and those already in the topic become dead letters", source=KAFKA),
    Rule(TOPIC, "spec.config.max.message.bytes", ALWAYS, SAFE, AT_ONCE, source=KAFKA),
    Rule(TOPIC, "spec.config.min.insync.replicas", FEWER, DATA_MOVING,
         "an acknowledged record may have fewer copies", source=KAFKA),
    Rule(TOPIC, "spec.config.min.insync.replicas", ALWAYS, SAFE, AT_ONCE, source=KAFKA),
    Rule(TOPIC, "spec.config.segment.**", ALWAYS, SAFE, f"{AT_ONCE}, for new segments", source=KAFKA),
    Rule(TOPIC, "spec.config.message.timestamp.type", ALWAYS, SAFE, f"{AT_ONCE}, for new records", source=KAFKA),
    Rule(TOPIC, "spec.config.delete.retention.ms", ALWAYS, SAFE, AT_ONCE, source=KAFKA),
    Rule(TOPIC, "spec.config.min.compaction.lag.ms", ALWAYS, SAFE, AT_ONCE, source=KAFKA),
    Rule(TOPIC, "spec.config.compression.type", ALWAYS, SAFE, f"{AT_ONCE}, for new records", source=KAFKA),
)  # fmt: skip

FEWER_BROKERS = Rule(
    "KafkaNodePool", "spec.replicas", FEWER, REFUSED, "what the removed brokers hold must fit on the others",
    "measure it, and decide with decisions.fewer_nodes.kafka; Cruise Control empties them first", source=SCALING,
)  # fmt: skip
NODES = (
    Rule("KafkaNodePool", "spec.replicas", CONTROLLERS, REFUSED,
         "Strimzi cannot change the number of KRaft controllers of a cluster that runs",
         "set `resources.kafka.controllers` to what stands, or move to a new cluster", source=QUORUM),
    Rule("KafkaNodePool", "spec.replicas", FEWER & NO_CRUISE_CONTROL, REFUSED,
         "Strimzi does not remove brokers that hold partitions, and without Cruise Control nothing moves them away",
         "set kafka.cruise_control to true first", source=SCALING),
    FEWER_BROKERS,
    Rule("KafkaNodePool", "spec.replicas", MORE & NO_CRUISE_CONTROL, DATA_MOVING,
         "the new nodes stay empty", "reassign partitions by hand", source=SCALING),
    Rule("KafkaNodePool", "spec.replicas", MORE, DATA_MOVING, "the new nodes take over part of the data",
         source=SCALING),
    Rule("KafkaNodePool", f"{VOLUME}.size", SMALLER, REFUSED, NO_SHRINKING,
         "keep its size, or move the data to new nodes", source=VOLUMES),
    Rule("KafkaNodePool", f"{VOLUME}.size", LARGER, ROLLING,
         "volumes grow in place if their storage class allows it", source=VOLUMES),
    Rule("KafkaNodePool", f"{VOLUME}.deleteClaim", becomes(True), DATA_MOVING,
         "the volumes would be deleted with the pool", source=VOLUMES),
    Rule("KafkaNodePool", f"{VOLUME}.deleteClaim", ALWAYS, SAFE, "volumes outlive the pool", source=VOLUMES),
    Rule("KafkaNodePool", VOLUME, ADDED, ROLLING, "each broker gets one more volume, in turn", source=VOLUMES),
    Rule("KafkaNodePool", "spec.storage**", ALWAYS, REFUSED,
         "a volume cannot change its storage class or type, nor go while it holds partitions",
         "add a pool of new brokers and move the data there", source=VOLUMES),
    Rule("KafkaNodePool", "spec.roles**", ALWAYS, REFUSED, "a node cannot change its roles", "add a pool",
         source=QUORUM),
    *(
        Rule("KafkaNodePool", f"spec.{part}**", ALWAYS, ROLLING, IN_TURN,
             source="Strimzi documentation, rolling updates")
        for part in ("resources", "jvmOptions", "template")
    ),
)  # fmt: skip

CLUSTER = (
    Rule("Kafka", "spec.kafka.version", BEHIND_METADATA, REFUSED,
         "brokers of that version cannot read the cluster's metadata",
         "keep the version: a metadata version cannot be lowered", source=METADATA),
    Rule("Kafka", "spec.kafka.version", ALWAYS, ROLLING,
         "brokers restart one after the other, and can be taken back until the metadata version is raised",
         source=METADATA),
    Rule("Kafka", "spec.kafka.metadataVersion", WITH_THE_VERSION, REFUSED,
         "then there is no way back from the new version",
         "deploy the version first, and the metadata version in a second step", source=METADATA),
    Rule("Kafka", "spec.kafka.metadataVersion", OLDER, REFUSED, "a metadata version cannot be lowered", "keep it",
         source=METADATA),
    Rule("Kafka", "spec.kafka.metadataVersion", ALWAYS, DATA_MOVING,
         "from then on Kafka cannot be taken back to the version before", source=METADATA),
    Rule("Kafka", "spec.kafka.listeners[*]", ADDED, ROLLING, IN_TURN, source=SECURITY),
    Rule("Kafka", f"{LISTENER}.loadBalancerSourceRanges**", ALWAYS, SAFE,
         "load balancers let in other networks; brokers do not restart", source=EXTERNAL),
    *(
        Rule("Kafka", f"{LISTENER}.{part}**", ALWAYS, SAFE, "labels and annotations restart nothing", source=EXTERNAL)
        for part in ("bootstrap.annotations", "perBrokerAnnotationsTemplate")
    ),
    Rule("Kafka", "spec.kafka.listeners**", ALWAYS, REFUSED,
         "clients that run would lose the listener that they know", "add a second listener and move the clients first",
         source=SECURITY),
    Rule("Kafka", "spec.kafka.authorization**", ALWAYS, REFUSED,
         "users would have no rights, or everybody all of them, before the last broker restarts", "keep it",
         source=SECURITY),
    Rule("Kafka", "spec.kafka.logging**", ALWAYS, ROLLING, IN_TURN,
         source="Strimzi documentation, logging: levels apply at once, appenders by a rolling update"),
    Rule("Kafka", "spec.kafka.rack**", ALWAYS, DATA_MOVING, "replicas move so that each zone has one",
         source="Strimzi documentation, rack awareness"),
    Rule("Kafka", "spec.kafka.tieredStorage", ADDED, ROLLING, IN_TURN, source=TIERED),
    Rule("Kafka", "spec.kafka.tieredStorage**", ALWAYS, REFUSED,
         "segments in object storage would not be found", "keep bucket, prefix and plugin", source=TIERED),
    Rule("Kafka", "spec.kafka.template**", ALWAYS, ROLLING, IN_TURN, source="Strimzi documentation, rolling updates"),
    Rule("Kafka", "spec.kafka.metricsConfig**", ALWAYS, ROLLING, IN_TURN,
         source="Strimzi documentation, rolling updates"),
    Rule("Kafka", "spec.cruiseControl", ALWAYS, ROLLING, "brokers load its metrics reporter, or drop it, in turn",
         source="Strimzi documentation, Cruise Control"),
    *(
        Rule("Kafka", f"spec.{part}**", ALWAYS, SAFE, "it restarts by itself; brokers do not",
             source="Strimzi documentation, cluster operator")
        for part in ("cruiseControl", "entityOperator", "kafkaExporter")
    ),
    *(
        Rule("Kafka", f"spec.{part}**", ALWAYS, ROLLING, "certificates are renewed, and pods restart, in a window",
             source="Strimzi documentation, certificate renewal")
        for part in ("clusterCa", "clientsCa")
    ),
    Rule("Kafka", "spec.maintenanceTimeWindows**", ALWAYS, SAFE, "it says when certificates are renewed",
         source="Strimzi documentation, maintenance time windows"),
    Rule("KafkaUser", "", REMOVED, SAFE, "nothing logs in as it any more", source=SECURITY),
    Rule("kafka.Topic", "", REMOVED, SAFE, "the topic stays until it is deleted by hand", source=SETUP),
    Rule("kafka.Settings", "", REMOVED, SAFE, "they go with their nodes", source=SETUP),
    Rule("KafkaUser", "spec.authentication**", ALWAYS, REFUSED,
         "programs that run would lose the credentials that they know",
         "add a user with the other kind, and move the programs first", source=SECURITY),
    Rule("KafkaUser", "spec.authorization**", ALWAYS, SAFE, AT_ONCE, source=SECURITY),
    Rule("KafkaUser", "spec.quotas**", ALWAYS, SAFE, AT_ONCE, source="Kafka documentation, quotas"),
)  # fmt: skip

BROKER_SETTINGS = (
    Rule(SETTINGS, f"{CONFIG}**.num.partitions", ALWAYS, REFUSED,
         "groups and transactions would be looked for in other partitions than they are in", "keep it", source=KAFKA),
    *(
        Rule(SETTINGS, f"{CONFIG}{topic}replication.factor", MORE, REFUSED,
             "internal topics that exist keep their copies, so a lost broker would still lose what is in them",
             "reassign their partitions to more brokers by hand, then allow the change", source=KAFKA)
        for topic in ("offsets.topic.", "transaction.state.log.", "share.coordinator.state.topic.",
                      "rlmm.config.remote.log.metadata.topic.")
    ),
    Rule(SETTINGS, f"{CONFIG}**replication.factor", ALWAYS, ROLLING, "it counts for topics that do not exist yet",
         source=KAFKA),
    Rule(SETTINGS, f"{CONFIG}**min.isr", ALWAYS, ROLLING, "it counts for topics that do not exist yet", source=KAFKA),
    Rule(SETTINGS, f"{CONFIG}min.insync.replicas", FEWER, DATA_MOVING, "an acknowledged record may have fewer copies",
         source=KAFKA),
    Rule(SETTINGS, f"{CONFIG}message.max.bytes", FEWER, DATA_MOVING, "larger records are refused from now on",
         source=KAFKA),
    Rule(SETTINGS, f"{CONFIG}unclean.leader.election.enable", becomes(True), REFUSED,
         "a broker that lacks acknowledged records could become leader", "leave it off", source=KAFKA),
    *(
        Rule("kafka.Settings", f"{CONFIG}{name}", ALWAYS, REFUSED,
             "nodes could no longer find each other, their clients or their data", "keep it, or use a new cluster",
             source=KAFKA)
        for name in ("node.id", "process.roles", "**listener**", "log.dirs", "controller.quorum.voters",
                     "authorizer.class.name", "super.users", "allow.everyone**", "ssl.**", "sasl.**")
    ),
    Rule(SETTINGS, f"{CONFIG}**", REMOVED, ROLLING, "Kafka's default counts once pods have restarted", source=KAFKA),
    *(
        Rule(SETTINGS, f"{CONFIG}{name}", ALWAYS, ROLLING, IN_TURN, source=KAFKA)
        for name in ("auto.create.topics.enable", "min.insync.replicas", "message.max.bytes",
                     "replica.fetch.max.bytes", "transaction.max.timeout.ms", "unclean.leader.election.enable",
                     "config.providers**")
    ),
)  # fmt: skip

RULES = (*TOPICS, *NODES, *CLUSTER, *BROKER_SETTINGS)
