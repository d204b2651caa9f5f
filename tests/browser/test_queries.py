"""What the dashboard's datasets ask of Trino, and Trino of Cassandra."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.browser.served import Served, import_flights
from trino.dbapi import Connection, connect

from weir.catalog.dashboard import load_dashboard
from weir.clients.superset import log_in
from weir.config.repository import REPOSITORY
from weir.local.service import LOOPBACK

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

DATASETS = load_dashboard(REPOSITORY / "dashboards" / "flights").of("datasets")


@pytest.fixture(scope="module")
def api(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.ctx.endpoints.superset_url, trust_env=False, timeout=120) as client:
        log_in(client, served.password_file.read_text(encoding="utf-8"))
        yield client


@pytest.fixture(scope="module")
def trino(served: Served) -> Iterator[Connection]:
    with connect(host=LOOPBACK, port=served.ctx.ports.trino, user="test", catalog="cassandra") as connection:
        yield connection


def identifiers(api: httpx.Client) -> dict[str, int]:
    """The UUID of every dataset in Superset -> its id."""
    answer = api.get("/api/v1/dataset/", params={"q": "(page_size:100)"}).raise_for_status().json()
    return {entry["uuid"]: entry["id"] for entry in answer["result"]}


def rendered(api: httpx.Client, dataset: dict[str, Any], time_range: str) -> str:
    """The SQL that a chart of `dataset` runs under a dashboard's time filter."""
    column = dataset["main_dttm_col"]
    query = {
        "columns": [entry["column_name"] for entry in dataset["columns"]],
        "metrics": [],
        "filters": [{"col": column, "op": "TEMPORAL_RANGE", "val": time_range}],
        "row_limit": 10,
    }
    body = {
        "datasource": {"id": identifiers(api)[dataset["uuid"]], "type": "table"},
        "queries": [query],
        "result_type": "query",
        "result_format": "json",
    }
    result = api.post("/api/v1/chart/data", json=body).raise_for_status().json()["result"][0]
    assert not result.get("error"), result["error"]
    return result["query"].rstrip().rstrip(";")


def plan(trino: Connection, sql: str) -> str:
    cursor = trino.cursor()
    cursor.execute(f"EXPLAIN {sql}")
    return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.parametrize("path", DATASETS)
@pytest.mark.parametrize(
    ("time_range", "partitions"),
    [("No filter", 13), ("2013-03-15 : 2013-05-01", 2), ("2013-01-01 : 2014-01-02", 13)],
)
def test_a_dataset_reads_the_partitions_of_its_time_filter_and_no_more(
    path: str, time_range: str, partitions: int, api: httpx.Client, trino: Connection
) -> None:
    dataset = DATASETS[path]
    text = plan(trino, rendered(api, dataset, time_range))
    found = re.findall(r"relationHandle=[\w:]+ (\d+) partitions", text)
    # The monitor's partitions are days, today's and yesterday's, of which Trino leaves out one that does not exist.
    expected = {"1", "2"} if dataset["main_dttm_col"] == "at" else {str(partitions)}
    assert found, text
    assert set(found) <= expected


def test_importing_again_changes_nothing(served: Served, api: httpx.Client) -> None:
    def assets() -> dict[str, Any]:
        found = {}
        for kind in ("database", "dataset", "chart", "dashboard"):
            answer = api.get(f"/api/v1/{kind}/", params={"q": "(page_size:100)"}).raise_for_status().json()
            found[kind] = sorted((entry["id"], entry.get("uuid", "")) for entry in answer["result"])
        return found

    before = assets()
    assert import_flights(served.ctx, served.pipeline) == served.url
    assert assets() == before
