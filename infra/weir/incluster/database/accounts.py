"""Applies the catalog's roles to Cassandra: logins, passwords, and exactly the permissions of each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from weir.catalog import cql
from weir.catalog.roles import Role
from weir.clients.cassandra import Access, admin_session, may_log_in
from weir.config.errors import WeirError
from weir.incluster.database.migrate import execute

if TYPE_CHECKING:
    from cassandra.cluster import Session

DEFAULT_SUPERUSER = "cassandra"
"""The role that Cassandra creates in an empty cluster; its password equals its name."""
DEFAULT_SUPERUSER_SECONDS = 30.0
"""An empty cluster creates this role ten seconds after it accepts clients; on a busy machine it takes longer."""
PASSWORD_RETRY_SECONDS = (6.0, 12.0)


def secure_administrator(access: Access) -> tuple[str, ...]:
    """Creates the superuser of `access` in a new cluster and drops the default one. Returns what it did.

    Raises:
        WeirError: neither `access` nor the default superuser can log in.
    """
    done = []
    default = access.as_role(DEFAULT_SUPERUSER, DEFAULT_SUPERUSER)
    if not _either_may_log_in(access, default):
        with admin_session(default) as session:
            login = f"PASSWORD = {cql.text(access.password)} AND LOGIN = true AND SUPERUSER = true"
            execute(
                session,
                f"CREATE ROLE IF NOT EXISTS {cql.name(access.user)} WITH {login}",
                shown=f"CREATE ROLE {access.user}",
            )
        done.append(f"superuser {access.user}: created")
    with admin_session(access) as session:
        if access.user != DEFAULT_SUPERUSER and DEFAULT_SUPERUSER in _roles(session):
            execute(session, f"DROP ROLE IF EXISTS {cql.name(DEFAULT_SUPERUSER)}")
            done.append(f"superuser {DEFAULT_SUPERUSER}: dropped")
    return tuple(done)


def _either_may_log_in(access: Access, default: Access) -> bool:
    """Whether `access` can log in. Waits until it or `default` can, because at the first start neither exists yet."""
    deadline = time.monotonic() + DEFAULT_SUPERUSER_SECONDS
    while True:
        if may_log_in(access):
            return True
        if may_log_in(default) or time.monotonic() > deadline:
            return False
        time.sleep(PASSWORD_RETRY_SECONDS[0])


def apply_roles(access: Access, roles: tuple[Role, ...], passwords: Mapping[str, str]) -> tuple[str, ...]:
    """Creates each role with its password and permissions, as the superuser of `access`. Returns what it did.

    Revokes permissions of these roles that the catalog does not grant. Other roles are left alone.

    Raises:
        WeirError: a role has no password, or Cassandra rejects a statement.
    """
    missing = sorted({role.name for role in roles} - {name for name, password in passwords.items() if password})
    if missing:
        raise WeirError(f"no password for the roles {', '.join(missing)}; create a secret for each")
    done: list[str] = []
    with admin_session(access) as session:
        known = _roles(session)
        for role in roles:
            done += _apply_login(session, access.as_role(role.name, passwords[role.name]), known)
            done += _apply_grants(session, role)
    return tuple(done)


def _apply_login(session: Session, login: Access, known: Mapping[str, bool]) -> list[str]:
    """Makes sure that the role exists, has this password and is no superuser. A login shows if the password differs."""
    name, password = login.user, f"PASSWORD = {cql.text(login.password)} AND LOGIN = true"
    if name not in known:
        create = f"CREATE ROLE IF NOT EXISTS {cql.name(name)}"
        execute(session, f"{create} WITH {password} AND SUPERUSER = false", shown=create)
        return [f"role {name}: created"]
    done = []
    if known[name]:
        execute(session, f"ALTER ROLE {cql.name(name)} WITH SUPERUSER = false")
        done.append(f"role {name}: no longer a superuser")
    if not may_log_in(login):
        _change_password(session, name, password)
        done.append(f"role {name}: password set")
    return done


def _change_password(session: Session, name: str, password: str) -> None:
    """Sets the password. Cassandra rejects a second change of a role within some seconds, so retries after a wait."""
    statement = f"ALTER ROLE {cql.name(name)} WITH {password}"
    for wait_seconds in PASSWORD_RETRY_SECONDS:
        try:
            return execute(session, statement, shown=f"ALTER ROLE {name}")
        except WeirError as error:
            if "can only be changed every" not in str(error):
                raise
            time.sleep(wait_seconds)
    return execute(session, statement, shown=f"ALTER ROLE {name}")


def _apply_grants(session: Session, role: Role) -> list[str]:
    given = _grants(session, role.name)
    wanted = {(grant.permission, grant.resource) for grant in role.grants}
    done = []
    for permission, resource in sorted(wanted - given):
        execute(session, f"GRANT {permission} ON {resource} TO {cql.name(role.name)}")
        done.append(f"role {role.name}: granted {permission} on {resource}")
    for permission, resource in sorted(given - wanted):
        execute(session, f"REVOKE {permission} ON {resource} FROM {cql.name(role.name)}")
        done.append(f"role {role.name}: revoked {permission} on {resource}")
    return done


def _roles(session: Session) -> dict[str, bool]:
    """Whether each role is a superuser."""
    return {row["role"]: bool(row["super"]) for row in session.execute("LIST ROLES")}


def _grants(session: Session, role: str) -> set[tuple[str, str]]:
    """The role's own permissions as pairs of permission and resource, in the syntax of GRANT."""
    found = set()
    for row in session.execute(f"LIST ALL PERMISSIONS OF {cql.name(role)} NORECURSIVE"):
        found.add((row["permission"], _resource(row["resource"])))
    return found


def _resource(text: str) -> str:
    """Converts `<keyspace flights>` or `<table flights.planes>` to the syntax of GRANT; other kinds in upper case."""
    kind, _, name = text.strip("<>").rpartition(" ")
    if kind in {"keyspace", "table"}:
        name = cql.path(name)
    return f"{kind.upper()} {name}" if kind else name.upper()
