"""Allows one migration at a time, with a lightweight transaction in Cassandra, which works on any node."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from weir.catalog.platform import SCHEMA_LOCK
from weir.catalog.tables import create_keyspace_statement
from weir.config.errors import WeirError
from weir.incluster.database.migrate import execute

if TYPE_CHECKING:
    from cassandra.cluster import Session

LEASE_SECONDS = 120
"""If the holder dies, the lock expires after this time. A live holder renews it before each change."""
_NAME = "schema"
_ACQUIRE = f"INSERT INTO {SCHEMA_LOCK.cql_name} (name, holder) VALUES (%s, %s) IF NOT EXISTS USING TTL %s"  # noqa: S608
_RENEW = f"UPDATE {SCHEMA_LOCK.cql_name} USING TTL %s SET holder = %s WHERE name = %s IF holder = %s"  # noqa: S608
_RELEASE = f"DELETE FROM {SCHEMA_LOCK.cql_name} WHERE name = %s IF holder = %s"  # noqa: S608


@contextmanager
def schema_lock(
    session: Session, holder: str, replication: dict[str, int], *, wait_seconds: float = 2 * LEASE_SECONDS
) -> Iterator[Callable[[], None]]:
    """Holds the lock during the block; yields the function that renews it.

    Args:
        session: returns rows as dictionaries.
        holder: a unique name for this run.
        replication: copies in each datacenter, for the lock's keyspace if it does not exist yet.
        wait_seconds: how long to wait for another holder.

    Raises:
        WeirError: another run holds the lock, or it was lost.
    """
    execute(session, create_keyspace_statement(SCHEMA_LOCK.keyspace, replication))
    execute(session, SCHEMA_LOCK.create_statement())
    deadline = time.monotonic() + wait_seconds
    while (other := _other_holder(session, holder)) is not None:
        if time.monotonic() > deadline:
            raise WeirError(f"{other} is changing Cassandra's schema; wait until it has finished, then run this again")
        time.sleep(min(2.0, wait_seconds / 10))

    def renew() -> None:
        if not session.execute(_RENEW, (LEASE_SECONDS, holder, _NAME, holder)).was_applied:
            raise WeirError("another run has taken the schema lock; wait until it has finished, then run this again")

    try:
        yield renew
    finally:
        session.execute(_RELEASE, (_NAME, holder))


def _other_holder(session: Session, holder: str) -> str | None:
    """Tries to take the lock. Returns None on success, otherwise the current holder."""
    row = session.execute(_ACQUIRE, (_NAME, holder, LEASE_SECONDS)).one()
    return None if row["[applied]"] or row.get("holder") == holder else str(row.get("holder"))
