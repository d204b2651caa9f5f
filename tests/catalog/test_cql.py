"""CQL takes any name: what it reserves is a column, a table, a keyspace and a role as well as any other word."""

from __future__ import annotations

import pytest

from weir.catalog import cql
from weir.catalog.roles import Grant
from weir.catalog.tables import Table, create_keyspace_statement
from weir.catalog.types import ColumnType

pytestmark = pytest.mark.unit

TABLE = Table(
    keyspace="order",
    name="from",
    columns=dict.fromkeys(("token", "limit", "select"), ColumnType.TEXT),
    partition_key=("token",),
    clustering_key=("limit",),
)


def test_quotes_within_a_name_or_a_text_are_doubled() -> None:
    assert cql.name('a"b') == '"a""b"'
    assert cql.text("it's") == "'it''s'"


def test_a_table_of_reserved_words_is_quoted_in_every_place() -> None:
    statement = TABLE.create_statement()
    assert statement.startswith('CREATE TABLE IF NOT EXISTS "order"."from" (\n  "token" text,\n  "limit" text')
    assert 'PRIMARY KEY (("token"), "limit")' in statement
    assert create_keyspace_statement("order", {"dc1": 1}).startswith('CREATE KEYSPACE IF NOT EXISTS "order" WITH')


def test_permissions_name_reserved_words_in_quotes() -> None:
    assert Grant("SELECT", "order").resource == 'KEYSPACE "order"'
    assert Grant("SELECT", "order", "from").resource == 'TABLE "order"."from"'


def test_conditions_and_assignments_take_parameters() -> None:
    assert cql.equal(["token", "limit"]) == '"token" = ? AND "limit" = ?'
    assert cql.equal(["token", "limit"], ", ") == '"token" = ?, "limit" = ?'
