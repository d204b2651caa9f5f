"""Cassandra's schema and roles: a Secret for each role, and the job that applies the catalog to the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.database import Database
from weir.components.base import Component, Site
from weir.components.cassandra.access import CassandraAccess
from weir.components.cassandra.settings import ADMINISTRATOR_SECRET, COMPONENT, STANDBY_SECRET
from weir.components.images import Image
from weir.components.job import JobArgs, RunToCompletion
from weir.components.pods import projected, projected_volume, read_only_mounts
from weir.components.secret import GeneratedSecret, GeneratedSecretArgs, random_password
from weir.sizing.helper_pods import DATABASE_JOB

NAME = "cassandra-schema"
FOLDER = "/etc/weir/database"
DESCRIPTION = "database.json"
ADMINISTRATOR_FOLDER = "/etc/weir/administrator"
STANDBY_FOLDER = "/etc/weir/administrator-standby"
ROLES_FOLDER = "/etc/weir/roles"
CA_FOLDER = "/etc/weir/cassandra-ca"
LOGIN_FILES = {"username": "username", "password": "password"}


@dataclass(frozen=True)
class CassandraDatabaseArgs:
    """`database` is the desired schema with its roles; `cassandra` is the access to the cluster from its provider."""

    database: Database
    cassandra: CassandraAccess
    image: Image
    administrators: Sequence[k8s.core.v1.Secret] = ()
    """The Secrets of the superuser and of the one who stands by."""
    password_generation: int = 1

    def __post_init__(self) -> None:
        if not self.database.roles:
            raise ValueError("database.roles: none; a cluster that asks for passwords needs a role for each program")


class CassandraDatabase(Component):
    """Schema and roles. Clients that use a table depend on `access.ready`."""

    def __init__(self, site: Site, args: CassandraDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("cassandra:CassandraDatabase", NAME, site, opts)
        args = replace(args, cassandra=replace(args.cassandra, password_generation=args.password_generation))
        roles = [self._role_secret(args.cassandra, role.name) for role in args.database.roles]
        job = RunToCompletion(
            NAME,
            site,
            JobArgs(
                component=COMPONENT,
                image=args.image,
                command=command(args.cassandra),
                files={DESCRIPTION: args.database.to_json()},
                folder=FOLDER,
                size=DATABASE_JOB,
                volumes=_volumes(args),
                mounts=_mounts(args.cassandra),
                secrets=[*args.administrators, *roles],
                after=[*args.cassandra.ready, *args.administrators, *roles],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.access = replace(args.cassandra, ready=[job.job])
        self.register_outputs({})

    def _role_secret(self, cassandra: CassandraAccess, role: str) -> k8s.core.v1.Secret:
        return GeneratedSecret(
            cassandra.role_secret(role),
            self.site,
            GeneratedSecretArgs(COMPONENT, lambda: {"username": role, "password": random_password()}, kept=False),
            pulumi.ResourceOptions(parent=self),
        ).secret


def command(cassandra: CassandraAccess) -> list[str]:
    """The job's command, with files and addresses but no secrets."""
    points = [part for point in cassandra.contact_points for part in ("--contact-point", point)]
    return [
        *("python", "-m", "weir.incluster.database.job"),
        *("--database", f"{FOLDER}/{DESCRIPTION}"),
        *points,
        *("--datacenter", cassandra.datacenter),
        *("--administrator", ADMINISTRATOR_FOLDER),
        *("--standby", STANDBY_FOLDER),
        *("--roles", ROLES_FOLDER),
        *(("--ca", f"{CA_FOLDER}/ca.crt") if cassandra.trust_secret else ()),
    ]


def _volumes(args: CassandraDatabaseArgs) -> list[k8s.core.v1.VolumeArgs]:
    passwords = [
        projected(args.cassandra.role_secret(role.name), {"password": role.name})  # a file named after the role
        for role in args.database.roles
    ]
    volumes = {
        "administrator": [projected(ADMINISTRATOR_SECRET, LOGIN_FILES)],
        "standby": [projected(STANDBY_SECRET, LOGIN_FILES)],
        "roles": passwords,
    }
    if args.cassandra.trust_secret:
        volumes["cassandra-ca"] = [projected(args.cassandra.trust_secret, {"ca.crt": "ca.crt"})]
    return [projected_volume(name, sources) for name, sources in volumes.items()]


def _mounts(cassandra: CassandraAccess) -> Sequence[k8s.core.v1.VolumeMountArgs]:
    folders = {"administrator": ADMINISTRATOR_FOLDER, "standby": STANDBY_FOLDER, "roles": ROLES_FOLDER}
    if cassandra.trust_secret:
        folders["cassandra-ca"] = CA_FOLDER
    return read_only_mounts(folders)
