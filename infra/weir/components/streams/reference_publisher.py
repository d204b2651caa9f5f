"""Publishes reference tables to their topics: one pod that compares both, at the interval in the pipeline file.

A Deployment, not a CronJob: changes must be published within a minute, and a CronJob would start more than a thousand
pods a day for that.
"""

from __future__ import annotations

from weir.components.base import Site
from weir.components.pipeline_program import PipelineProgram, PipelineProgramArgs, Program
from weir.sizing.plan import PodSize

PUBLISHER = Program(
    kind="streams:ReferencePublisher",
    component="references",
    module="weir.incluster.references",
    # Written after each comparison of all tables: once the pod is ready, joins find their rows.
    state_file="/tmp/compared.json",  # noqa: S108 - the pod's own
    # Holds a table and its topic in memory at once; reference tables are small.
    size=PodSize(0.1, 512),
)


def reference_publisher(site: Site, args: PipelineProgramArgs) -> PipelineProgram:
    """The Deployment `references-<pipeline>`."""
    return PipelineProgram(site, PUBLISHER, args)
