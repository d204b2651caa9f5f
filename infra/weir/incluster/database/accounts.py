"""Applies the catalog's roles to Cassandra: logins, passwords, and exactly the permissions of each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
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
MARKER_ROLE = "weir_programs"
"""Has no login and no permission. Every role that weir made is a member: that tells them from roles of others."""


def secure_administrators(access: Access, standby: Access | None = None) -> tuple[str, ...]:
    """Creates both superusers in a new cluster and drops the default one. Returns what it did.

    If only one of them can log in, it sets the password of the other.

    Raises:
        WeirError: neither of them nor the default superuser can log in.
    """
    done = list(_administrator(access, standby))
    with admin_session(access) as session:
        if standby is not None:
            done += _apply_superuser(session, standby)
        if access.user != DEFAULT_SUPERUSER and DEFAULT_SUPERUSER in _roles(session):
            execute(session, f"DROP ROLE IF EXISTS {cql.name(DEFAULT_SUPERUSER)}")
            done.append(f"superuser {DEFAULT_SUPERUSER}: dropped")
    return tuple(done)


def _administrator(access: Access, standby: Access | None) -> list[str]:
    """Makes sure that `access` can log in, by whoever can: the one who stands by, or the default superuser."""
    default = access.as_role(DEFAULT_SUPERUSER, DEFAULT_SUPERUSER)
    others = [default] if standby is None else [standby, default]
    helper = _first_to_log_in([access, *others])
    if helper == access:
        return []
    with admin_session(helper) as session:
        return _apply_superuser(session, access)


def _apply_superuser(session: Session, login: Access) -> list[str]:
    """Makes sure that the superuser exists and has this password."""
    rights = f"PASSWORD = {cql.text(login.password)} AND LOGIN = true AND SUPERUSER = true"
    if login.user not in _roles(session):
        create = f"CREATE ROLE IF NOT EXISTS {cql.name(login.user)}"
        execute(session, f"{create} WITH {rights}", shown=create)
        return [f"superuser {login.user}: created"]
    if may_log_in(login):
        return []
    _change_password(session, login.user, rights)
    return [f"superuser {login.user}: password set"]


def _first_to_log_in(logins: Sequence[Access]) -> Access:
    """The first that can log in. Waits, because at the first start none exists yet; gives the last if none can."""
    deadline = time.monotonic() + DEFAULT_SUPERUSER_SECONDS
    while True:
        for login in logins:
            if may_log_in(login):
                return login
        if time.monotonic() > deadline:
            return logins[-1]
        time.sleep(PASSWORD_RETRY_SECONDS[0])


def apply_roles(access: Access, roles: tuple[Role, ...], passwords: Mapping[str, str]) -> tuple[str, ...]:
    """Creates each role with its password and permissions, as the superuser of `access`. Returns what it did.

    Revokes permissions of these roles that the catalog does not grant. A role that weir made for a pipeline that is
    gone loses its login and its permissions. Roles of others are left alone.

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
        done += _apply_marker(session, roles, known)
    return tuple(done)


def _apply_marker(session: Session, roles: tuple[Role, ...], known: Mapping[str, bool]) -> list[str]:
    """Marks the roles as weir's, and withdraws those that carry the mark and are not wanted any more."""
    if MARKER_ROLE not in known:
        execute(session, f"CREATE ROLE IF NOT EXISTS {cql.name(MARKER_ROLE)} WITH LOGIN = false AND SUPERUSER = false")
    members = "SELECT member FROM system_auth.role_members WHERE role = %s"
    marked = {row["member"] for row in session.execute(members, (MARKER_ROLE,))}
    wanted = {role.name for role in roles}
    for name in sorted(wanted - marked):
        execute(session, f"GRANT {cql.name(MARKER_ROLE)} TO {cql.name(name)}")
    return [line for name in sorted(marked - wanted) for line in _withdraw(session, name)]


def _withdraw(session: Session, name: str) -> list[str]:
    """Takes a role's login and permissions. It stays a member of the marker, and comes back with its pipeline."""
    done = _apply_grants(session, Role(name, ()))
    if any(row["login"] for row in session.execute("LIST ROLES") if row["role"] == name):
        execute(session, f"ALTER ROLE {cql.name(name)} WITH LOGIN = false")
        done.append(f"role {name}: login withdrawn, since no pipeline has it any more")
    return done


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
