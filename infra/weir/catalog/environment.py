"""The pipelines of an environment: their files, with what the stack file says otherwise, checked anew together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from weir.catalog.checks import problems_of
from weir.catalog.dashboard import load_dashboard
from weir.catalog.dashboard_range import range_problems
from weir.catalog.pipeline import Pipeline, load_pipelines
from weir.catalog.platform import PIPELINE_HEALTH, PLATFORM_TABLES
from weir.catalog.retention import days_to_seconds, hours_to_seconds
from weir.catalog.shared_names import shared_names
from weir.catalog.spec import Engine, PipelineSpec
from weir.catalog.tables import Table
from weir.config.errors import ConfigError, Model
from weir.config.retention import PipelineRetention
from weir.config.stack import StackConfig


def load_environment(root: Path, stack: StackConfig, engine: Engine | None = None) -> list[Pipeline]:
    """The pipelines that `stack` runs, from the folders below `root`, as they are in this environment.

    Their dashboards, in the folder `dashboards` beside `root`, must not open with a time that has expired.
    With an `engine` all run on it, whatever their files say.

    Raises:
        ConfigError: a file is wrong, or what the stack says does not fit it.
    """
    pipelines = [in_environment(pipeline, stack) for pipeline in load_pipelines(root, list(stack.pipelines), engine)]
    if taken := list(shared_names(pipelines)):
        raise ConfigError(f"stack {stack.environment}, pipelines", taken)
    tables = [*platform_tables(stack), *(table for pipeline in pipelines for table in pipeline.tables)]
    folders = [root.parent / "dashboards" / pipeline.name for pipeline in pipelines]
    problems = [
        problem for folder in folders if folder.is_dir() for problem in range_problems(load_dashboard(folder), tables)
    ]
    if problems:
        raise ConfigError(f"stack {stack.environment}, retention", problems)
    return pipelines


def in_environment(pipeline: Pipeline, stack: StackConfig) -> Pipeline:
    """The pipeline with the stack's retention.

    Raises:
        ConfigError: names the fields of the stack file that do not fit the pipeline.
    """
    kept = stack.retention.pipelines.get(pipeline.name, PipelineRetention())
    source = f"stack {stack.environment}, retention.pipelines.{pipeline.name}"
    tables = [aggregate.table for aggregate in pipeline.spec.aggregates]
    unknown = [table for table in kept.aggregates_ttl_days if table not in tables]
    if unknown:
        raise ConfigError(
            source,
            [
                f"aggregates_ttl_days.{table}: the pipeline has no aggregate of this name; "
                f"it has {', '.join(tables) or 'none'}"
                for table in unknown
            ],
        )
    spec = _with_retention(pipeline.spec, kept)
    problems = problems_of(spec, pipeline.schema)
    if problems:
        raise ConfigError(source, problems)
    return replace(pipeline, spec=spec, gc_grace_seconds=hours_to_seconds(stack.retention.gc_grace_hours))


def platform_tables(stack: StackConfig) -> tuple[Table, ...]:
    """The platform's own tables, as they are in this environment."""
    health_ttl_seconds = days_to_seconds(stack.retention.health_ttl_days)
    return tuple(
        replace(
            table,
            ttl_seconds=health_ttl_seconds if table is PIPELINE_HEALTH else table.ttl_seconds,
            gc_grace_seconds=hours_to_seconds(stack.retention.gc_grace_hours),
        )
        for table in PLATFORM_TABLES
    )


def _with_retention(spec: PipelineSpec, kept: PipelineRetention) -> PipelineSpec:
    source = _changed(spec.source, retention_hours=kept.source_retention_hours)
    letters = _changed(spec.dead_letters, retention_hours=kept.dead_letters_retention_hours)
    deduplication = _changed(spec.deduplication, horizon_hours=kept.deduplication_horizon_hours)
    aggregates = [
        _changed(aggregate, ttl_days=kept.aggregates_ttl_days.get(aggregate.table)) for aggregate in spec.aggregates
    ]
    return _changed(
        spec,
        source=source,
        dead_letters=letters,
        deduplication=deduplication,
        rows=_changed(spec.rows, ttl_days=kept.rows_ttl_days),
        aggregates=aggregates,
        legal_hold=kept.legal_hold or None,
    )


def _changed(model: Model, **changes: object) -> Model:
    """The model with those of `changes` that are not None."""
    return model.model_copy(update={name: value for name, value in changes.items() if value is not None})
