"""Changes of Flink's, Aiven's and Kubernetes' own resources."""

from __future__ import annotations

from tests.programs.rule_cases import MOVING, REFUSED, ROLLING, SAFE, Told, World, each

JOB, CONFIG = "FlinkDeployment", "spec.flinkConfiguration."
PROTECTED = World(protect=True)
START_EMPTY = World(new={"metadata": {"annotations": {"weir.io/state-decision": "start-empty"}}})

FLINK = [
    Told(JOB, "", "one", None, REFUSED, "pulumi state delete --force", PROTECTED),
    Told(JOB, "", "one", None, MOVING, "with a last savepoint"),
    Told(JOB, f"{CONFIG}pipeline.max-parallelism", "128", "256", MOVING, "without state", START_EMPTY),
    Told(JOB, f"{CONFIG}pipeline.max-parallelism", "128", "256", REFUSED, "no savepoint could be restored"),
    Told(JOB, "spec.mode", "native", "standalone", REFUSED, "does not switch"),
    Told(JOB, "spec.mode", "native", "standalone", REFUSED, "does not switch", START_EMPTY),
    Told(JOB, "spec.flinkVersion", "v2_2", "v2_1", MOVING, "without state", START_EMPTY),
    Told(JOB, "spec.flinkVersion", "v2_2", "v2_1", REFUSED, "newer one's savepoint"),
    Told(JOB, "spec.flinkVersion", "v2_1", "v2_2", ROLLING, "with a savepoint"),
    Told(JOB, "spec.job.upgradeMode", "savepoint", "stateless", MOVING, "from the beginning"),
    Told(JOB, "spec.job.upgradeMode", "stateless", "savepoint", ROLLING, "again"),
    Told(JOB, "spec.job.allowNonRestoredState", False, True, MOVING, "state of removed operators"),
    Told(JOB, "spec.job.allowNonRestoredState", True, False, ROLLING, "with a savepoint"),
    Told(JOB, "spec.job.state", "running", "suspended", MOVING, "wait in Kafka"),
    Told(JOB, "spec.job.state", "suspended", "running", ROLLING, "with a savepoint"),
    *each(JOB, " ".join(f"{CONFIG}{name}" for name in (
        "execution.checkpointing.dir", "execution.checkpointing.savepoint-dir", "state.checkpoints.dir",
        "state.savepoints.dir", "high-availability.storageDir")), ROLLING, "must stay readable"),
    *each(JOB, " ".join(f"{CONFIG}{name}" for name in (
        "blob.server.port", "env.java.opts.all", "execution.checkpointing.interval", "high-availability.type",
        "io.tmp.dirs", "job.autoscaler.enabled", "jobmanager.rpc.port", "kubernetes.jobmanager.cpu.limit-factor",
        "kubernetes.taskmanager.cpu.limit-factor", "metrics.reporter.prom.port", "pipeline.auto-watermark-interval",
        "pipeline.name", "pipeline.object-reuse", "rest.port", "restart-strategy.type", "s3.endpoint",
        "security.ssl.algorithms", "state.backend.type", "taskmanager.data.port", "web.submit.enable")), ROLLING,
        "with a savepoint"),
    *each(JOB, f"{CONFIG}kubernetes.operator.savepoint.history.max.count", SAFE, "without a restart"),
    *each(JOB, " ".join(f"spec.{name}" for name in (
        "image", "imagePullPolicy", "serviceAccount", "podTemplate.spec", "jobManager.replicas",
        "taskManager.resource.cpu", "job.jarURI", "job.entryClass", "job.args[0]", "job.parallelism")), ROLLING,
        "with a savepoint"),
]  # fmt: skip

SERVICE, TOPIC = "aiven.Kafka", "aiven.KafkaTopic"
AIVEN = [
    *each(SERVICE, "project serviceName", REFUSED, "every topic would be lost"),
    *each(SERVICE, "plan cloudName projectVpcId", MOVING, "copies the service to new machines"),
    *each(SERVICE, "terminationProtection", MOVING, "no longer refuse", (True, False)),
    *each(SERVICE, "terminationProtection maintenanceWindowDow tags[0].value additionalDiskSpace", SAFE, "at once"),
    *each(SERVICE, "defaultAcl", REFUSED, "when the service is made"),
    *each(SERVICE, "kafkaUserConfig.kafkaVersion", MOVING, "no way back"),
    *each(SERVICE, " ".join(f"kafkaUserConfig.{name}" for name in (
        "kafkaAuthenticationMethods.sasl", "kafkaSaslMechanisms.plain", "letsencryptSasl", "schemaRegistry")), REFUSED,
        "lose the login"),
    *each(SERVICE, "kafkaUserConfig.tieredStorage.enabled", REFUSED, "only in object storage", (True, False)),
    *each(SERVICE, "kafkaUserConfig.tieredStorage.enabled", ROLLING, "one after the other", (False, True)),
    *each(SERVICE, "kafkaUserConfig.kafka.minInsyncReplicas", MOVING, "fewer copies", (2, 1)),
    *each(SERVICE, "kafkaUserConfig.kafka.messageMaxBytes", ROLLING, "one after the other", (1, 2)),
    *each(TOPIC, "project serviceName topicName", REFUSED, "makes a new one"),
    *each(TOPIC, "partitions", REFUSED, "cannot remove partitions", (16, 8)),
    *each(TOPIC, "partitions", MOVING, "order breaks", (8, 16)),
    *each(TOPIC, "replication", MOVING, "adds or removes replicas", (2, 3)),
    *each(TOPIC, "terminationProtection", MOVING, "could be deleted", (True, False)),
    *each(TOPIC, "terminationProtection tags[0].value", SAFE, "at once"),
    *each(TOPIC, "config.cleanupPolicy", REFUSED, "another rule"),
    *each(TOPIC, "config.retentionMs config.localRetentionMs", MOVING, "new limit are deleted", ("2", "1")),
    *each(TOPIC, "config.retentionMs config.localRetentionMs", SAFE, "at once", ("1", "2")),
    *each(TOPIC, "config.remoteStorageEnable", REFUSED, "only in object storage", (True, False)),
    *each(TOPIC, "config.maxMessageBytes", MOVING, "larger records are refused", ("2", "1")),
    *each(TOPIC, "config.minInsyncReplicas", MOVING, "fewer copies", ("2", "1")),
    *each(TOPIC, " ".join(f"config.{name}" for name in (
        "remoteStorageEnable", "maxMessageBytes", "minInsyncReplicas", "segmentMs", "messageTimestampType",
        "deleteRetentionMs", "minCompactionLagMs", "compressionType")), SAFE, "at once", (1, 2)),
    *each("aiven.KafkaUser", "project serviceName username", REFUSED, "with another password"),
    *each("aiven.KafkaSchema", "subjectName", REFUSED, "without versions"),
    *each("aiven.KafkaSchema", "schema", SAFE, "is compatible"),
    *each("aiven.KafkaSchema", "compatibilityLevel", SAFE, "at once"),
    Told("aiven.KafkaUser", "", "one", None, SAFE, "no longer needed"),
]  # fmt: skip


def labelled(component: str, name: str = "one") -> World:
    inputs = {"metadata": {"labels": {"app.kubernetes.io/component": component}, "name": name}}
    return World(inputs, inputs)


SET, CLAIM = "StatefulSet", "PersistentVolumeClaim"
TEMPLATE = "spec.volumeClaimTemplates[0].spec.resources.requests.storage"
KUBERNETES = [
    Told("KafkaTopic", "", "one", None, REFUSED, "pulumi state unprotect", PROTECTED),
    Told("KafkaTopic", "", "one", None, MOVING, "deleted with it"),
    *each("Namespace", "metadata.labels.weir.io/environment", REFUSED, "cannot be renamed", ("prod", "production")),
    *each("KafkaTopic", "metadata.labels.strimzi.io/cluster", REFUSED, "another Kafka"),
    *each("Namespace", "metadata.name metadata.namespace kind", REFUSED, "created anew"),
    *each("Kafka", "apiVersion", SAFE, "converts it"),
    *each("Kafka", "metadata.labels.weir.io/environment metadata.annotations.a", SAFE, "restart nothing"),
    *each(SET, TEMPLATE, REFUSED, "cannot shrink", ("2Gi", "1Gi")),
    *each(SET, TEMPLATE, REFUSED, "by hand", ("1Gi", "2Gi")),
    *each(SET, "spec.volumeClaimTemplates[0].spec.storageClassName spec.serviceName spec.selector.matchLabels.a",
          REFUSED, "cannot change it"),
    *each(SET, "spec.podManagementPolicy", REFUSED, "cannot change it"),
    Told(SET, "spec.replicas", 3, 2, ROLLING, "share the partitions", labelled("kafka-streams")),
    Told(SET, "spec.replicas", 3, 5, REFUSED, "voters of a quorum", labelled("kafka", "kafka-controllers")),
    Told(SET, "spec.replicas", 3, 2, REFUSED, "off the removed pods", labelled("cassandra")),
    Told(SET, "spec.replicas", 2, 3, MOVING, "stay empty", labelled("kafka", "kafka-brokers")),
    Told(SET, "spec.replicas", 2, 3, MOVING, "take over part", labelled("cassandra")),
    *each(SET, "spec.persistentVolumeClaimRetentionPolicy.whenScaled", MOVING, "with the pods", ("Retain", "Delete")),
    *each(SET, "spec.persistentVolumeClaimRetentionPolicy.whenScaled", ROLLING, "one after the other",
          ("Delete", "Retain")),
    *each(SET, "spec.template.spec spec.updateStrategy.type spec.minReadySeconds", ROLLING, "one after the other"),
    *each(CLAIM, "spec.resources.requests.storage", REFUSED, "cannot shrink", ("2Gi", "1Gi")),
    *each(CLAIM, "spec.resources.requests.storage", ROLLING, "grow in place", ("1Gi", "2Gi")),
    *each(CLAIM, "spec.storageClassName", REFUSED, "create a new claim"),
]  # fmt: skip
CASES = [*FLINK, *AIVEN, *KUBERNETES]
