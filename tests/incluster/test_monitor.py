"""A part of a pipeline's health that cannot be told hides nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from weir.catalog.pipeline import load_pipeline
from weir.clients.counters import Totals
from weir.clients.flink_rest import FlinkRest
from weir.clients.loader_log import LoaderLog
from weir.config.endpoints import Endpoints
from weir.config.repository import REPOSITORY
from weir.incluster.monitor import PipelineMonitor, Row

pytestmark = pytest.mark.unit

NOBODY = "http://127.0.0.1:9"
ENDPOINTS = Endpoints(
    kafka_bootstrap_servers="127.0.0.1:9",
    registry_url=NOBODY,
    cassandra_contact_points=("127.0.0.1:9",),
    cassandra_datacenter="dc1",
    flink_url=NOBODY,
    streams_url=NOBODY,
    loader_url=NOBODY,
    trino_url=NOBODY,
    superset_url=NOBODY,
)


class Stricken(PipelineMonitor):
    """One part after the other fails in a way that nobody thought of."""

    def _lag(self, row: Row) -> Row:
        raise KeyError(7)

    def _fresh(self, _: Row) -> Row:
        raise OverflowError("date value out of range")


def test_the_state_is_told_whatever_else_fails(caplog: pytest.LogCaptureFixture) -> None:
    pipeline = load_pipeline(REPOSITORY / "pipelines" / "flights")
    now = datetime.now(UTC)
    monitor = Stricken(ENDPOINTS, pipeline, FlinkRest(NOBODY), Totals({"received": 5}), LoaderLog())
    try:
        row = monitor.health(now)
    finally:
        monitor.close()
    assert row["state"] == "UNKNOWN"
    assert "does not answer" in row["last_failure"]
    assert (row["pipeline"], row["at"], row["received"]) == ("flights", now, 5)
    assert "OverflowError" in caplog.text
    assert "KeyError" in caplog.text
