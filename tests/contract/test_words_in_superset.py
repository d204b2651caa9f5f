"""Columns and tables called by words of SQL, from the real Cassandra through Trino to the SQL that Superset writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.waiting import wait_until
from trino.dbapi import connect

from weir.catalog import cql
from weir.catalog.dashboard_query import query_problems
from weir.catalog.tables import Table
from weir.catalog.types import ColumnType
from weir.clients.cassandra import session_of
from weir.clients.cassandra_rows import insert_statement
from weir.clients.superset import log_in
from weir.local import superset
from weir.local.provision import create_tables
from weir.local.service import LOOPBACK, Context

pytestmark = [pytest.mark.contract, pytest.mark.timeout(900)]

WORDS = ("order", "from", "token", "limit", "group", "table", "current_date")
ORDERS = Table("order", "from", dict.fromkeys(WORDS, ColumnType.BIGINT), ("order",), ("from",))
SQL = f'SELECT {cql.names(WORDS)} FROM "order"."from" WHERE "order" IN (1, 2)'
DATASET = {
    "sql": SQL,
    "columns": [{"column_name": word} for word in WORDS],
    "metrics": [{"metric_name": "m", "expression": 'SUM("from")'}],
}


@pytest.fixture(scope="module")
def ctx(dashboards: Context) -> Context:
    create_tables(dashboards.endpoints, [ORDERS])
    with session_of(dashboards.endpoints) as session:
        insert = insert_statement(session, ORDERS)
        for number in (1, 2):
            session.execute(insert, tuple(number * 10**place for place in range(len(WORDS))))
    # A Trino that runs already hears of a new keyspace a moment later.
    wait_until("Trino knows the keyspace", lambda: [ORDERS.keyspace] in asked(dashboards, "SHOW SCHEMAS"), 60)
    return dashboards


def asked(ctx: Context, sql: str) -> list[list[Any]]:
    """What Trino answers."""
    with connect(host=LOOPBACK, port=ctx.ports.trino, user="test", catalog="cassandra") as connection:
        return connection.cursor().execute(sql).fetchall()


@pytest.fixture
def administrator(ctx: Context) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ctx.endpoints.superset_url, trust_env=False, timeout=60) as client:
        log_in(client, superset.password_file(ctx).read_text(encoding="utf-8"))
        yield client


def test_trino_reads_them_in_double_quotes(ctx: Context) -> None:
    assert sorted(row[2] for row in asked(ctx, SQL)) == [100, 200]


def test_superset_groups_filters_and_adds_them_up(ctx: Context, administrator: httpx.Client) -> None:
    assert list(query_problems("datasets/orders.yaml", DATASET, (), {ORDERS.qualified_name: ORDERS})) == []
    address = f"trino://weir@{LOOPBACK}:{ctx.ports.trino}/cassandra"
    database = _made(administrator, "database", {"database_name": "words", "sqlalchemy_uri": address})
    dataset = _made(administrator, "dataset", {"database": database, "table_name": "words", "sql": SQL})
    metric = {"expressionType": "SQL", "sqlExpression": DATASET["metrics"][0]["expression"], "label": "m"}
    query = {
        "columns": [word for word in WORDS if word != "from"],
        "metrics": [metric],
        "filters": [{"col": word, "op": ">", "val": 0} for word in WORDS],
        "orderby": [["order", True]],
        "row_limit": 10,
    }
    asked = {"datasource": {"id": dataset, "type": "table"}, "queries": [query], "result_type": "full"}
    answer = administrator.post("/api/v1/chart/data", json=asked)
    assert answer.is_success, answer.text
    rows = answer.json()["result"][0]["data"]
    assert [(row["order"], row["m"], row["current_date"]) for row in rows] == [(1, 10, 10**6), (2, 20, 2 * 10**6)]


def _made(administrator: httpx.Client, kind: str, what: dict[str, Any]) -> int:
    """The number of the thing that Superset made."""
    answer = administrator.post(f"/api/v1/{kind}/", json=what)
    assert answer.is_success, answer.text
    return int(answer.json()["id"])
