"""Reference tables into their topics on Kubernetes: one pod that compares both, as often as the pipeline's file says.

A Deployment and not a CronJob: a change counts within a minute, and a pod for each minute would start a thousand times
a day for nothing.
"""

from __future__ import annotations

from weir.components.base import Site
from weir.components.pipeline_program import PipelineProgram, PipelineProgramArgs, Program
from weir.sizing.plan import PodSize

PUBLISHER = Program(
    kind="streams:ReferencePublisher",
    component="references",
    module="weir.incluster.references",
    # Written after each comparison of every table: once the pod is ready, joins find their rows.
    state_file="/tmp/compared.json",  # noqa: S108 - the pod's own
    # It holds a table and its topic at once; reference tables are small.
    size=PodSize(0.1, 512),
)


def reference_publisher(site: Site, args: PipelineProgramArgs) -> PipelineProgram:
    """The Deployment `references-<pipeline>`."""
    return PipelineProgram(site, PUBLISHER, args)
