"""A Cassandra node as in the cluster, and the schema-and-roles job as its pod runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tests.ports import free_port
from tests.secured_cassandra import STORE_PASSWORD

from weir.catalog.database import database_of
from weir.catalog.pipeline import load_pipeline
from weir.clients.cassandra import Access, session_of
from weir.components.base import Site
from weir.components.cassandra.plain import plain_settings
from weir.components.cassandra.settings import CassandraArgs
from weir.config.endpoints import Endpoints
from weir.config.repository import REPOSITORY
from weir.incluster.daemon import argument_parser, endpoints_of
from weir.local import cassandra
from weir.local.service import CASSANDRA_DATACENTER, Context
from weir.sizing.plan import CassandraPlan, NodeSize

if TYPE_CHECKING:
    from cassandra.cluster import Session

    from weir.components.certificates import CertificateAuthority

FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")
DATABASE = database_of([FLIGHTS], {CASSANDRA_DATACENTER: 1}, with_roles=True, replicate_system_keyspaces=True)
PASSWORDS = {role.name: f"it's {role.name}" for role in DATABASE.roles}
ADMINISTRATOR = "weir_admin"
SECRET = "canary-7c1f"


def cluster_settings(ctx: Context, keystore: Path) -> dict[str, Any]:
    """The cluster's cassandra.yaml, with only this machine's addresses, folders, stores and short caches put in."""
    settings = rendered_settings(ctx)
    stores = {"keystore": str(keystore), "truststore": str(keystore)}
    stores |= {f"{name}_password": STORE_PASSWORD for name in ("keystore", "truststore")}
    for side in ("client", "server"):
        settings[f"{side}_encryption_options"] |= stores
    return settings


def rendered_settings(ctx: Context) -> dict[str, Any]:
    """The cluster's cassandra.yaml, with this machine's addresses and folders, and short caches put in."""
    local = cassandra.settings(ctx)
    here = {name: local[name] for name in local if name.endswith(("_directory", "_directories", "_port", "_address"))}
    plan = CassandraPlan(CASSANDRA_DATACENTER, ("rack1",), 1, NodeSize(1, 2048, 1024), 1, 16, FLIGHTS.tables, 1)
    authority = cast("CertificateAuthority", object())  # whose certificates they are makes no difference here
    args = CassandraArgs(plan, "5.0", authority, programs=tuple(role.name for role in DATABASE.roles))
    settings = plain_settings("cassandra", Site("test", "weir", "tests", keep_data=False), args)
    caches = dict.fromkeys(("permissions_validity", "roles_validity", "credentials_validity"), "100ms")
    return settings | here | caches | {"seed_provider": local["seed_provider"], "ssl_storage_port": free_port()}


def audited(log: Path, text: str) -> list[str]:
    """The lines of the audit log with `text`."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if "FileAuditLogger" in line and text in line]


def run_job(access: Access, files: Path, *more: str | Path) -> subprocess.CompletedProcess[str]:
    """The job as its pod runs it, with `more` arguments."""
    options = ["--contact-point", *access.contact_points, "--datacenter", access.datacenter, "--ca", access.ca_file]
    mounted = ["--database", files / "database.json", "--administrator", files / "administrator"]
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "weir.incluster.database.job",
            *map(str, [*options, *mounted, "--roles", files / "roles", *more]),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def as_role(access: Access, name: str) -> Access:
    return access.as_role(name, PASSWORDS[name])


@contextmanager
def program_session(access: Access, files: Path, role: str) -> Iterator[Session]:
    """A session of one of weir's own programs, by the arguments that its pod gives it."""
    endpoints = Endpoints.of_pod(registry="", cassandra=access.contact_points, datacenter=access.datacenter)
    file = files / "endpoints.json"
    file.write_text(endpoints.model_dump_json(), encoding="utf-8")
    given = argument_parser("module", "description", "state").parse_args(
        [
            *("--endpoints", str(file), "--pipelines", "unused", "--state", "unused"),
            *("--cassandra-user", role, "--cassandra-password-file", str(files / "roles" / role)),
            *("--cassandra-ca", str(access.ca_file), "flights"),
        ]
    )
    with session_of(endpoints_of(given)) as session:
        yield session
