"""Alerts of applications that fail and do not get on: the rule of `weir.catalog.application_state`, for Prometheus."""

from __future__ import annotations

from weir.catalog.application_state import LOOPING_FAILURES
from weir.catalog.engine_names import consumer_group, loader_group
from weir.catalog.spec import Engine
from weir.components.base import Site
from weir.components.monitoring import Alert
from weir.config.kafka import KafkaProvider
from weir.programs.load import PlannedEnvironment

RUNBOOK = "docs/runbooks/an-application-loops.md"
WINDOW_CHECKPOINTS = 3
LEAST_WINDOW_SECONDS = 180
"""Its waits between two failures add up to 15 s for the first four, and then are 10 s; a scrape may be 30 s old."""
MARKERS = 100
"""Lag of a partition: so few offsets may be nothing but transaction markers, which are never committed."""
ACTION = "Fix the root cause, which `weir.pipeline_health` shows as last_failure and the application's log shows too"


def looping_alerts(environment: PlannedEnvironment, site: Site) -> list[Alert]:
    """Those of the engines that the environment's pipelines run on."""
    where = f'namespace="{site.namespace}"'
    engines = {pipeline.spec.engine for pipeline in environment.pipelines}
    found = []
    if Engine.FLINK in engines:
        found.append(_job(where, environment.stack.flink.checkpoint_interval_seconds))
    if Engine.KAFKA_STREAMS in engines:
        found += _threads(where)
    if environment.stack.kafka.provider is KafkaProvider.STRIMZI:
        found += [
            _loader(where, pipeline.name, loader_group(pipeline), consumer_group(pipeline))
            for pipeline in environment.pipelines
            if pipeline.spec.engine is Engine.KAFKA_STREAMS
        ]
    return found


def _job(where: str, checkpoint_interval_seconds: int) -> Alert:
    """Prometheus only gets a count of Flink's failures, not their time, so a time window stands for "since then"."""
    window = f"{max(LEAST_WINDOW_SECONDS, WINDOW_CHECKPOINTS * checkpoint_interval_seconds)}s"
    restarts = f"increase(flink_jobmanager_job_numRestarts{{{where}}}[{window}]) >= {LOOPING_FAILURES}"
    completed = f"increase(flink_jobmanager_job_numberOfCompletedCheckpoints{{{where}}}[{window}]) == 0"
    return Alert(
        "WeirJobLooping",
        f"{restarts} and {completed}",
        0,
        "critical",
        "{{ $labels.job_name }} fails repeatedly without completing a checkpoint, so it makes no progress",
        ACTION,
        RUNBOOK,
    )


def _threads(where: str) -> list[Alert]:
    return [
        Alert(
            "WeirStreamsLooping",
            f"max by (namespace, pod, pipeline) (weir_pipeline_failures_since_progress{{{where}}})"
            f" >= {LOOPING_FAILURES}",
            0,
            "critical",
            "{{ $labels.pipeline }} fails repeatedly at the same point in {{ $labels.pod }}, so it makes no progress",
            "The pod's `/pipelines` endpoint shows the root cause and, if known, the record. Fix the cause",
            RUNBOOK,
        ),
        Alert(
            "WeirStreamsRestarts",
            f"increase(weir_pipeline_failures_total{{{where}}}[15m]) >= {LOOPING_FAILURES}",
            0,
            "warning",
            "Threads of {{ $labels.pipeline }} fail repeatedly in {{ $labels.pod }}, but make progress in between",
            "The pod's `/pipelines` endpoint shows the root cause, which is usually outside the application (Kafka "
            "or the registry)",
            RUNBOOK,
        ),
    ]


def _loader(where: str, pipeline: str, loads: str, makes: str) -> Alert:
    """Connect exports nothing to Prometheus. The sign: rows wait, none is written, yet the application makes some."""
    group = f'consumergroup="{loads}"'
    waits = f"max(kafka_consumergroup_lag{{{where}, {group}}}) > {MARKERS}"
    stands = f"sum(increase(kafka_consumergroup_current_offset{{{where}, {group}}}[10m])) == 0"
    return Alert(
        f"WeirLoaderStands{pipeline.title().replace('_', '')}",
        f"{waits} and {stands}",
        5,
        "critical",
        f"Rows that {makes} made for {pipeline} are waiting in Kafka, and {loads} has written none for ten minutes",
        "The status of the KafkaConnector or the loader's log shows why its tasks fail. Fix the cause",
        RUNBOOK,
    )
