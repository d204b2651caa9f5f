"""The settings of a job's Flink cluster that belong to Kubernetes: the operator's, the pods', the autoscaler's.

What the job means is in `weir.catalog.flink.flink_configuration`, which every target shares.
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
REST_PORT = 8081
METRICS_PORT = 9249
WORK_FOLDER = "/opt/flink/work"
TLS_FOLDER = "/etc/weir/flink-tls"
# The Cassandra driver's and the Kafka clients' direct buffers; Flink's default leaves none.
TASK_OFF_HEAP_MIB = 64
AUTOSCALER_WINDOW = "10 min"
AUTOSCALER_STABILIZATION = "5 min"
AUTOSCALER_UTILIZATION = "0.7"
PERIODIC_SAVEPOINT = "24 h"


# Flink's default knows RSA keys alone; which kind a certificate has is its maker's choice.
CIPHERS = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
NAMES_IN_FLINK_1 = {
    "execution.checkpointing.dir": "state.checkpoints.dir",
    "execution.checkpointing.savepoint-dir": "state.savepoints.dir",
}


@dataclass(frozen=True)
class OperatorPolicy:
    """How the operator treats the job."""

    savepoints_keep: int
    savepoints_max_age_hours: int

    @classmethod
    def of(cls, retention: RetentionConfig) -> OperatorPolicy:
        """The policy that an environment's retention asks for."""
        return cls(retention.savepoints_keep, retention.savepoints_max_age_hours)

    def configuration(self) -> dict[str, str]:
        """The operator's settings."""
        return {
            # Containers and volumes of the pod templates are joined by name, not by their place in the list.
            "kubernetes.operator.pod-template.merge-arrays-by-name": "true",
            "kubernetes.operator.job.restart.failed": "true",
            # A version that does not come up gives way to the one before it, from the savepoint that was taken for it.
            "kubernetes.operator.deployment.rollback.enabled": "true",
            "kubernetes.operator.deployment.readiness.timeout": "10 min",
            # A job that fails makes no savepoint. Its last checkpoint is as exact, and aligned: any version reads it.
            "kubernetes.operator.job.upgrade.last-state-fallback.enabled": "true",
            # Deleting the resource would lose the pointer to the newest checkpoint.
            "kubernetes.operator.job.savepoint-on-deletion": "true",
            "kubernetes.operator.periodic.savepoint.interval": PERIODIC_SAVEPOINT,
            "kubernetes.operator.savepoint.history.max.count": str(self.savepoints_keep),
            "kubernetes.operator.savepoint.history.max.age": f"{self.savepoints_max_age_hours} h",
        }


def cluster_configuration(plan: FlinkJobPlan) -> dict[str, str]:
    """Ports, memory, leadership and metrics of the job's pods."""
    rocksdb = plan.state_backend is StateBackend.ROCKSDB
    return {
        "taskmanager.numberOfTaskSlots": str(plan.task_slots),
        "taskmanager.memory.task.off-heap.size": f"{TASK_OFF_HEAP_MIB}m",
        # Managed memory is RocksDB's: with state on the heap nothing in a stream uses it, and the heap gets it.
        "taskmanager.memory.managed.fraction": "0.4" if rocksdb else "0.0",
        **({"state.backend.rocksdb.localdir": f"{WORK_FOLDER}/rocksdb"} if rocksdb else {}),
        "io.tmp.dirs": f"{WORK_FOLDER}/spill",
        "high-availability.type": "kubernetes",
        "jobmanager.rpc.port": str(RPC_PORT),
        "blob.server.port": str(BLOB_PORT),
        "taskmanager.rpc.port": str(TASK_MANAGER_RPC_PORT),
        "taskmanager.data.port": str(DATA_PORT),
        "rest.port": str(REST_PORT),
        # The REST interface runs what it is given: it shows the job, and takes no other.
        "web.submit.enable": "false",
        "web.cancel.enable": "false",
        "metrics.reporter.prom.factory.class": "org.apache.flink.metrics.prometheus.PrometheusReporterFactory",
        "metrics.reporter.prom.port": str(METRICS_PORT),
        # The ConfigMap that the operator mounts hides Flink's own settings, and with them what JDK 17 must be told.
        "env.java.opts.all": " ".join(JDK17_FLAGS),
        "env.java.opts.taskmanager": plan.settings.garbage_collector.flag,
        **_autoscaler(plan),
    }


def old_names(settings: Mapping[str, str]) -> dict[str, str]:
    """What an operator of before Flink 2 looks for under a name of Flink 1, and refuses a job that lacks it."""
    return {old: settings[new] for new, old in NAMES_IN_FLINK_1.items() if new in settings}


def internal_tls(password: str) -> dict[str, str]:
    """Job manager and task managers encrypt what they say, and each shows the other the job's own certificate."""
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
        # Takes a new parallelism without starting the job anew.
        "jobmanager.scheduler": "adaptive",
    }
