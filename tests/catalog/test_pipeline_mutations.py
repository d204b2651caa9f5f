"""Pipeline files with mistakes: each is refused in clear lines, or all that follows from it is made."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from tests.catalog.pipeline_mutations import candidates
from tests.catalog.pipeline_renderings import faults_of

from weir.catalog.avro_types import SchemaError, parse_avro

pytestmark = pytest.mark.unit

CANDIDATES = 100


def test_each_is_refused_in_clear_lines_or_everything_of_it_is_made(tmp_path: Path) -> None:
    told = {each.number: faults_of(each.write(tmp_path / str(each.number))) for each in candidates(CANDIDATES)}
    assert {number: fault for number, (_, fault) in told.items() if fault} == {}
    assert 0 < sum(accepted for accepted, _ in told.values()) < CANDIDATES


def test_an_earlier_version_of_a_schema_is_read_or_refused() -> None:
    for candidate in candidates(10 * CANDIDATES):
        with contextlib.suppress(SchemaError):
            parse_avro(candidate.schema)
