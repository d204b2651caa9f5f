"""Subjects of the schema registry as values, and as the document that the job in the cluster reads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec_source import SourceFormat


@dataclass(frozen=True)
class Subject:
    """A subject, its newest schema as Avro's JSON, and how the schema may change."""

    name: str
    schema: str
    compatibility: str


def subjects_of(pipelines: Iterable[Pipeline]) -> tuple[Subject, ...]:
    """The subjects of `pipelines`: a source of JSON has none, and that of a topic of others is theirs."""
    return tuple(
        Subject(pipeline.subject, pipeline.schema.text, pipeline.spec.source.compatibility.value)
        for pipeline in pipelines
        if pipeline.spec.source.format is SourceFormat.AVRO and pipeline.spec.source.owned
    )


def subjects_to_json(subjects: Iterable[Subject]) -> str:
    """The document."""
    return json.dumps([asdict(subject) for subject in subjects], indent=2) + "\n"


def subjects_from_json(text: str) -> tuple[Subject, ...]:
    """What `subjects_to_json` wrote."""
    return tuple(Subject(**entry) for entry in json.loads(text))
