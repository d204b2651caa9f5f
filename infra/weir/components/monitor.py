"""The monitor on Kubernetes: one pod for each pipeline, which writes the pipeline's health every few seconds.

It reads counters from the engine and the lag from Kafka, and polls for sampled events until their rows are readable.
The health charts of the dashboards read the resulting table, `weir.pipeline_health`.
"""

from __future__ import annotations

from dataclasses import replace

from weir.components.base import Site
from weir.components.flink.deployment import rest_url
from weir.components.pipeline_program import PipelineProgram, PipelineProgramArgs, Program
from weir.sizing.plan import PodSize

MONITOR = Program(
    kind="monitoring:PipelineMonitor",
    component="monitor",
    module="weir.incluster.monitor",
    # Keeps the counters when the container restarts in the same pod. A new pod counts from the job's start.
    state_file="/tmp/counters.json",  # noqa: S108 - the pod's own
    # Python with the Kafka and Cassandra drivers; it takes 110 MiB on one machine.
    size=PodSize(0.1, 256),
)


def pipeline_monitor(site: Site, args: PipelineProgramArgs) -> PipelineProgram:
    """The Deployment `monitor-<pipeline>`. It is ready once it has written its first row."""
    return PipelineProgram(site, replace(MONITOR, flink_url=rest_url(args.pipeline)), args)
