"""A connection to Cassandra as an administrator, or as any role, encrypted where a CA is given."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cassandra import AuthenticationFailed, ConsistencyLevel, DriverException
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.policies import DCAwareRoundRobinPolicy, TokenAwarePolicy
from cassandra.query import dict_factory

from weir.config.errors import WeirError

TIMEOUT_SECONDS = 60


class WrongPasswordError(WeirError):
    """Cassandra does not let this role in with this password."""


@dataclass(frozen=True)
class Access:
    """How to reach a cluster. `ca_file` turns TLS on; without `user` nobody is asked for a password."""

    contact_points: tuple[str, ...]
    """`host:port` each."""
    datacenter: str
    user: str = ""
    password: str = ""
    ca_file: Path | None = None
    consistency: int = ConsistencyLevel.LOCAL_QUORUM

    def __repr__(self) -> str:
        return f"Access({self.user or 'nobody'} at {', '.join(self.contact_points)})"

    def as_role(self, user: str, password: str) -> Access:
        """The same cluster with another login."""
        return replace(self, user=user, password=password)


@contextmanager
def session_of(access: Access) -> Iterator[Session]:
    """A session whose rows are dictionaries; closed at the end.

    Raises:
        WrongPasswordError: the login is refused.
        WeirError: no contact point answers.
    """
    cluster = _cluster(access)
    try:
        yield _connected(cluster, access)
    finally:
        cluster.shutdown()


def may_log_in(access: Access) -> bool:
    """True where the role exists, may log in, and has this password."""
    try:
        with session_of(access):
            return True
    except WrongPasswordError:
        return False


def _cluster(access: Access) -> Cluster:
    hosts = [point.rsplit(":", 1) for point in access.contact_points]
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(local_dc=access.datacenter)),
        consistency_level=access.consistency,
        request_timeout=TIMEOUT_SECONDS,
        row_factory=dict_factory,
    )
    return Cluster(
        [host for host, _ in hosts],
        port=int(hosts[0][1]),
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        auth_provider=PlainTextAuthProvider(access.user, access.password) if access.user else None,
        ssl_context=trusting(access.ca_file) if access.ca_file else None,
        protocol_version=5,
        connect_timeout=TIMEOUT_SECONDS,
        control_connection_timeout=TIMEOUT_SECONDS,
    )


def trusting(ca_file: Path) -> ssl.SSLContext:
    """Trusts that CA alone, which signs nothing but nodes: they are met by addresses that no certificate carries."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(ca_file)
    return context


def _connected(cluster: Cluster, access: Access) -> Session:
    try:
        return cluster.connect()
    except (NoHostAvailable, DriverException) as error:
        refused = (error.errors or {}).values() if isinstance(error, NoHostAvailable) else [error]
        if any(isinstance(each, AuthenticationFailed) for each in refused):
            user = access.user or "nobody"
            raise WrongPasswordError(f"Cassandra refuses the login of {user}; correct its secret") from None
        points = ", ".join(access.contact_points)
        raise WeirError(f"Cassandra at {points} does not answer ({error}); is it running?") from None
