"""Cassandra as the proof sees it: a session, the reference tables' content, and rows asked for by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from cassandra import ConsistencyLevel, DriverException
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import DCAwareRoundRobinPolicy, TokenAwarePolicy
from cassandra.query import PreparedStatement, tuple_factory

from weir.catalog.dataset import Dataset
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Derived, TruncationUnit
from weir.catalog.tables import Table
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.database.session import trusting
from weir.proof.dataset import listed, quoted, reference_rows

CONCURRENCY = 64


@contextmanager
def session_of(
    endpoints: Endpoints,
    *,
    consistency: int = ConsistencyLevel.LOCAL_QUORUM,
    timeout_seconds: int = 30,
) -> Iterator[Session]:
    """A session that is closed at the end; rows come as tuples.

    Raises:
        WeirError: no contact point answers.
    """
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(local_dc=endpoints.cassandra_datacenter)),
        consistency_level=consistency,
        request_timeout=timeout_seconds,
        row_factory=tuple_factory,
    )
    cluster = Cluster(
        contact_points=[_host_and_port(point) for point in endpoints.cassandra_contact_points],
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        # Version 5 is Cassandra 4.0's and later; trying the driver's newest first costs two connections.
        protocol_version=5,
        connect_timeout=timeout_seconds,
        control_connection_timeout=timeout_seconds,
        **_login_of(endpoints),
    )
    try:
        yield _connected(cluster, endpoints)
    finally:
        cluster.shutdown()


def load_references(endpoints: Endpoints, pipeline: Pipeline, dataset: Dataset) -> dict[str, int]:
    """Writes the dataset's reference rows into their tables; the number of rows of each table.

    Safe to repeat: the same rows are written over themselves, in one statement per row, many in flight.

    Raises:
        WeirError: Cassandra does not answer, a table is missing, or the dataset does not fit.
    """
    rows = reference_rows(pipeline, dataset)
    with session_of(endpoints) as session:
        for name, table in pipeline.reference_tables.items():
            try:
                execute_concurrent_with_args(session, insert_statement(session, table), rows[name], CONCURRENCY)
            except DriverException as error:
                raise WeirError(f"{table.qualified_name} cannot be filled: {error}; is the schema applied?") from None
    return {name: len(found) for name, found in rows.items()}


def insert_statement(session: Session, table: Table) -> PreparedStatement:
    """An idempotent INSERT of all columns, in the table's order."""
    marks = ", ".join("?" for _ in table.columns)
    statement = session.prepare(f"INSERT INTO {table.qualified_name} ({listed(table.columns)}) VALUES ({marks})")
    statement.is_idempotent = True
    return statement


def select_by_key(session: Session, table: Table) -> PreparedStatement:
    """A prepared read of one row by its primary key, in the key's order; only says whether the row is there."""
    where = " AND ".join(f"{quoted(name)} = ?" for name in table.primary_key)
    column = quoted(table.primary_key[0])
    statement = session.prepare(f"SELECT {column} FROM {table.qualified_name} WHERE {where}")
    statement.is_idempotent = True
    return statement


def row_key(pipeline: Pipeline, event: Mapping[str, Any]) -> tuple[Any, ...]:
    """The primary key of a decoded event's row, as the driver takes it."""
    derived = pipeline.spec.derived
    return tuple(
        _truncated(event[derived[name].source], derived[name]) if name in derived else event[name]
        for name in pipeline.row_table.primary_key
    )


def _truncated(instant: datetime, derived: Derived) -> datetime | date:
    match derived.truncate_to:
        case TruncationUnit.HOUR:
            return instant.replace(minute=0, second=0, microsecond=0)
        case TruncationUnit.DAY:
            return instant.date()
        case TruncationUnit.MONTH:
            return instant.date().replace(day=1)
        case TruncationUnit.YEAR:
            return instant.date().replace(month=1, day=1)


def _login_of(endpoints: Endpoints) -> dict[str, Any]:
    """The driver's options of a cluster that asks who calls."""
    if (login := endpoints.cassandra_login) is None:
        return {}
    provider = PlainTextAuthProvider(login.username, login.password.get_secret_value())
    return {"auth_provider": provider, "ssl_context": trusting(login.ca_file) if login.ca_file else None}


def _host_and_port(point: str) -> tuple[str, int]:
    host, _, port = point.rpartition(":")
    return host, int(port)


def _connected(cluster: Cluster, endpoints: Endpoints) -> Session:
    try:
        return cluster.connect()
    except (NoHostAvailable, DriverException) as error:
        points = ", ".join(endpoints.cassandra_contact_points)
        raise WeirError(f"Cassandra at {points} does not answer ({error}); is it running?") from None
