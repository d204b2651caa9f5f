"""Changes of Kafka's resources."""

from __future__ import annotations

import json

from tests.programs.rule_cases import MOVING, REFUSED, ROLLING, SAFE, Told, World, each, resource

BALANCED = World(after=(resource("Kafka", {"spec": {"cruiseControl": {}}}),))
ALONE = World(after=(resource("Kafka", {"spec": {}}),))
BROKERS = {"spec": {"roles": ["broker"]}}
OF_BROKERS = World(old=BROKERS, after=BALANCED.after)
OF_CONTROLLERS = World(old={"spec": {"roles": ["controller"]}}, after=BALANCED.after)
STREAMS = json.dumps({"totals_streams": {}, "source": {"topic": "one"}, "rows": {"topic": "two"}})
DIVIDED = World(before=(resource("ConfigMap", {"data": {"plan.json": STREAMS}}),))
DAYS = 24 * 3600 * 1000


def kafka(version: str, metadata: str) -> dict[str, object]:
    return {"spec": {"kafka": {"version": version, "metadataVersion": metadata}}}


STANDING = World(kafka("4.3.1", "4.3"), kafka("4.3.1", "4.4"))
BOTH = World(kafka("4.3.1", "4.3"), kafka("4.4.0", "4.4"))
TOPIC, CONFIG = "KafkaTopic", "spec.config."
POOL, VOLUME = "KafkaNodePool", "spec.storage.volumes[0]"
BROKER = "spec.kafka.config."
EXTERNAL = "spec.kafka.listeners[external].configuration"

TOPICS = [
    Told(TOPIC, "spec.partitions", 16, 8, REFUSED, "cannot remove partitions"),
    Told(TOPIC, "spec.partitions", 16, 32, REFUSED, "divided by partition", DIVIDED),
    Told(TOPIC, "spec.partitions", 16, 32, MOVING, "order breaks"),
    Told("kafka.Topic", "spec.partitions", 16, 8, REFUSED, "cannot remove partitions"),
    Told("kafka.Topic", "spec.replicas", 1, 3, REFUSED, "set-up job does not change the copies"),
    Told(TOPIC, "spec.replicas", 1, 3, REFUSED, "set kafka.cruise_control to true", ALONE),
    Told(TOPIC, "spec.replicas", 1, 3, MOVING, "by Cruise Control", BALANCED),
    Told(TOPIC, "spec.topicName", "a", "b", REFUSED, "cannot be renamed"),
    Told(TOPIC, f"{CONFIG}cleanup.policy", "delete", "compact", REFUSED, "another rule"),
    Told(TOPIC, f"{CONFIG}retention.ms", str(7 * DAYS), str(3 * DAYS), MOVING, "older than the new limit are deleted"),
    Told(TOPIC, f"{CONFIG}retention.ms", "-1", str(3 * DAYS), MOVING, "older than the new limit are deleted"),
    Told(TOPIC, f"{CONFIG}retention.ms", str(8 * DAYS), None, MOVING, "older than the new limit are deleted"),
    Told(TOPIC, f"{CONFIG}retention.bytes", None, "1000", MOVING, "older than the new limit are deleted"),
    Told(TOPIC, f"{CONFIG}retention.ms", str(7 * DAYS), str(14 * DAYS), SAFE, "kept longer"),
    Told(TOPIC, f"{CONFIG}retention.ms", str(7 * DAYS), "-1", SAFE, "kept longer"),
    Told(TOPIC, f"{CONFIG}retention.ms", str(7 * DAYS), None, SAFE, "kept longer"),
    Told(TOPIC, f"{CONFIG}retention.bytes", "1000", None, SAFE, "kept longer"),
    Told(TOPIC, f"{CONFIG}local.retention.ms", "2", "1", MOVING, "from the brokers' disks"),
    Told(TOPIC, f"{CONFIG}local.retention.ms", "1", "2", SAFE, "on the brokers' disks"),
    Told(TOPIC, f"{CONFIG}remote.storage.enable", None, "true", MOVING, "copied to object storage"),
    Told(TOPIC, f"{CONFIG}remote.storage.enable", "true", None, REFUSED, "only in object storage"),
    Told(TOPIC, f"{CONFIG}max.message.bytes", "2", "1", MOVING, "larger records are refused"),
    Told(TOPIC, f"{CONFIG}max.message.bytes", "1", "2", SAFE, "at once"),
    Told(TOPIC, f"{CONFIG}min.insync.replicas", "2", "1", MOVING, "fewer copies"),
    Told(TOPIC, f"{CONFIG}min.insync.replicas", "1", "2", SAFE, "at once"),
    *each(TOPIC, f"{CONFIG}segment.ms {CONFIG}message.timestamp.type {CONFIG}delete.retention.ms", SAFE, "at once"),
    *each(TOPIC, f"{CONFIG}min.compaction.lag.ms {CONFIG}compression.type", SAFE, "at once"),
]
NODES = [
    Told(POOL, "spec.replicas", 3, 5, REFUSED, "number of KRaft controllers", OF_CONTROLLERS),
    Told(POOL, "spec.replicas", 5, 3, REFUSED, "nothing moves them away", World(old=BROKERS, after=ALONE.after)),
    Told(POOL, "spec.replicas", 5, 3, REFUSED, "decisions.fewer_nodes.kafka", OF_BROKERS),
    Told(POOL, "spec.replicas", 3, 5, MOVING, "stay empty", World(old=BROKERS, after=ALONE.after)),
    Told(POOL, "spec.replicas", 3, 5, MOVING, "take over part", OF_BROKERS),
    Told(POOL, f"{VOLUME}.size", "3290Gi", "2130Gi", REFUSED, "cannot shrink"),
    Told(POOL, f"{VOLUME}.size", "3290Gi", "4Ti", ROLLING, "grow in place"),
    Told(POOL, f"{VOLUME}.deleteClaim", False, True, MOVING, "deleted with the pool"),
    Told(POOL, f"{VOLUME}.deleteClaim", True, False, SAFE, "outlive"),
    Told(POOL, "spec.storage.volumes[1]", None, {"id": 1}, ROLLING, "one more volume"),
    *each(POOL, f"{VOLUME}.class {VOLUME}.type {VOLUME}.id spec.storage.type", REFUSED, "storage class or type"),
    Told(POOL, "spec.storage.volumes[1]", {"id": 1}, None, REFUSED, "storage class or type"),
    Told(POOL, "spec.roles[0]", "broker", "controller", REFUSED, "change its roles"),
    *each(POOL, "spec.resources.limits.cpu spec.jvmOptions.-Xmx spec.template.pod", ROLLING, "one after the other"),
]
CLUSTER = [
    Told("Kafka", "spec.kafka.version", "4.3.1", "4.2.0", REFUSED, "cannot read the cluster's metadata", STANDING),
    Told("Kafka", "spec.kafka.version", "4.3.1", "4.3.0", ROLLING, "taken back until", STANDING),
    Told("Kafka", "spec.kafka.version", "4.3.1", "4.4.0", ROLLING, "taken back until", STANDING),
    Told("Kafka", "spec.kafka.metadataVersion", "4.3", "4.4", REFUSED, "in a second step", BOTH),
    Told("Kafka", "spec.kafka.metadataVersion", "4.4", "4.3", REFUSED, "cannot be lowered", STANDING),
    Told("Kafka", "spec.kafka.metadataVersion", "4.3", "4.4", MOVING, "cannot be taken back", STANDING),
    Told("Kafka", "spec.kafka.listeners[second]", None, {"port": 1}, ROLLING, "one after the other"),
    Told("Kafka", "spec.kafka.listeners[clients].tls", True, False, REFUSED, "a second listener"),
    Told("Kafka", "spec.kafka.logging.loggers.rootLogger.level", "INFO", "WARN", ROLLING, "one after the other"),
    Told("Kafka", f"{EXTERNAL}.loadBalancerSourceRanges[0]", "a", "b", SAFE, "let in other networks"),
    *each("Kafka", f"{EXTERNAL}.bootstrap.annotations.a {EXTERNAL}.perBrokerAnnotationsTemplate.a", SAFE, "labels and"),
    Told("Kafka", f"{EXTERNAL}.advertisedHostTemplate", "a", "b", REFUSED, "a second listener"),
    Told("Kafka", "spec.kafka.authorization.type", "simple", None, REFUSED, "before the last broker"),
    Told("Kafka", "spec.kafka.rack", None, {"topologyKey": "zone"}, MOVING, "each zone has one"),
    Told("Kafka", "spec.kafka.tieredStorage", None, {"type": "custom"}, ROLLING, "one after the other"),
    Told("Kafka", "spec.kafka.tieredStorage", {"type": "custom"}, None, REFUSED, "would not be found"),
    *each("Kafka", "spec.kafka.template.pod spec.kafka.metricsConfig.type", ROLLING, "one after the other"),
    Told("Kafka", "spec.cruiseControl", None, {"resources": {}}, ROLLING, "metrics reporter"),
    *each("Kafka", "spec.cruiseControl.resources spec.entityOperator.template", SAFE, "brokers do not"),
    *each("Kafka", "spec.kafkaExporter.groupRegex", SAFE, "brokers do not"),
    *each("Kafka", "spec.clusterCa.validityDays spec.clientsCa.renewalDays", ROLLING, "certificates are renewed"),
    *each("Kafka", "spec.maintenanceTimeWindows[0]", SAFE, "when certificates are renewed"),
    Told("KafkaUser", "", "one", None, SAFE, "logs in as it any more"),
    Told("kafka.Topic", "", "one", None, SAFE, "deleted by hand"),
    Told("kafka.Settings", "", "one", None, SAFE, "with their nodes"),
    *each("KafkaUser", "spec.authentication.type", REFUSED, "lose the credentials"),
    *each("KafkaUser", "spec.authorization.acls[0].host spec.quotas.producerByteRate", SAFE, "at once"),
]
SETTINGS = [
    *each("Kafka", f"{BROKER}offsets.topic.num.partitions", REFUSED, "in other partitions"),
    *(
        Told("Kafka", f"{BROKER}{topic}.replication.factor", 1, 3, REFUSED, "internal topics that exist keep")
        for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic",
                      "rlmm.config.remote.log.metadata.topic")
    ),
    Told("Kafka", f"{BROKER}offsets.topic.replication.factor", 3, 1, ROLLING, "do not exist yet"),
    Told("Kafka", f"{BROKER}default.replication.factor", 1, 3, ROLLING, "do not exist yet"),
    Told("Kafka", f"{BROKER}transaction.state.log.min.isr", 1, 2, ROLLING, "do not exist yet"),
    Told("Kafka", f"{BROKER}min.insync.replicas", 2, 1, MOVING, "fewer copies"),
    Told("Kafka", f"{BROKER}message.max.bytes", 2, 1, MOVING, "larger records are refused"),
    Told("Kafka", f"{BROKER}unclean.leader.election.enable", False, True, REFUSED, "lacks acknowledged"),
    *each("kafka.Settings", " ".join(f"{BROKER}{name}" for name in (
        "node.id", "process.roles", "advertised.listeners", "log.dirs", "controller.quorum.voters",
        "authorizer.class.name", "super.users", "allow.everyone.if.no.acl.found", "ssl.keystore.type",
        "sasl.enabled.mechanisms")), REFUSED, "find each other"),
    Told("Kafka", f"{BROKER}compression.gzip.level", 1, None, ROLLING, "Kafka's default"),
    *each("Kafka", " ".join(f"{BROKER}{name}" for name in (
        "auto.create.topics.enable", "replica.fetch.max.bytes", "transaction.max.timeout.ms")), ROLLING,
        "one after the other"),
    Told("Kafka", f"{BROKER}min.insync.replicas", 1, 2, ROLLING, "one after the other"),
    Told("Kafka", f"{BROKER}message.max.bytes", 1, 2, ROLLING, "one after the other"),
    Told("Kafka", f"{BROKER}unclean.leader.election.enable", True, False, ROLLING, "one after the other"),
    Told("kafka.Settings", f"{BROKER}config.providers.directory.class", "a", "b", ROLLING, "one after the other"),
]  # fmt: skip
CASES = [*TOPICS, *NODES, *CLUSTER, *SETTINGS]
