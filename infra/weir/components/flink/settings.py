"""Kubernetes-specific settings of a job's Flink cluster: operator, pods and autoscaler.

The settings shared by all targets are in `weir.catalog.flink.flink_configuration`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weir.catalog.flink import JDK17_FLAGS
from weir.config.flink import StateBackend
from weir.config.retention import RetentionConfig
from weir.sizing.plan import FlinkJobPlan

RPC_PORT = 6123
BLOB_PORT = 6124
TASK_MANAGER_RPC_PORT = 6122
DATA_PORT = 6121
METRIC_QUERY_PORT = 6125
BETWEEN_PODS = (DATA_PORT, TASK_MANAGER_RPC_PORT, RPC_PORT, BLOB_PORT, METRIC_QUERY_PORT)
"""Where pods of one job ask each other; network policies let in these and REST."""
REST_PORT = 8081
METRICS_PORT = 9249
WORK_FOLDER = "/opt/flink/work"
TLS_FOLDER = "/etc/weir/flink-tls"
# For the direct buffers of the Cassandra driver and the Kafka clients; Flink's default is 0.
TASK_OFF_HEAP_MIB = 64
AUTOSCALER_WINDOW = "10 min"
AUTOSCALER_STABILIZATION = "5 min"
AUTOSCALER_UTILIZATION = "0.7"
PERIODIC_SAVEPOINT = "24 h"


# Flink's default only supports RSA keys, but the issuer decides which kind of key a certificate has.
CIPHERS = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
NAMES_IN_FLINK_1 = {
    "execution.checkpointing.dir": "state.checkpoints.dir",
    "execution.checkpointing.savepoint-dir": "state.savepoints.dir",
}


@dataclass(frozen=True)
class OperatorPolicy:
    """How the operator manages the job."""

    savepoints_keep: int
    savepoints_max_age_hours: int

    @classmethod
    def of(cls, retention: RetentionConfig) -> OperatorPolicy:
        """Derives the policy from an environment's retention."""
        return cls(retention.savepoints_keep, retention.savepoints_max_age_hours)

    def configuration(self) -> dict[str, str]:
        """The operator's settings."""
        return {
            # Merge containers and volumes of the pod templates by name, not by position.
            "kubernetes.operator.pod-template.merge-arrays-by-name": "true",
            "kubernetes.operator.job.restart.failed": "true",
            # A version that fails to start is rolled back to the previous one, from the savepoint taken for the
            # upgrade.
            "kubernetes.operator.deployment.rollback.enabled": "true",
            "kubernetes.operator.deployment.readiness.timeout": "10 min",
            # A failing job cannot take a savepoint. Its last checkpoint is as exact, and aligned, so any version can
            # restore it.
            "kubernetes.operator.job.upgrade.last-state-fallback.enabled": "true",
            # Deleting the resource would lose the pointer to the newest checkpoint.
            "kubernetes.operator.job.savepoint-on-deletion": "true",
            "kubernetes.operator.periodic.savepoint.interval": PERIODIC_SAVEPOINT,
            "kubernetes.operator.savepoint.history.max.count": str(self.savepoints_keep),
            "kubernetes.operator.savepoint.history.max.age": f"{self.savepoints_max_age_hours} h",
        }


def cluster_configuration(plan: FlinkJobPlan) -> dict[str, str]:
    """Ports, memory, high availability and metrics of the job's pods."""
    rocksdb = plan.state_backend is StateBackend.ROCKSDB
    return {
        "taskmanager.numberOfTaskSlots": str(plan.task_slots),
        "taskmanager.memory.task.off-heap.size": f"{TASK_OFF_HEAP_MIB}m",
        # Managed memory is for RocksDB. With state on the heap no streaming operator uses it, so the heap gets it.
        "taskmanager.memory.managed.fraction": "0.4" if rocksdb else "0.0",
        **({"state.backend.rocksdb.localdir": f"{WORK_FOLDER}/rocksdb"} if rocksdb else {}),
        "io.tmp.dirs": f"{WORK_FOLDER}/spill",
        "high-availability.type": "kubernetes",
        "jobmanager.rpc.port": str(RPC_PORT),
        "blob.server.port": str(BLOB_PORT),
        "taskmanager.rpc.port": str(TASK_MANAGER_RPC_PORT),
        "taskmanager.data.port": str(DATA_PORT),
        # By default any free port, on which network policies let the job manager ask no task manager for its metrics.
        "metrics.internal.query-service.port": str(METRIC_QUERY_PORT),
        "rest.port": str(REST_PORT),
        # The REST interface runs any job submitted to it, so it only shows this one.
        "web.submit.enable": "false",
        "web.cancel.enable": "false",
        "metrics.reporter.prom.factory.class": "org.apache.flink.metrics.prometheus.PrometheusReporterFactory",
        "metrics.reporter.prom.port": str(METRICS_PORT),
        # The operator's ConfigMap hides Flink's own configuration, including the flags that JDK 17 needs.
        "env.java.opts.all": " ".join(JDK17_FLAGS),
        "env.java.opts.taskmanager": plan.settings.garbage_collector.flag,
        **_autoscaler(plan),
    }


def old_names(settings: Mapping[str, str]) -> dict[str, str]:
    """Flink 1 names of settings. An operator from before Flink 2 rejects a job without them."""
    return {old: settings[new] for new, old in NAMES_IN_FLINK_1.items() if new in settings}


def internal_tls(password: str) -> dict[str, str]:
    """Encrypts traffic between job manager and task managers; both authenticate with the job's own certificate."""
    stores = {"keystore": f"{TLS_FOLDER}/keystore.p12", "truststore": f"{TLS_FOLDER}/truststore.p12"}
    return {
        "security.ssl.internal.enabled": "true",
        "security.ssl.algorithms": CIPHERS,
        **{f"security.ssl.internal.{store}": path for store, path in stores.items()},
        **{f"security.ssl.internal.{store}-password": password for store in stores},
        "security.ssl.internal.key-password": password,
    }


def _autoscaler(plan: FlinkJobPlan) -> dict[str, str]:
    lowest, highest = plan.autoscaler_min_parallelism, plan.autoscaler_max_parallelism
    if lowest >= highest:
        return {"job.autoscaler.enabled": "false"}
    return {
        "job.autoscaler.enabled": "true",
        "job.autoscaler.stabilization.interval": AUTOSCALER_STABILIZATION,
        "job.autoscaler.metrics.window": AUTOSCALER_WINDOW,
        "job.autoscaler.utilization.target": AUTOSCALER_UTILIZATION,
        "job.autoscaler.vertex.min-parallelism": str(lowest),
        "job.autoscaler.vertex.max-parallelism": str(highest),
        # Rescales without restarting the job.
        "jobmanager.scheduler": "adaptive",
    }
