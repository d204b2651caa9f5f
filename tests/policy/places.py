"""The objects that mutants change, paths in them, and what is put there."""

from __future__ import annotations

PASSWORD = "hunter2-hunter2"
FLINK = "FlinkDeployment flights"
CASSANDRA = "K8ssandraCluster cassandra"
SUPERSET = "Superset superset"
KAFKA = "Kafka kafka"
POOL = "KafkaNodePool brokers"
TOPIC = "KafkaTopic flights.events"
CONNECT = "KafkaConnect loader-flights"
TRINO = "Deployment trino"
DATABASE = "StatefulSet superset-postgresql"
JOB = "Job cassandra-schema"
ROLE = "Role flink"
BINDING = "RoleBinding flink"
USER = "KafkaUser weir-flights"
POLICY = "NetworkPolicy flink-to-bucket-out"
INGRESS = "NetworkPolicy flink-to-kafka-in"
TEMPLATE = "spec/template/spec"
MAIN = f"{TEMPLATE}/containers/0"
FLINK_MAIN = "spec/podTemplate/spec/containers/0"
HOST_PATH = {"name": "node", "hostPath": {"path": "/"}}
EVERYWHERE = {"ipBlock": {"cidr": "0.0.0.0/0"}}
PORTS = [{"port": 443, "protocol": "TCP"}]
OWN_SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}

PRIVILEGED = {**OWN_SECURITY, "privileged": True}
METADATA_EXCEPTED = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}
SIZE = {bound: {"cpu": "1", "memory": "1Gi"} for bound in ("requests", "limits")}
LOGGER = {"name": "server-system-logger", "securityContext": OWN_SECURITY, "resources": SIZE}
