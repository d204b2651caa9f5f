"""The monitor on Kubernetes: one pod for each pipeline, which writes the pipeline's health every few seconds.

It reads counters from the engine and lag from Kafka, and watches a few events until their rows are readable. What it
writes, `weir.pipeline_health`, is what the health charts of dashboards show.
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
    # Counters so far, for a container that starts again in the same pod. A new pod counts from the job's start.
    state_file="/tmp/counters.json",  # noqa: S108 - the pod's own
    # Python with the drivers of Kafka and Cassandra: 110 MiB on one machine.
    size=PodSize(0.1, 256),
)


def pipeline_monitor(site: Site, args: PipelineProgramArgs) -> PipelineProgram:
    """The Deployment `monitor-<pipeline>`: ready once it has written a round."""
    return PipelineProgram(site, replace(MONITOR, flink_url=rest_url(args.pipeline)), args)
