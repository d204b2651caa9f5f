"""A stack whose pipeline reads JSON: the registry has no subject of it, and no user may read one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.renderings import AIVEN, AIVEN_PRICES, rendered_with

pytestmark = pytest.mark.unit

ORDERS: dict[str, Any] = {
    "weir:pipelines": ["orders"],
    "weir:workload.pipelines": {},
    "weir:retention.pipelines": {},
}


def test_the_job_that_registers_subjects_has_none() -> None:
    documents = [
        resource.inputs["data"]["subjects.json"]
        for resource in rendered_with("dev", ORDERS).resources
        if "subjects.json" in (resource.inputs.get("data") or {})
    ]
    assert [json.loads(document) for document in documents] == [[]]


def test_aiven_gets_the_topics_and_no_schema() -> None:
    changes = {**ORDERS, "weir:kafka": AIVEN, "weir:prices": AIVEN_PRICES}
    types = [resource.type.rpartition(":")[2] for resource in rendered_with("staging", changes).resources]
    assert types.count("KafkaTopic") >= 2
    assert "KafkaSchema" not in types
    assert "KafkaSchemaRegistryAcl" not in types
