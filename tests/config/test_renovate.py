"""Renovate finds every version that a comment marks for it."""

from __future__ import annotations

import json
import re

import pytest

from weir.config import versions
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit
VERSIONS = "infra/weir/config/versions.py"


def test_every_mark_is_matched_with_the_version_below_it() -> None:
    (manager,) = json.loads((REPOSITORY / "renovate.json").read_text(encoding="utf-8"))["customManagers"]
    (pattern,), (expression,) = manager["managerFilePatterns"], manager["matchStrings"]
    assert re.search(pattern.strip("/"), VERSIONS)
    text = (REPOSITORY / VERSIONS).read_text(encoding="utf-8")
    # JavaScript's named groups are Python's with a P.
    found = {m["depName"]: m["currentValue"] for m in re.finditer(expression.replace("(?<", "(?P<"), text)}
    assert len(found) == text.count("# renovate: datasource=")
    assert found["org.apache.kafka:kafka_2.13"] == versions.KAFKA
    assert found["org.apache.flink:flink-sql-connector-kafka"] == versions.FLINK_KAFKA_CONNECTOR
