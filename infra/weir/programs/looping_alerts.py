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
"""Of a partition: so few offsets may be the ends of transactions alone, which nobody commits."""
ACTION = "`weir.pipeline_health` has the root cause in last_failure, and so has the application's log; mend that"


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
    """Flink tells Prometheus when a job failed only as a count, so that the window stands for "since then"."""
    window = f"{max(LEAST_WINDOW_SECONDS, WINDOW_CHECKPOINTS * checkpoint_interval_seconds)}s"
    restarts = f"increase(flink_jobmanager_job_numRestarts{{{where}}}[{window}]) >= {LOOPING_FAILURES}"
    completed = f"increase(flink_jobmanager_job_numberOfCompletedCheckpoints{{{where}}}[{window}]) == 0"
    return Alert(
        "WeirJobLooping",
        f"{restarts} and {completed}",
        0,
        "critical",
        "{{ $labels.job_name }} fails again and again and completes no checkpoint: nothing is written any more",
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
            "{{ $labels.pipeline }} fails again and again on the same thing in {{ $labels.pod }}, and stands still",
            "`/pipelines` of the pod has the root cause, and where it is known the record; mend that",
            RUNBOOK,
        ),
        Alert(
            "WeirStreamsRestarts",
            f"increase(weir_pipeline_failures_total{{{where}}}[15m]) >= {LOOPING_FAILURES}",
            0,
            "warning",
            "Threads of {{ $labels.pipeline }} fail again and again in {{ $labels.pod }}, and get on in between",
            "`/pipelines` of the pod has the root cause; what is broken is usually beside the application",
            RUNBOOK,
        ),
    ]


def _loader(where: str, pipeline: str, loads: str, makes: str) -> Alert:
    """Connect tells Prometheus nothing: rows wait, and none is written, though the application makes some."""
    group = f'consumergroup="{loads}"'
    waits = f"max(kafka_consumergroup_lag{{{where}, {group}}}) > {MARKERS}"
    stands = f"sum(increase(kafka_consumergroup_current_offset{{{where}, {group}}}[10m])) == 0"
    return Alert(
        f"WeirLoaderStands{pipeline.title().replace('_', '')}",
        f"{waits} and {stands}",
        5,
        "critical",
        f"Rows of {pipeline} wait in Kafka, made by {makes}, and {loads} has written none for ten minutes",
        "The state of the KafkaConnector or the loader's log has the failure of its tasks; mend that",
        RUNBOOK,
    )
