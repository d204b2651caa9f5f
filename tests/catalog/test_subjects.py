"""Subjects as the document that the job in the cluster reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from weir.catalog.pipeline import load_pipeline
from weir.catalog.subjects import subjects_from_json, subjects_of, subjects_to_json

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(Path(__file__).parents[2] / "pipelines" / "flights")


def test_the_document_holds_subject_schema_and_rule():
    (subject,) = subjects_of([FLIGHTS])
    assert subject.name == "flights.events-value"
    assert subject.schema == FLIGHTS.schema.text
    assert subject.compatibility == "BACKWARD"
    assert subjects_from_json(subjects_to_json([subject])) == (subject,)
