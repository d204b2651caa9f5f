"""The schema gate: a pipeline's schema against its earlier versions, in the registry or in the history of git."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import yaml

from weir.catalog.avro import earlier_schema
from weir.catalog.avro_types import SchemaError
from weir.catalog.compatibility import Finding, Rule, Version, changed_columns, judge
from weir.catalog.pipeline import PIPELINE_FILE, Pipeline
from weir.clients import registry
from weir.config.errors import WeirError


def findings_of(pipeline: Pipeline, earlier: Sequence[Version], rule: Rule | None = None) -> list[Finding]:
    """What `rule` (that of the pipeline file by default) forbids, and what its tables cannot follow.

    Raises:
        WeirError: a version is no Avro schema.
    """
    if not earlier:
        return []
    chosen = rule or Rule(pipeline.spec.source.compatibility)
    try:
        found = judge(pipeline.schema.text, earlier, chosen)
        last = earlier_schema(earlier[-1].text)
    except SchemaError as error:
        raise WeirError(f"{pipeline.subject}: {error}") from None
    known = {finding.mismatch.field for finding in found}
    columns = changed_columns(pipeline.schema, last, earlier[-1].origin)
    return found + [finding for finding in columns if finding.mismatch.field not in known]


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

    The schema file is the one that the pipeline file of `revision` names.

    Raises:
        WeirError: git knows no such revision.
    """
    commit = _git(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit is None:
        raise WeirError(f"--against {revision}: git does not know this revision; fetch it, or name another one")
    folder = pipeline.folder.resolve().relative_to(repository.resolve())
    declared = _git(repository, "show", f"{commit.strip()}:{folder / PIPELINE_FILE}")
    if declared is None:
        return []
    path = folder / _schema_file(declared, pipeline)
    changes = (_git(repository, "log", "--format=%H", "--reverse", commit.strip(), "--", str(path)) or "").split()
    texts = [(change, _git(repository, "show", f"{change}:{path}")) for change in changes]
    return [Version(f"{path} at {change[:10]}", text) for change, text in texts if text is not None]


def _schema_file(declared: str, pipeline: Pipeline) -> str:
    document = yaml.safe_load(declared)
    return document.get("source", {}).get("schema_file", pipeline.spec.source.schema_file)


def _git(repository: Path, *arguments: str) -> str | None:
    """What git prints; None when it refuses."""
    result = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False)
    return result.stdout if result.returncode == 0 else None
