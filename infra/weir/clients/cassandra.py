"""Cassandra's client: sessions of who reads and writes rows, and of administrators; encrypted where a CA is given."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cassandra import AuthenticationFailed, ConsistencyLevel, DriverException
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.policies import DCAwareRoundRobinPolicy, TokenAwarePolicy
from cassandra.query import dict_factory, tuple_factory

from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

ROWS_TIMEOUT_SECONDS = 30
ADMINISTRATION_TIMEOUT_SECONDS = 60


class WrongPasswordError(WeirError):
    """Cassandra does not let this role in with this password."""


@dataclass(frozen=True)
class Access:
    """How to reach a cluster. Without `user` nobody is asked for a password.

    `ca_file` turns TLS on. The certificate of every node must then have the name of the first contact point.
    """

    contact_points: tuple[str, ...]
    """`host:port` each."""
    datacenter: str
    user: str = ""
    password: str = ""
    ca_file: Path | None = None
    consistency: int = ConsistencyLevel.LOCAL_QUORUM

    @classmethod
    def of(cls, endpoints: Endpoints) -> Access:
        """That of a platform's client."""
        points, datacenter = endpoints.cassandra_contact_points, endpoints.cassandra_datacenter
        if (login := endpoints.cassandra_login) is None:
            return cls(points, datacenter)
        return cls(points, datacenter, login.username, login.password.get_secret_value(), login.ca_file)

    def __repr__(self) -> str:
        return f"Access({self.user or 'nobody'} at {', '.join(self.contact_points)})"

    def as_role(self, user: str, password: str) -> Access:
        """The same cluster with another login."""
        return replace(self, user=user, password=password)


@contextmanager
def session_of(
    endpoints: Endpoints,
    *,
    consistency: int = ConsistencyLevel.LOCAL_QUORUM,
    timeout_seconds: int = ROWS_TIMEOUT_SECONDS,
) -> Iterator[Session]:
    """A session whose rows are tuples; closed at the end.

    Raises:
        WrongPasswordError: the login is refused.
        WeirError: no contact point answers.
    """
    access = replace(Access.of(endpoints), consistency=consistency)
    with _opened(access, tuple_factory, timeout_seconds) as session:
        yield session


@contextmanager
def admin_session(access: Access) -> Iterator[Session]:
    """A session whose rows are dictionaries; closed at the end.

    Raises:
        WrongPasswordError: the login is refused.
        WeirError: no contact point answers.
    """
    with _opened(access, dict_factory, ADMINISTRATION_TIMEOUT_SECONDS) as session:
        yield session


def may_log_in(access: Access) -> bool:
    """True where the role exists, may log in, and has this password."""
    try:
        with admin_session(access):
            return True
    except WrongPasswordError:
        return False


@contextmanager
def _opened(access: Access, row_factory: Callable[..., Any], timeout_seconds: int) -> Iterator[Session]:
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(local_dc=access.datacenter)),
        consistency_level=access.consistency,
        request_timeout=timeout_seconds,
        row_factory=row_factory,
    )
    points = [(host, int(port)) for host, _, port in (point.rpartition(":") for point in access.contact_points)]
    cluster = Cluster(
        points,
        # That of the nodes which no contact point names.
        port=points[0][1],
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        auth_provider=PlainTextAuthProvider(access.user, access.password) if access.user else None,
        ssl_context=_trusting(access.ca_file) if access.ca_file else None,
        # Peers are met at addresses of pods, which no certificate has: each must show the name that we asked for.
        ssl_options={"server_hostname": points[0][0]} if access.ca_file else None,
        # Version 5 is Cassandra 4.0's and later; trying the driver's newest first costs two connections.
        protocol_version=5,
        connect_timeout=timeout_seconds,
        control_connection_timeout=timeout_seconds,
    )
    try:
        yield _connected(cluster, access)
    finally:
        cluster.shutdown()


def _trusting(ca_file: Path) -> ssl.SSLContext:
    """Trusts that CA alone, and checks the name of the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca_file)
    return context


def _connected(cluster: Cluster, access: Access) -> Session:
    try:
        return cluster.connect()
    except (NoHostAvailable, DriverException) as error:
        refused = (error.errors or {}).values() if isinstance(error, NoHostAvailable) else [error]
        if any(isinstance(each, AuthenticationFailed) for each in refused):
            user = access.user or "nobody"
            raise WrongPasswordError(f"Cassandra refused the login of {user}; correct its secret") from None
        points = ", ".join(access.contact_points)
        raise WeirError(f"Cassandra at {points} does not answer ({error}); check that it is running") from None
