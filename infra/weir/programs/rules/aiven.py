"""Aiven: which fields of its Kafka the provider changes, and which ones it answers with a new, empty service."""

from __future__ import annotations

from weir.programs.rules.kafka import SHORTER
from weir.programs.rules.rule import (
    ALWAYS,
    DATA_MOVING,
    FEWER,
    MORE,
    REFUSED,
    REMOVED,
    ROLLING,
    SAFE,
    Rule,
    becomes,
)

PROVIDER = "pulumi-aiven 6.62, schema of aiven.Kafka"
TOPIC_SCHEMA = "pulumi-aiven 6.62, schema of aiven.KafkaTopic"
USER_SCHEMA = "pulumi-aiven 6.62, schema of aiven.KafkaUser and aiven.KafkaSchema"

SERVICE, TOPIC, USER, SCHEMA = "aiven.Kafka", "aiven.KafkaTopic", "aiven.KafkaUser", "aiven.KafkaSchema"
USER_CONFIG = "kafkaUserConfig."
NEW_SERVICE = "Aiven makes a new service for it, so every topic would be lost"
MIGRATES = "Aiven copies the service to new machines while it runs"
AT_ONCE = "Aiven applies it at once"

RULES = (
    *(
        Rule(SERVICE, name, ALWAYS, REFUSED, NEW_SERVICE, "keep it, or move the data to a second service",
             source=PROVIDER)
        for name in ("project", "serviceName")
    ),
    *(
        Rule(SERVICE, name, ALWAYS, DATA_MOVING, f"{MIGRATES}, which takes hours with much data", source=PROVIDER)
        for name in ("plan", "cloudName", "projectVpcId")
    ),
    Rule(SERVICE, "terminationProtection", becomes(False), DATA_MOVING,
         "Aiven would no longer refuse to delete the service", source=PROVIDER),
    *(
        Rule(SERVICE, name, ALWAYS, SAFE, AT_ONCE, source=PROVIDER)
        for name in ("terminationProtection", "maintenanceWindow*", "tags**", "additionalDiskSpace")
    ),
    Rule(SERVICE, "defaultAcl", ALWAYS, REFUSED, "Aiven sets it when the service is made", "keep it", source=PROVIDER),
    Rule(SERVICE, f"{USER_CONFIG}kafkaVersion", ALWAYS, DATA_MOVING,
         "Aiven upgrades the nodes, and there is no way back", source=PROVIDER),
    *(
        Rule(SERVICE, f"{USER_CONFIG}{name}", ALWAYS, REFUSED,
             "programs that run would lose the login or the registry that they know", "keep it", source=PROVIDER)
        for name in ("kafkaAuthenticationMethods**", "kafkaSaslMechanisms**", "letsencryptSasl", "schemaRegistry")
    ),
    Rule(SERVICE, f"{USER_CONFIG}tieredStorage.enabled", becomes(False), REFUSED,
         "records that are only in object storage would be lost", "keep it", source=PROVIDER),
    Rule(SERVICE, f"{USER_CONFIG}tieredStorage**", ALWAYS, ROLLING, "nodes restart one after the other",
         source=PROVIDER),
    Rule(SERVICE, f"{USER_CONFIG}kafka.minInsyncReplicas", FEWER, DATA_MOVING,
         "an acknowledged record may have fewer copies", source=PROVIDER),
    Rule(SERVICE, f"{USER_CONFIG}kafka.**", ALWAYS, ROLLING, "nodes restart one after the other", source=PROVIDER),
    *(
        Rule(TOPIC, name, ALWAYS, REFUSED, "Aiven deletes the topic and makes a new one", "keep it, or use a new topic",
             source=TOPIC_SCHEMA)
        for name in ("project", "serviceName", "topicName")
    ),
    Rule(TOPIC, "partitions", FEWER, REFUSED, "Kafka cannot remove partitions",
         "create a new topic and move its readers", source=TOPIC_SCHEMA),
    Rule(TOPIC, "partitions", MORE, DATA_MOVING,
         "new events of a key may go to a different partition than older ones, so their order breaks until the "
         "older ones are read", source=TOPIC_SCHEMA),
    Rule(TOPIC, "replication", ALWAYS, DATA_MOVING, "Aiven adds or removes replicas", source=TOPIC_SCHEMA),
    Rule(TOPIC, "terminationProtection", becomes(False), DATA_MOVING, "the topic could be deleted",
         source=TOPIC_SCHEMA),
    *(
        Rule(TOPIC, name, ALWAYS, SAFE, AT_ONCE, source=TOPIC_SCHEMA)
        for name in ("terminationProtection", "tags**")
    ),
    Rule(TOPIC, "config.cleanupPolicy", ALWAYS, REFUSED,
         "records that are kept today would be deleted by another rule at once", "create a new topic",
         source=TOPIC_SCHEMA),
    *(
        Rule(TOPIC, name, SHORTER, DATA_MOVING, "records older than the new limit are deleted", source=TOPIC_SCHEMA)
        for name in ("config.retention*", "config.localRetention*")
    ),
    Rule(TOPIC, "config.remoteStorageEnable", becomes(False), REFUSED,
         "records that are only in object storage would be deleted", "keep it", source=TOPIC_SCHEMA),
    Rule(TOPIC, "config.maxMessageBytes", FEWER, DATA_MOVING,
         "larger records are refused from now on, and those already in the topic become dead letters",
         source=TOPIC_SCHEMA),
    Rule(TOPIC, "config.minInsyncReplicas", FEWER, DATA_MOVING, "an acknowledged record may have fewer copies",
         source=TOPIC_SCHEMA),
    *(
        Rule(TOPIC, f"config.{name}", ALWAYS, SAFE, AT_ONCE, source=TOPIC_SCHEMA)
        for name in ("retention*", "localRetention*", "remoteStorageEnable", "maxMessageBytes", "minInsyncReplicas",
                     "segment*", "messageTimestampType", "deleteRetentionMs", "minCompactionLagMs", "compressionType")
    ),
    *(
        Rule((USER, SCHEMA), name, ALWAYS, REFUSED, "Aiven makes it anew, with another password or without versions",
             "keep it", source=USER_SCHEMA)
        for name in ("project", "serviceName", "username", "subjectName")
    ),
    Rule(SCHEMA, "schema", ALWAYS, SAFE, "the registry checks that the new version is compatible", source=USER_SCHEMA),
    Rule(SCHEMA, "compatibilityLevel", ALWAYS, SAFE, AT_ONCE, source=USER_SCHEMA),
    Rule(USER, "", REMOVED, SAFE, "it is no longer needed", source=USER_SCHEMA),
)  # fmt: skip
