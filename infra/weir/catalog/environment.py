"""An environment, resolved once: its stack file and its pipeline files together, with every rule between them checked.

The pipeline file says what a stream is like; the stack file says where an environment differs. `resolve` applies
workload, retention, legal hold and defaults. Whatever comes after (sizing, components, the one-machine target) takes
its result, and asks neither file again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from weir.catalog.access import group_problems
from weir.catalog.checks import problems_of, workload_problems
from weir.catalog.dashboard import load_dashboard
from weir.catalog.dashboard_range import range_problems
from weir.catalog.ownership import ownership_problems
from weir.catalog.pipeline import Pipeline, load_pipelines
from weir.catalog.platform import PIPELINE_HEALTH, PLATFORM_TABLES
from weir.catalog.retention import days_to_seconds, hours_to_seconds
from weir.catalog.shared_names import shared_names
from weir.catalog.spec import Engine, PipelineSpec
from weir.catalog.tables import Table
from weir.config.errors import ConfigError, Model
from weir.config.kafka import KafkaProvider
from weir.config.retention import PipelineRetention
from weir.config.stack import StackConfig
from weir.config.stack_settings import Target
from weir.config.workload import PipelineWorkload

EXPIRIES = ("source_retention_hours", "dead_letters_retention_hours", "rows_ttl_days", "aggregates_ttl_days")


@dataclass(frozen=True)
class Environment:
    """What a stack file and pipeline files say together."""

    stack: StackConfig
    """The settings that concern no pipeline; those that do are in `pipelines` already."""
    pipelines: tuple[Pipeline, ...]
    """With the workload, the retention and the legal hold that they have here."""
    platform_tables: tuple[Table, ...]
    """The platform's own."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table: the platform's and those of the pipelines."""
        return (*self.platform_tables, *(table for pipeline in self.pipelines for table in pipeline.tables))


def load_environment(root: Path, stack: StackConfig, engine: Engine | None = None) -> Environment:
    """The environment of `stack` and the pipelines that it runs, from the folders below `root`.

    Their dashboards, in the folder `dashboards` beside `root`, must not open with a time that has expired.
    With an `engine` all run on it, whatever their files say.

    Raises:
        ConfigError: a file is wrong, or what the stack says does not fit it.
    """
    environment = resolve(stack, load_pipelines(root, list(stack.pipelines), engine))
    folders = [root.parent / "dashboards" / pipeline.name for pipeline in environment.pipelines]
    problems = [
        problem
        for folder in folders
        if folder.is_dir()
        for problem in range_problems(load_dashboard(folder), environment.tables)
    ]
    if problems:
        raise ConfigError(f"stack {stack.environment}, retention", problems)
    return environment


def resolve(stack: StackConfig, pipelines: Iterable[Pipeline]) -> Environment:
    """The environment of `stack` and of `pipelines`, as their files are.

    Raises:
        ConfigError: names the fields of the stack file that do not fit a pipeline, or the names that two share.
    """
    here = tuple(_in_environment(pipeline, stack) for pipeline in pipelines)
    if problems := [*shared_names(here), *_misplaced_clients(stack, here), *ownership_problems(stack, here)]:
        raise ConfigError(f"stack {stack.environment}, pipelines", problems)
    if problems := list(group_problems(stack.trino.groups, here)):
        raise ConfigError(f"stack {stack.environment}", problems)
    return Environment(stack, here, _platform_tables(stack))


def _misplaced_clients(stack: StackConfig, pipelines: Iterable[Pipeline]) -> Iterator[str]:
    """Clients that nothing would let in. On one machine they are not looked at, for Kafka knows no users there."""
    if stack.target is Target.EMBEDDED:
        return
    own, kafka = stack.kubernetes.name_prefix, stack.kafka
    reachable = kafka.external_listener is not None or kafka.provider is KafkaProvider.AIVEN
    for pipeline in pipelines:
        for name, client in pipeline.spec.clients.items():
            field = f"{pipeline.name}: clients.{name}"
            if client.outside and not reachable:
                yield (
                    f"{field}.outside: Kafka has no address outside the cluster; add kafka.external_listener, or give "
                    "the namespace that the client runs in"
                )
            if client.namespace == own:
                yield (
                    f"{field}.namespace: {own!r} is the platform's own, out of which nothing may connect that weir did "
                    "not make; run the client in another namespace"
                )


def _in_environment(pipeline: Pipeline, stack: StackConfig) -> Pipeline:
    spec = _with_workload(_with_retention(pipeline, stack), stack)
    return replace(pipeline, spec=spec, gc_grace_seconds=hours_to_seconds(stack.retention.gc_grace_hours))


def _unknown_totals(spec: PipelineSpec, kept: PipelineRetention) -> Iterator[str]:
    tables = [aggregate.table for aggregate in spec.aggregates]
    for table in kept.aggregates_ttl_days:
        if table not in tables:
            yield (
                f"aggregates_ttl_days.{table}: the pipeline has no aggregate with this name; it has "
                f"{', '.join(tables) or 'none'}"
            )


def _held_expiries(spec: PipelineSpec, kept: PipelineRetention) -> Iterator[str]:
    """A hold stands in either file."""
    for name in EXPIRIES if kept.legal_hold or spec.legal_hold else ():
        if getattr(kept, name):
            yield f"{name}: legal_hold keeps everything, but an expiry is set too; remove one of them"


def _platform_tables(stack: StackConfig) -> tuple[Table, ...]:
    health_ttl_seconds = days_to_seconds(stack.retention.health_ttl_days)
    return tuple(
        replace(
            table,
            ttl_seconds=health_ttl_seconds if table is PIPELINE_HEALTH else table.ttl_seconds,
            gc_grace_seconds=hours_to_seconds(stack.retention.gc_grace_hours),
        )
        for table in PLATFORM_TABLES
    )


def _with_retention(pipeline: Pipeline, stack: StackConfig) -> PipelineSpec:
    kept, spec = stack.retention.pipelines.get(pipeline.name, PipelineRetention()), pipeline.spec
    source = f"stack {stack.environment}, retention.pipelines.{pipeline.name}"
    if useless := [*_unknown_totals(spec, kept), *_held_expiries(spec, kept)]:
        raise ConfigError(source, useless)
    spec = _changed(
        spec,
        source=_changed(spec.source, retention_hours=kept.source_retention_hours),
        dead_letters=_changed(spec.dead_letters, retention_hours=kept.dead_letters_retention_hours),
        deduplication=_changed(spec.deduplication, horizon_hours=kept.deduplication_horizon_hours),
        rows=_changed(spec.rows, ttl_days=kept.rows_ttl_days),
        aggregates=[
            _changed(aggregate, ttl_days=kept.aggregates_ttl_days.get(aggregate.table)) for aggregate in spec.aggregates
        ],
        legal_hold=kept.legal_hold or None,
    )
    if problems := problems_of(spec, pipeline.schema):
        raise ConfigError(source, problems)
    return spec


def _with_workload(spec: PipelineSpec, stack: StackConfig) -> PipelineSpec:
    carried = stack.workload.pipelines.get(spec.name, PipelineWorkload())
    spec = _changed(spec, workload=_changed(spec.workload, **dict(carried)))
    if problems := list(workload_problems(spec)):
        raise ConfigError(f"stack {stack.environment}, workload.pipelines.{spec.name}", problems)
    return spec


def _changed(model: Model, **changes: object) -> Model:
    """The model with those of `changes` that are not None."""
    return model.model_copy(update={name: value for name, value in changes.items() if value is not None})
