"""Superset's stores if no external ones are configured: one PostgreSQL, and one Valkey without persistence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site
from weir.components.images import Image
from weir.components.pods import environment, mounts, read_only_mounts, scratch_volume, secret_volume
from weir.components.superset import settings as shared
from weir.components.workload import Claim, Probes, Workload, deployment, service, stateful_set
from weir.config.superset import GivenDatabase, GivenService
from weir.sizing.plan import NodeSize, PodSize

POSTGRESQL = "superset-postgresql"
VALKEY = "superset-valkey"
POSTGRESQL_PORT = 5432
VALKEY_PORT = 6379
USER_ID = 999
SECRET_FOLDER = "/run/secrets/weir"  # noqa: S105 - a folder
DATA_FOLDER = "/var/lib/postgresql/data"
PASSWORD_ATTEMPTS = 120
VALKEY_SETTINGS = "/tmp/valkey.conf"  # noqa: S108 - the pod's own


def postgresql_service(site: Site) -> GivenDatabase:
    """The service of `PostgreSql`, in the form of an external one."""
    return GivenDatabase(host=f"{POSTGRESQL}.{site.namespace}.svc", port=POSTGRESQL_PORT)


def valkey_service(site: Site) -> GivenService:
    """The service of `Valkey`, in the form of an external one."""
    return GivenService(host=f"{VALKEY}.{site.namespace}.svc", port=VALKEY_PORT)


@dataclass(frozen=True)
class StoreArgs:
    """`secret` is the name of the Secret with the password under `password_key`."""

    size: PodSize
    image: Image
    secret: str
    password_key: str
    storage_class: str | None = None
    secrets_digest: pulumi.Input[str] | None = None
    """Changes with the password, which both servers read at their start."""


PG_ISREADY = ["pg_isready", "--username=superset", "--dbname=superset"]
PG_REJECTS = 1
"""Its exit code while the server starts or recovers; 2 where none answers. Source: PostgreSQL documentation."""


class PostgreSql(Component):
    """One PostgreSQL with a volume, for environments whose dashboards may be down while a node restarts."""

    def __init__(self, site: Site, args: StoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("superset:PostgreSql", POSTGRESQL, site, opts)
        if not isinstance(args.size, NodeSize) or args.size.disk_gib < 1:
            raise ValueError("superset.postgresql: it has no volume; give disk_gib of at least 1")
        service(self, POSTGRESQL, shared.COMPONENT, {"server": POSTGRESQL_PORT})
        variables = {
            "POSTGRES_USER": "superset",
            "POSTGRES_DB": "superset",
            "POSTGRES_PASSWORD_FILE": f"{SECRET_FOLDER}/{args.password_key}",
            # A volume's root contains lost+found, which initdb rejects.
            "PGDATA": f"{DATA_FOLDER}/pgdata",
            "POSTGRES_INITDB_ARGS": "--auth-host=scram-sha-256",
        }
        folders = {"data": DATA_FOLDER, "run": "/var/run/postgresql", "tmp": "/tmp"}  # noqa: S108 - the pod's own
        ready = k8s.core.v1.ExecActionArgs(command=PG_ISREADY)
        alive = k8s.core.v1.ExecActionArgs(command=["sh", "-c", f"{' '.join(PG_ISREADY)}; [ $? -le {PG_REJECTS} ]"])
        server = replace(
            _server(POSTGRESQL, args, POSTGRESQL_PORT, folders),
            environment=environment(variables),
            after_start=["sh", "-c", set_password(f"{SECRET_FOLDER}/{args.password_key}")],
            # A server that recovers rejects connections: it is not ready, and it is not killed for it.
            probes=_probes(k8s.core.v1.ProbeArgs(exec_=ready), k8s.core.v1.ProbeArgs(exec_=alive)),
        )
        claim = Claim("data", args.size.disk_gib, args.storage_class, site.selector(POSTGRESQL))
        stateful_set(self, server, claim, service=POSTGRESQL)
        self.register_outputs({})


# psql reads the file: the password is in no argument, and a quote in it stays one.
SET_PASSWORD = f"""\
for attempt in $(seq {PASSWORD_ATTEMPTS}); do
psql --quiet --username=superset --dbname=superset --set=ON_ERROR_STOP=1 <<'SQL' && exit
\\set password `cat @FILE@`
ALTER ROLE superset PASSWORD :'password';
SQL
sleep 1
done
exit 1
"""


def set_password(file: str) -> str:
    """A shell program that gives the user the password in `file`, by the socket, which asks for none.

    The image's entry point sets a password in an empty volume only. The database answers seconds after the start.
    """
    return SET_PASSWORD.replace("@FILE@", file)


class Valkey(Component):
    """One Valkey without persistence, for the results of charts and the queue of reports."""

    def __init__(self, site: Site, args: StoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("superset:Valkey", VALKEY, site, opts)
        memory = round(args.size.memory_mib * 0.75)
        # The password comes from a file, because arguments are visible to everyone who sees the process. exec makes the
        # server the first process, the only one that receives the signal to stop.
        settings = f'printf "requirepass %s\\n" "$(cat {SECRET_FOLDER}/{args.password_key})" > {VALKEY_SETTINGS}'
        start = f'valkey-server {VALKEY_SETTINGS} --save "" --appendonly no'
        limits = f"--maxmemory {memory}mb --maxmemory-policy allkeys-lru"
        command = ["sh", "-c", f"umask 077 && {settings} && exec {start} {limits}"]
        folders = {"tmp": "/tmp", "data": "/data"}  # noqa: S108 - the pod's own
        service(self, VALKEY, shared.COMPONENT, {"server": VALKEY_PORT})
        connects = k8s.core.v1.ProbeArgs(tcp_socket=k8s.core.v1.TCPSocketActionArgs(port="server"))
        server = replace(
            _server(VALKEY, args, VALKEY_PORT, folders),
            command=command,
            environment=[],
            probes=_probes(connects, connects),
        )
        deployment(self, server, recreate=True)
        self.register_outputs({})


def _server(name: str, args: StoreArgs, port: int, folders: dict[str, str]) -> Workload:
    """A server that reads its password from a file. Its folders are scratch volumes; `data` may have a claim."""
    kept = {"data"} if isinstance(args.size, NodeSize) else set()
    return Workload(
        name=name,
        component=shared.COMPONENT,
        pod_component=name,
        container="server",
        image=args.image,
        user_id=USER_ID,
        secrets_digest=args.secrets_digest,
        size=args.size,
        ports={"server": port},
        volumes=[
            secret_volume("password", args.secret, [args.password_key]),
            *(scratch_volume(folder) for folder in folders if folder not in kept),
        ],
        mounts=[*read_only_mounts({"password": SECRET_FOLDER}), *mounts(folders)],
        spread=False,
    )


def _probes(ready: k8s.core.v1.ProbeArgs, alive: k8s.core.v1.ProbeArgs) -> Probes:
    """Not ready after half a minute; killed only after three, or two at its start."""

    def every(action: k8s.core.v1.ProbeArgs, period_seconds: int, failures: int) -> k8s.core.v1.ProbeArgs:
        return k8s.core.v1.ProbeArgs(
            exec_=action.exec_,
            tcp_socket=action.tcp_socket,
            period_seconds=period_seconds,
            timeout_seconds=5,
            failure_threshold=failures,
        )

    return Probes(every(alive, 2, failures=60), every(ready, 10, failures=3), every(alive, 30, failures=6))
