"""The schema-and-roles job. It runs in the cluster after each change of the catalog, before the pipelines' jobs.

It can be run at any time and repeatedly. It reads secrets from files and never prints one.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
import time
from pathlib import Path

from weir.catalog.database import Database
from weir.catalog.migration import Change
from weir.clients.cassandra import Access, admin_session, may_log_in
from weir.config.errors import WeirError
from weir.config.jobs import mounted_secret, mounted_secrets, tell
from weir.incluster.database.accounts import apply_roles, secure_administrators
from weir.incluster.database.lock import schema_lock
from weir.incluster.database.migrate import migrate

RETRY_SECONDS = 5


def main(arguments: list[str] | None = None) -> int:
    """Runs the job. Returns 0 if schema and roles match the file, 1 if something must be fixed first."""
    options = _options(arguments)
    try:
        wanted = Database.from_json(options.database.read_text(encoding="utf-8"))
        access, standby = _access(options, options.administrator), None
        if options.standby:
            standby = _access(options, options.standby)
        _wait_for(access, options.wait_seconds)
        apply(access, wanted, mounted_secrets(options.roles), standby)
    except WeirError as error:
        tell(str(error))
        return 1
    return 0


def apply(access: Access, wanted: Database, passwords: dict[str, str], standby: Access | None = None) -> None:
    """Applies the administrators, the schema and then the roles, and prints the changes.

    Raises:
        WeirError: the file conflicts with what exists; earlier changes are kept.
    """
    if access.user:
        tell(*secure_administrators(access, standby))
    with (
        admin_session(access) as session,
        schema_lock(session, f"{socket.gethostname()}-{time.time_ns()}", wanted.replication) as renew,
    ):

        def before_each(change: Change) -> None:
            renew()
            tell(f"{change.subject}: {change.statement}")

        done = migrate(session, wanted, before_each)
        tell(*(f"{name}: kept, although no file declares it; list it in drops to remove it" for name in done.kept))
        renew()
        if access.user and wanted.roles:
            tell(*apply_roles(access, wanted.roles, passwords))
    tell("schema and roles match the catalog")


def _wait_for(access: Access, wait_seconds: float) -> None:
    """Waits until Cassandra accepts a connection; its first start takes minutes."""
    deadline = time.monotonic() + wait_seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(WeirError):
            may_log_in(access)
            return
        time.sleep(RETRY_SECONDS)
    may_log_in(access)


def _access(options: argparse.Namespace, administrator: Path | None) -> Access:
    return Access(
        contact_points=tuple(options.contact_point),
        datacenter=options.datacenter,
        user=mounted_secret(administrator / "username") if administrator else "",
        password=mounted_secret(administrator / "password") if administrator else "",
        ca_file=options.ca,
    )


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m weir.incluster.database.job", description=__doc__)
    parser.add_argument("--database", type=Path, required=True, help="the desired schema and roles, as JSON")
    parser.add_argument("--contact-point", action="append", required=True, help="host:port of a node")
    parser.add_argument("--datacenter", required=True)
    parser.add_argument("--ca", type=Path, help="the CA of the nodes' certificates; turns TLS on")
    parser.add_argument("--administrator", type=Path, help="folder with the files username and password")
    parser.add_argument("--standby", type=Path, help="the same of another superuser, who can replace its password")
    parser.add_argument("--roles", type=Path, help="folder with one file per role, which contains its password")
    parser.add_argument("--wait-seconds", type=float, default=900, help="how long to wait for Cassandra")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
