"""Trino: the SQL that dashboards speak to Cassandra. A coordinator, and workers where the plan has them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import (
    PLAIN_HTTP,
    Component,
    Site,
    container_security,
    pod_security,
    pull_secrets,
    secret_environment,
    topology_spread,
)
from weir.components.cassandra.access import CassandraAccess, projected, role_secret
from weir.components.certificates import Certificate, CertificateArgs, CertificateAuthority, service_names
from weir.components.images import CONFIG_CHECKSUM, Image
from weir.components.job import content_hash
from weir.components.secret import GeneratedSecret, GeneratedSecretArgs, random_password
from weir.components.trino import settings
from weir.config.properties_text import properties
from weir.sizing.plan import PodSize, TrinoPlan

NAME = "trino"
COMPONENT = "trino"
USER_ID = 1000
TLS_SECRET = "trino-tls"  # noqa: S105 - its name
SHARED_SECRET = "trino-internal"  # noqa: S105 - its name
CATALOG_SECRET = "trino-catalog"  # noqa: S105 - its name
SECRET_MODE = 0o440


@dataclass(frozen=True)
class TrinoArgs:
    """`role` is what Trino logs in to Cassandra as; `certificates` is None where nothing is encrypted."""

    plan: TrinoPlan
    image: Image
    cassandra: CassandraAccess
    role: str
    certificates: CertificateAuthority | None


class Trino(Component):
    """Trino behind a Service. It reads Cassandra and can write nothing."""

    def __init__(self, site: Site, args: TrinoArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("trino:Trino", NAME, site, opts)
        self.args = args
        self.host = f"{NAME}.{site.namespace}.svc"
        environment = site.environment.replace("-", "_")
        self.topology = settings.TrinoTopology(self.host, environment, tls=args.certificates is not None)
        self.url = f"{self.topology.scheme}://{self.host}:{self.topology.port}"
        after = [*args.cassandra.ready, *self._secrets()]
        self._service()
        self.coordinator = self._deployment(NAME, 1, args.plan.coordinator, after, coordinator=True)
        if args.plan.workers:
            workers = f"{NAME}-worker"
            self._deployment(workers, args.plan.workers, args.plan.worker, after, coordinator=False)
            self.disrupt_one_at_a_time(workers, COMPONENT)
        self.register_outputs({"url": self.url})

    def _secrets(self) -> list[pulumi.Resource]:
        args = self.args
        catalog = settings.catalog_properties(
            args.cassandra.contact_points[0],
            args.cassandra.datacenter,
            args.role,
            tls=args.cassandra.trust_secret is not None,
        )
        secrets: list[pulumi.Resource] = [
            # A Secret and not a ConfigMap: a catalog says who logs in where.
            k8s.core.v1.Secret(
                CATALOG_SECRET,
                metadata=self.site.metadata(CATALOG_SECRET, COMPONENT),
                string_data={settings.CATALOG_FILE: pulumi.Output.secret(properties(catalog))},
                opts=self.child(),
            ),
            GeneratedSecret(
                SHARED_SECRET,
                self.site,
                GeneratedSecretArgs(COMPONENT, lambda: {"secret": random_password()}),
                pulumi.ResourceOptions(parent=self),
            ).secret,
        ]
        if args.certificates is not None:
            certificate = CertificateArgs(args.certificates, COMPONENT, NAME, service_names(NAME, self.site.namespace))
            secrets.append(
                Certificate(TLS_SECRET, self.site, certificate, pulumi.ResourceOptions(parent=self)).resource
            )
        return secrets

    def _service(self) -> None:
        k8s.core.v1.Service(
            NAME,
            metadata=self.site.metadata(
                NAME,
                COMPONENT,
                annotations=None if self.topology.tls else {PLAIN_HTTP: "the stack switched encryption off"},
            ),
            spec=k8s.core.v1.ServiceSpecArgs(
                selector=self.site.selector(NAME),
                ports=[
                    k8s.core.v1.ServicePortArgs(
                        name=self.topology.scheme, port=self.topology.port, target_port=self.topology.scheme
                    )
                ],
            ),
            opts=self.child(),
        )

    def _deployment(
        self, name: str, replicas: int, size: PodSize, after: list[pulumi.Resource], *, coordinator: bool
    ) -> k8s.apps.v1.Deployment:
        files = settings.files(self.topology, self.args.plan, coordinator=coordinator)
        config = k8s.core.v1.ConfigMap(
            f"{name}-config",
            metadata=self.site.metadata(f"{name}-config", COMPONENT),
            data=files,
            opts=self.child(),
        )
        checksum = content_hash("".join(files.values()))
        return k8s.apps.v1.Deployment(
            name,
            metadata=self.site.metadata(name, COMPONENT),
            spec=k8s.apps.v1.DeploymentSpecArgs(
                replicas=replicas,
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=self.site.selector(name)),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=self.site.pod_metadata(name, COMPONENT, {CONFIG_CHECKSUM: checksum}),
                    spec=self._pod(name, size),
                ),
            ),
            opts=self.child(after=[config, *after]),
        )

    def _pod(self, name: str, size: PodSize) -> k8s.core.v1.PodSpecArgs:
        args = self.args
        secrets = dict[str, tuple[str, str]]()
        if args.certificates is not None:
            secrets["tls"] = (TLS_SECRET, settings.TLS_FOLDER)
        if args.cassandra.trust_secret:
            secrets["cassandra-ca"] = (args.cassandra.trust_secret, settings.CASSANDRA_CA_FOLDER)
        # Of Cassandra's Secret only what a client may know: its key is the nodes' own.
        items = {"cassandra-ca": [k8s.core.v1.KeyToPathArgs(key="ca.crt", path="ca.crt")]}
        volumes = [
            k8s.core.v1.VolumeArgs(name="config", projected=_configuration(name)),
            *(
                k8s.core.v1.VolumeArgs(
                    name=volume,
                    secret=k8s.core.v1.SecretVolumeSourceArgs(
                        secret_name=secret, default_mode=SECRET_MODE, items=items.get(volume)
                    ),
                )
                for volume, (secret, _) in secrets.items()
            ),
            *(
                k8s.core.v1.VolumeArgs(name=volume, empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs())
                for volume in ("data", "tmp")
            ),
        ]
        folders = {"config": settings.CONFIG_FOLDER, "data": settings.DATA_FOLDER, "tmp": "/tmp"}  # noqa: S108
        folders |= {volume: folder for volume, (_, folder) in secrets.items()}
        return k8s.core.v1.PodSpecArgs(
            automount_service_account_token=False,
            security_context=pod_security(USER_ID),
            image_pull_secrets=pull_secrets(args.image.pull_secrets),
            topology_spread_constraints=topology_spread(self.site.selector(name), self.site.zones),
            containers=[self._container(size, folders)],
            volumes=volumes,
        )

    def _container(self, size: PodSize, folders: dict[str, str]) -> k8s.core.v1.ContainerArgs:
        scheme = self.topology.scheme
        probe = k8s.core.v1.HTTPGetActionArgs(path="/v1/info", port=scheme, scheme=scheme.upper())
        return k8s.core.v1.ContainerArgs(
            name="trino",
            image=self.args.image.reference,
            image_pull_policy=self.args.image.pull_policy,
            command=["/usr/lib/trino/bin/launcher", "run", "--etc-dir", settings.CONFIG_FOLDER],
            env=[
                secret_environment(settings.PASSWORD_VARIABLE, role_secret(self.args.role), "password"),
                secret_environment(settings.SHARED_SECRET_VARIABLE, SHARED_SECRET, "secret"),
            ],
            ports=[k8s.core.v1.ContainerPortArgs(name=scheme, container_port=self.topology.port)],
            startup_probe=k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=5, failure_threshold=60),
            readiness_probe=k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=10, timeout_seconds=5),
            liveness_probe=k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=30, timeout_seconds=10),
            security_context=container_security(),
            resources=self.site.resources(size),
            volume_mounts=[
                k8s.core.v1.VolumeMountArgs(name=volume, mount_path=folder) for volume, folder in folders.items()
            ],
        )


def _configuration(name: str) -> k8s.core.v1.ProjectedVolumeSourceArgs:
    """/etc/trino as one volume: a second one could not be mounted inside a folder that is read-only."""
    config_map = k8s.core.v1.ConfigMapProjectionArgs(name=f"{name}-config")
    return k8s.core.v1.ProjectedVolumeSourceArgs(
        sources=[
            k8s.core.v1.VolumeProjectionArgs(config_map=config_map),
            projected(CATALOG_SECRET, {settings.CATALOG_FILE: f"catalog/{settings.CATALOG_FILE}"}),
        ],
        default_mode=SECRET_MODE,
    )
