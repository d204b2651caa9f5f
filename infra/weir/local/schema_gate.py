"""The schema gate: a pipeline's schema against its earlier versions, in the registry or in the history of git."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from weir.catalog.avro import earlier_schema
from weir.catalog.avro_types import SchemaError
from weir.catalog.compatibility import Finding, Rule, Version, changed_columns, judge
from weir.catalog.json_columns import COLUMNS_PLACE, changed_format, changed_reading, earlier_columns, json_schema
from weir.catalog.pipeline import PIPELINE_FILE, Pipeline
from weir.catalog.spec_source import JsonColumn, SourceFormat
from weir.clients import registry
from weir.config.errors import WeirError, parse


def findings_of(pipeline: Pipeline, earlier: Sequence[Version], rule: Rule | None = None) -> list[Finding]:
    """What `rule` (that of the pipeline file by default) forbids, and what its tables cannot follow.

    Columns of JSON have no rule: forbidden is what would read earlier events as something else. So is another format,
    unless the topic is another one, too.

    Raises:
        WeirError: a version is no Avro schema.
    """
    if not earlier:
        return []
    try:
        found, place = _unreadable(pipeline, earlier, rule)
        before = earlier_columns(earlier[-1].text) or earlier_schema(earlier[-1].text)
    except SchemaError as error:
        raise WeirError(f"{pipeline.subject}: {error}") from None
    known = {finding.mismatch.field for finding in found}
    columns = changed_columns(pipeline.schema, before, earlier[-1].origin, place)
    return found + [finding for finding in columns if finding.mismatch.field not in known]


def _unreadable(pipeline: Pipeline, earlier: Sequence[Version], rule: Rule | None) -> tuple[list[Finding], str]:
    """What earlier events would become, and where the pipeline declares its fields."""
    source, last = pipeline.spec.source, earlier[-1]
    columns = earlier_columns(last.text)
    place = COLUMNS_PLACE if source.format is SourceFormat.JSON else "fields"
    before = SourceFormat.AVRO if columns is None else SourceFormat.JSON
    if columns or before is not source.format:
        if last.topic not in (None, source.topic):
            return [], place
        found = changed_format(source.format, before, last.origin)
        return found or (changed_reading(pipeline.schema, columns, last.origin) if columns else []), place
    avro = [version for version in earlier if earlier_columns(version.text) is None]
    return judge(pipeline.schema.text, avro, rule or Rule(source.compatibility)), place


def registered_versions(registry_url: str, subject: str) -> list[Version]:
    """All versions that the registry has of `subject`, oldest first; none where it does not know it.

    Raises:
        WeirError: the registry does not answer, or refuses.
    """
    try:
        found = registry.versions_of(registry_url, subject)
    except registry.NoAnswerError as error:
        raise WeirError(
            f"{error} Start it with `weir up`, set --registry-url, or compare with git using --against <revision>."
        ) from None
    return [Version(f"version {number} in the registry", text) for number, text in found]


def committed_versions(repository: Path, pipeline: Pipeline, revision: str) -> list[Version]:
    """The versions of the pipeline's schema up to `revision`, oldest first; none where it has no such pipeline.

    The schema file is the one that the pipeline file of `revision` names. Where that reads JSON, its columns are the
    only version.

    Raises:
        WeirError: git knows no such revision, or the columns of its pipeline file are wrong.
    """
    commit = _git(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit is None:
        raise WeirError(f"--against {revision}: git does not know this revision; fetch it, or name another one")
    folder = pipeline.folder.resolve().relative_to(repository.resolve())
    declared = _git(repository, "show", f"{commit.strip()}:{folder / PIPELINE_FILE}")
    if declared is None:
        return []
    source = yaml.safe_load(declared).get("source", {})
    if source.get("format") == SourceFormat.JSON:
        origin = f"{folder / PIPELINE_FILE} at {commit.strip()[:10]}"
        return [Version(origin, json_schema(_columns_of(source, origin)).text, source.get("topic"))]
    path = folder / source.get("schema_file", pipeline.spec.source.schema_file or "")
    changes = (_git(repository, "log", "--format=%H", "--reverse", commit.strip(), "--", str(path)) or "").split()
    texts = [(change, _git(repository, "show", f"{change}:{path}")) for change in changes]
    topic = source.get("topic")
    return [Version(f"{path} at {change[:10]}", text, topic) for change, text in texts if text is not None]


def _columns_of(source: dict[str, Any], origin: str) -> dict[str, JsonColumn]:
    columns = source.get("columns") or {}
    return {name: parse(JsonColumn, declared, f"{origin}, source.columns.{name}") for name, declared in columns.items()}


def _git(repository: Path, *arguments: str) -> str | None:
    """What git prints; None when it refuses."""
    result = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False)
    return result.stdout if result.returncode == 0 else None
