"""Executes a planned migration in Cassandra, statement by statement, and records what it did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from cassandra import DriverException
from cassandra.cluster import NoHostAvailable, Session

from weir.catalog.database import Database
from weir.catalog.migration import Change, Migration, migration
from weir.catalog.platform import SCHEMA_HISTORY
from weir.config.errors import WeirError
from weir.incluster.database.describe import existing_schema

_INSERT = (
    f"INSERT INTO {SCHEMA_HISTORY.cql_name} (keyspace_name, at, position, subject, statement) "  # noqa: S608
    "VALUES (%s, %s, %s, %s, %s)"
)


def migrate(session: Session, wanted: Database, before_each: Callable[[Change], None] = lambda _: None) -> Migration:
    """Migrates keyspaces and tables to `wanted`. Returns the migration, which has no changes if all existed already.

    Args:
        session: returns rows as dictionaries.
        wanted: keyspaces, tables, and what may be dropped.
        before_each: called before each change; an exception from it ends the migration.

    Raises:
        ConfigError: the existing schema conflicts with `wanted`; nothing was changed.
        WeirError: Cassandra rejected a statement, or its nodes disagree. Earlier changes are kept, and a second run
            continues after them.
    """
    plan = migration(wanted, existing_schema(session))
    begun, done = datetime.now(UTC), list[Change]()
    try:
        for change in plan.changes:
            before_each(change)
            execute(session, change.statement)
            done.append(change)
    finally:
        _record(session, begun, done)
    return plan


def _record(session: Session, begun: datetime, done: list[Change]) -> None:
    known = session.execute(
        "SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s AND table_name = %s",
        (SCHEMA_HISTORY.keyspace, SCHEMA_HISTORY.name),
    )
    if known.one() is None:
        return  # It failed before the history table existed.
    for position, change in enumerate(done):
        session.execute(_INSERT, (change.keyspace, begun, position, change.subject, change.statement))


def execute(session: Session, statement: str, *, shown: str = "") -> None:
    """Runs a statement that changes the schema or a role, and waits until all nodes agree.

    Args:
        session: logged in as a role with the permission.
        statement: one CQL statement.
        shown: replaces the statement in errors, if it contains a password.

    Raises:
        WeirError: Cassandra rejects it, or nodes still disagree after the driver's wait.
    """
    name = shown or statement
    try:
        result = session.execute(statement)
    except (DriverException, NoHostAvailable) as error:
        raise WeirError(f"Cassandra refused `{name}`: {error}") from None
    if not result.response_future.is_schema_agreed:
        raise WeirError(
            f"Cassandra's nodes disagree about the schema after `{name}`; check `nodetool describecluster`, restore "
            "the node that is out of sync, and run this again"
        )
