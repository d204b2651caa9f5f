"""Queries of dashboards over tables and columns that are called by words of Trino's SQL."""

from __future__ import annotations

import pytest

from weir.catalog.dashboard_query import query_problems
from weir.catalog.tables import Table
from weir.catalog.types import ColumnType

pytestmark = pytest.mark.unit


SQL = 'SELECT "order", "token", "limit" FROM "from"."order" WHERE "order" IN (1, 2)'


def reserved(sql: str, expression: str, *more: str) -> str:
    """What is wrong with a dataset of a table called `order` in a keyspace called `from`; empty when nothing."""
    table = Table("from", "order", dict.fromkeys(("order", "token", "limit", *more), ColumnType.BIGINT), ("order",))
    asset = {
        "sql": sql,
        "columns": [{"column_name": name} for name in table.columns],
        "metrics": [{"metric_name": "m", "expression": expression}],
    }
    return "\n".join(query_problems("datasets/orders.yaml", asset, (), {table.qualified_name: table}))


def test_words_of_sql_are_names_in_double_quotes() -> None:
    assert not reserved(SQL, 'SUM("order") - MAX(token)')


def test_words_of_sql_without_quotes_are_named_with_the_remedy() -> None:
    told = reserved(SQL.replace('SELECT "order"', "SELECT order"), "SUM(order)")
    assert "datasets/orders.yaml: sql: 'order' is an SQL keyword; quote a name as \"order\"" in told
    assert "datasets/orders.yaml: metrics.m: 'order' is an SQL keyword" in told


def test_a_column_that_superset_does_not_quote_needs_another_name() -> None:
    assert "columns.trim: Trino reserves the word, and Superset does not quote it" in reserved(
        SQL, "SUM(token)", "trim"
    )
