"""What is measured of an environment, and the alerts that follow from its plan."""

from __future__ import annotations

from weir.catalog.engine_names import consumer_group
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.components.base import Site
from weir.components.monitoring import Alert, Monitoring, MonitoringArgs, Target
from weir.config import versions
from weir.config.kafka import KafkaProvider
from weir.programs.load import PlannedEnvironment
from weir.programs.looping_alerts import looping_alerts

FULL_SHARE = 0.15
"""Of a volume: compaction and a rebalance need about as much."""
RENEWAL_DAYS = 14


def monitoring(environment: PlannedEnvironment, site: Site) -> None:
    """Monitors and alerts, as far as the stack wants them."""
    stack = environment.stack.observability
    if not (stack.pod_monitors or stack.alerts):
        return
    Monitoring(
        site,
        MonitoringArgs(
            monitor_api_version=versions.CRDS["PodMonitor"].api_version,
            rule_api_version=versions.CRDS["PrometheusRule"].api_version,
            targets=targets(environment) if stack.pod_monitors else (),
            alerts=alerts(environment, site) if stack.alerts else (),
            interval_seconds=stack.scrape_interval_seconds,
            labels=stack.labels,
        ),
    )


def targets(environment: PlannedEnvironment) -> list[Target]:
    """Kafka by its operator, the engines and the registry; K8ssandra makes the monitors of Cassandra itself."""
    found = [Target("flink", {"app.kubernetes.io/component": "flink"}, "metrics", "/")]
    if environment.stack.kafka.provider is KafkaProvider.STRIMZI:
        found.append(Target("kafka", {"strimzi.io/cluster": "kafka"}, "tcp-prometheus"))
    if any(pipeline.spec.engine is Engine.KAFKA_STREAMS for pipeline in environment.pipelines):
        found.append(Target("kafka-streams", {"app.kubernetes.io/component": "kafka-streams"}, "http"))
    if environment.stack.kafka.provider is not KafkaProvider.AIVEN and environment.stack.registry.existing is None:
        found.append(Target("registry", {"app.kubernetes.io/name": "registry"}, "management"))
    return found


def alerts(environment: PlannedEnvironment, site: Site) -> list[Alert]:
    """The alerts, each with a threshold of this environment."""
    where = f'namespace="{site.namespace}"'
    found = [
        Alert(
            "WeirCheckpointsFail",
            f"increase(flink_jobmanager_job_numberOfFailedCheckpoints{{{where}}}[15m]) >= 3",
            0,
            "critical",
            "Checkpoints of {{ $labels.job_name }} fail: dead letters stay invisible, and a restart has more to read "
            "again",
            "Check the job's last exception, and whether its object storage is reachable",
        ),
        Alert(
            "WeirJobRestarts",
            f"increase(flink_jobmanager_job_numRestarts{{{where}}}[15m]) >= 3",
            0,
            "critical",
            "{{ $labels.job_name }} restarts repeatedly",
            "Check the root exception in the job manager's log; the cause is usually outside Flink (Kafka, Cassandra "
            "or object storage)",
        ),
        Alert(
            "WeirVolumeAlmostFull",
            f"kubelet_volume_stats_available_bytes{{{where}}} / kubelet_volume_stats_capacity_bytes{{{where}}}"
            f" < {FULL_SHARE}",
            10,
            "warning",
            "{{ $labels.persistentvolumeclaim }} is almost full",
            "Raise the workload in the stack file, or override the disk there; `weir plan` shows what grows",
        ),
        Alert(
            "WeirCertificateExpires",
            f"certmanager_certificate_expiration_timestamp_seconds{{{where}}} - time() < {RENEWAL_DAYS * 86_400}",
            60,
            "warning",
            "Certificate {{ $labels.name }} has not been renewed",
            "`kubectl describe certificate` shows why. Clients cannot connect once it expires",
        ),
    ]
    found += looping_alerts(environment, site)
    if any(pipeline.spec.engine is Engine.FLINK for pipeline in environment.pipelines):
        found.append(_freshness(environment.stack.observability.freshness_p99_alert_seconds, where))
    if environment.stack.kafka.provider is KafkaProvider.STRIMZI:
        found.append(
            Alert(
                "WeirPartitionsLackCopies",
                f"sum(kafka_server_replicamanager_underreplicatedpartitions{{{where}}}) > 0",
                10,
                "critical",
                "Kafka partitions are under-replicated: losing another broker may stop writes",
                "Look for a broker that is down or has a full disk",
            )
        )
        found += [_lag(environment, where, pipeline) for pipeline in environment.pipelines]
    return found


def _freshness(seconds: float, where: str) -> Alert:
    """Events that wait in Kafka: as late as they are read, so late are their rows, give or take milliseconds."""
    lag = f"max by (job_name) (flink_taskmanager_job_task_operator_currentEmitEventTimeLag{{{where}}})"
    return Alert(
        "WeirEventsAreLate",
        f"quantile_over_time(0.99, ({lag})[10m:]) > {seconds * 1000:g}",
        5,
        "warning",
        f"1 % of events wait more than {seconds:g} s until {{{{ $labels.job_name }}}} reads them",
        "If the job is running, the load exceeds the planned peak: `weir size --explain` shows the bottleneck",
    )


def _lag(environment: PlannedEnvironment, where: str, pipeline: Pipeline) -> Alert:
    """Too many events wait: as many as come in so many minutes at the mean rate."""
    minutes = environment.stack.observability.consumer_lag_alert_minutes
    limit = round(pipeline.spec.workload.mean_events_per_second * minutes * 60)
    group = consumer_group(pipeline)
    return Alert(
        f"WeirLag{pipeline.name.title().replace('_', '')}",
        f'sum(kafka_consumergroup_lag{{{where}, consumergroup="{group}"}}) > {limit}',
        5,
        "warning",
        f"{pipeline.name} is more than {minutes:g} minutes behind",
        "If the job is running, the load exceeds the planned peak: `weir size --explain` shows the bottleneck",
    )
