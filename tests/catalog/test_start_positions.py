"""Where a job without state begins in a topic of somebody else's, as Flink's options."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.catalog.test_dedup_join_statements import FLIGHTS, definition, settings

from dedup_join.statements import job_statements
from weir.catalog.spec import PipelineSpec

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("start", "options"),
    [
        ("latest", ["'scan.startup.mode' = 'latest-offset'"]),
        ("group-offsets", ["'scan.startup.mode' = 'group-offsets'", "'properties.auto.offset.reset' = 'earliest'"]),
        (
            {"timestamp": "2026-03-01T01:00:00.0019+01:00"},
            ["'scan.startup.mode' = 'timestamp'", "'scan.startup.timestamp-millis' = '1772323200001'"],
        ),
    ],
)
def test_a_foreign_topic_is_read_from_where_its_file_says(start: object, options: list[str]) -> None:
    document = FLIGHTS.spec.model_dump(by_alias=True, exclude_unset=True)
    document["source"] |= {"owned": False, "start": start}
    pipeline = replace(FLIGHTS, spec=PipelineSpec.model_validate(document))
    source = definition(job_statements(pipeline, settings()), "_events")
    for option in options:
        assert option in source
