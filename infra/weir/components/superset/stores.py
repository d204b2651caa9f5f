"""Where Superset keeps its own data when none is given: one PostgreSQL, and one Valkey that may forget everything."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site, container_security, pod_security, pull_secrets
from weir.components.images import Image
from weir.components.superset import settings as shared
from weir.config.superset import GivenService
from weir.sizing.plan import NodeSize, PodSize

POSTGRESQL = "superset-postgresql"
VALKEY = "superset-valkey"
POSTGRESQL_PORT = 5432
VALKEY_PORT = 6379
USER_ID = 999
SECRET_FOLDER = "/run/secrets/weir"  # noqa: S105 - a folder
DATA_FOLDER = "/var/lib/postgresql/data"
VALKEY_SETTINGS = "/tmp/valkey.conf"  # noqa: S108 - the pod's own


def postgresql_service(site: Site) -> GivenService:
    """The PostgreSQL of `PostgreSql`, as if it had been given."""
    return GivenService(host=f"{POSTGRESQL}.{site.namespace}.svc", port=POSTGRESQL_PORT)


def valkey_service(site: Site) -> GivenService:
    """The Valkey of `Valkey`, as if it had been given."""
    return GivenService(host=f"{VALKEY}.{site.namespace}.svc", port=VALKEY_PORT)


@dataclass(frozen=True)
class StoreArgs:
    """`secret` is the name of the Secret that has the password under `password_key`."""

    size: PodSize
    image: Image
    secret: str
    password_key: str
    storage_class: str | None = None


class PostgreSql(Component):
    """One PostgreSQL with a volume: for environments whose dashboards may be away while a node restarts."""

    def __init__(self, site: Site, args: StoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("superset:PostgreSql", POSTGRESQL, site, opts)
        if not isinstance(args.size, NodeSize) or args.size.disk_gib < 1:
            raise ValueError("superset.postgresql: it has no volume; give disk_gib of at least 1")
        _service(self, POSTGRESQL, POSTGRESQL_PORT)
        claim = k8s.core.v1.PersistentVolumeClaimArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(name="data", labels=site.selector(POSTGRESQL)),
            spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
                access_modes=["ReadWriteOnce"],
                storage_class_name=args.storage_class,
                resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": f"{args.size.disk_gib}Gi"}),
            ),
        )
        environment = {
            "POSTGRES_USER": "superset",
            "POSTGRES_DB": "superset",
            "POSTGRES_PASSWORD_FILE": f"{SECRET_FOLDER}/{args.password_key}",
            # A volume's root holds lost+found, which initdb refuses.
            "PGDATA": f"{DATA_FOLDER}/pgdata",
            "POSTGRES_INITDB_ARGS": "--auth-host=scram-sha-256",
        }
        folders = {"data": DATA_FOLDER, "run": "/var/run/postgresql", "tmp": "/tmp"}  # noqa: S108 - the pod's own
        probe = ["pg_isready", "--username=superset", "--dbname=superset"]
        pod = _pod(site, args, POSTGRESQL_PORT, environment=environment, folders=folders, probe=probe)
        k8s.apps.v1.StatefulSet(
            POSTGRESQL,
            metadata=site.metadata(POSTGRESQL, shared.COMPONENT),
            spec=k8s.apps.v1.StatefulSetSpecArgs(
                service_name=POSTGRESQL,
                replicas=1,
                persistent_volume_claim_retention_policy=(
                    k8s.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                        when_deleted="Retain", when_scaled="Retain"
                    )
                ),
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(POSTGRESQL)),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=site.pod_metadata(POSTGRESQL, "superset-postgresql"), spec=pod
                ),
                volume_claim_templates=[claim],
            ),
            opts=self.keeper(),
        )
        self.register_outputs({})


class Valkey(Component):
    """One Valkey that keeps nothing on disk: results of charts, and the queue of reports."""

    def __init__(self, site: Site, args: StoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("superset:Valkey", VALKEY, site, opts)
        _service(self, VALKEY, VALKEY_PORT)
        memory = round(args.size.memory_mib * 0.75)
        # The password comes from a file: arguments can be read by whoever sees the process. The server takes the
        # shell's place, for only the first process of a pod is told to end.
        settings = f'printf "requirepass %s\\n" "$(cat {SECRET_FOLDER}/{args.password_key})" > {VALKEY_SETTINGS}'
        server = f'valkey-server {VALKEY_SETTINGS} --save "" --appendonly no'
        limits = f"--maxmemory {memory}mb --maxmemory-policy allkeys-lru"
        command = ["sh", "-c", f"umask 077 && {settings} && exec {server} {limits}"]
        folders = {"tmp": "/tmp", "data": "/data"}  # noqa: S108 - the pod's own
        pod = _pod(site, args, VALKEY_PORT, command=command, folders=folders)
        k8s.apps.v1.Deployment(
            VALKEY,
            metadata=site.metadata(VALKEY, shared.COMPONENT),
            spec=k8s.apps.v1.DeploymentSpecArgs(
                replicas=1,
                strategy=k8s.apps.v1.DeploymentStrategyArgs(type="Recreate"),
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(VALKEY)),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=site.pod_metadata(VALKEY, "superset-valkey"), spec=pod
                ),
            ),
            opts=self.child(),
        )
        self.register_outputs({})


def _service(component: Component, name: str, port: int) -> None:
    k8s.core.v1.Service(
        name,
        metadata=component.site.metadata(name, shared.COMPONENT),
        spec=k8s.core.v1.ServiceSpecArgs(
            selector=component.site.selector(name),
            ports=[k8s.core.v1.ServicePortArgs(name="server", port=port, target_port="server")],
        ),
        opts=component.child(),
    )


def _pod(
    site: Site,
    args: StoreArgs,
    port: int,
    *,
    folders: dict[str, str],
    command: list[str] | None = None,
    environment: dict[str, str] | None = None,
    probe: list[str] | None = None,
) -> k8s.core.v1.PodSpecArgs:
    exec_ = k8s.core.v1.ExecActionArgs(command=probe) if probe else None
    socket = None if probe else k8s.core.v1.TCPSocketActionArgs(port="server")

    def alive(period_seconds: int, failures: int) -> k8s.core.v1.ProbeArgs:
        return k8s.core.v1.ProbeArgs(
            exec_=exec_,
            tcp_socket=socket,
            period_seconds=period_seconds,
            timeout_seconds=5,
            failure_threshold=failures,
        )

    container = k8s.core.v1.ContainerArgs(
        name="server",
        image=args.image.reference,
        image_pull_policy=args.image.pull_policy,
        command=command,
        env=[k8s.core.v1.EnvVarArgs(name=name, value=value) for name, value in (environment or {}).items()],
        ports=[k8s.core.v1.ContainerPortArgs(name="server", container_port=port)],
        startup_probe=alive(2, failures=60),
        liveness_probe=alive(10, failures=6),
        readiness_probe=alive(10, failures=6),
        security_context=container_security(),
        resources=site.resources(args.size),
        volume_mounts=[
            k8s.core.v1.VolumeMountArgs(name="password", mount_path=SECRET_FOLDER, read_only=True),
            *(k8s.core.v1.VolumeMountArgs(name=name, mount_path=path) for name, path in folders.items()),
        ],
    )
    password = k8s.core.v1.SecretVolumeSourceArgs(
        secret_name=args.secret,
        default_mode=0o440,
        items=[k8s.core.v1.KeyToPathArgs(key=args.password_key, path=args.password_key)],
    )
    scratch = [name for name in folders if not (name == "data" and isinstance(args.size, NodeSize))]
    return k8s.core.v1.PodSpecArgs(
        automount_service_account_token=False,
        security_context=pod_security(USER_ID),
        image_pull_secrets=pull_secrets(args.image.pull_secrets),
        containers=[container],
        volumes=[
            k8s.core.v1.VolumeArgs(name="password", secret=password),
            *(k8s.core.v1.VolumeArgs(name=name, empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs()) for name in scratch),
        ],
    )
