"""The limits of keys are Cassandra's own: it takes a key at the limit, and refuses one beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from cassandra import InvalidRequest

from weir.catalog.limits import KEY_PART_BYTES, MAX_KEY_BYTES
from weir.clients.cassandra import Access, admin_session

if TYPE_CHECKING:
    from cassandra.cluster import Session
    from tests.platforms import CassandraAddress

pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]

TABLES = {
    "single": "k text PRIMARY KEY",
    "composite": "a text, b text, PRIMARY KEY ((a, b))",
    "clustered": "k int, a text, d date, PRIMARY KEY (k, a, d)",
}
DATE_BYTES = 4


@pytest.fixture(scope="module")
def session(cassandra: CassandraAddress) -> Iterator[Session]:
    access = Access((f"{cassandra.host}:{cassandra.port}",), cassandra.datacenter)
    with admin_session(access) as opened:
        replication = f"{{'class': 'NetworkTopologyStrategy', '{cassandra.datacenter}': 1}}"
        opened.execute(f"CREATE KEYSPACE key_limits WITH replication = {replication}")
        for name, columns in TABLES.items():
            opened.execute(f"CREATE TABLE key_limits.{name} ({columns})")
        yield opened
        opened.execute("DROP KEYSPACE key_limits")


TAKEN = {
    "single": [("x" * MAX_KEY_BYTES,), ("\u20ac" * (MAX_KEY_BYTES // 3),)],
    "composite": [("", ""), ("", "x"), ("x" * (MAX_KEY_BYTES - 2 * KEY_PART_BYTES), "")],
    "clustered": [(1, "", "2025-01-01"), (1, "x" * (MAX_KEY_BYTES - DATE_BYTES), "2025-01-01")],
}
REFUSED = {
    "single": [("",), ("x" * (MAX_KEY_BYTES + 1),), ("\u20ac" * (MAX_KEY_BYTES // 3 + 1),)],
    "composite": [("x" * (MAX_KEY_BYTES - 2 * KEY_PART_BYTES), "x")],
    "clustered": [(1, "x" * (MAX_KEY_BYTES - DATE_BYTES + 1), "2025-01-01")],
}


@pytest.mark.parametrize("table", TABLES)
def test_a_key_within_the_limits_is_taken_and_one_beyond_them_refused(session: Session, table: str) -> None:
    names = [part.split()[0] for part in TABLES[table].split(", PRIMARY")[0].split(", ")]
    insert = session.prepare(
        f"INSERT INTO key_limits.{table} ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})"
    )
    for key in TAKEN[table]:
        session.execute(insert, key)
    for key in REFUSED[table]:
        with pytest.raises(InvalidRequest, match=r"Key (may not be empty|length of)"):
            session.execute(insert, key)
