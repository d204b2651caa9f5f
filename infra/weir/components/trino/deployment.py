"""Trino, the SQL engine between dashboards and Cassandra: a coordinator, and workers if the plan has them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site
from weir.components.cassandra.access import CassandraAccess, role_secret
from weir.components.certificates import Certificate, CertificateArgs, CertificateAuthority, service_names
from weir.components.images import Image
from weir.components.pods import (
    mounts,
    projected,
    projected_volume,
    scratch_volume,
    secret_environment,
    secret_volume,
)
from weir.components.secret import GeneratedSecret, GeneratedSecretArgs, random_password
from weir.components.trino import settings
from weir.components.workload import Configuration, Probes, Workload, configuration, deployment, service
from weir.config.properties_text import properties
from weir.sizing.plan import PodSize, TrinoPlan

NAME = "trino"
WORKERS = f"{NAME}-worker"
COMPONENT = "trino"
USER_ID = 1000
TLS_SECRET = "trino-tls"  # noqa: S105 - its name
SHARED_SECRET = "trino-internal"  # noqa: S105 - its name
CATALOG_SECRET = "trino-catalog"  # noqa: S105 - its name
WHY_PLAIN = "the stack switched encryption off"


@dataclass(frozen=True)
class TrinoArgs:
    """`role` is Trino's Cassandra role; `certificates` is None if connections are not encrypted."""

    plan: TrinoPlan
    image: Image
    cassandra: CassandraAccess
    role: str
    certificates: CertificateAuthority | None


class Trino(Component):
    """Trino behind a Service. It can read Cassandra but not write to it."""

    def __init__(self, site: Site, args: TrinoArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("trino:Trino", NAME, site, opts)
        self.args = args
        self.host = f"{NAME}.{site.namespace}.svc"
        environment = site.environment.replace("-", "_")
        self.topology = settings.TrinoTopology(self.host, environment, tls=args.certificates is not None)
        self.url = f"{self.topology.scheme}://{self.host}:{self.topology.port}"
        after = [*args.cassandra.ready, *self._secrets()]
        topology = self.topology
        ports = {topology.scheme: topology.port}
        service(self, NAME, COMPONENT, ports, why_plain_http=None if topology.tls else WHY_PLAIN)
        self.coordinator = self._deployment(NAME, 1, args.plan.coordinator, after)
        if args.plan.workers:
            self._deployment(WORKERS, args.plan.workers, args.plan.worker, after)
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
            # A Secret, not a ConfigMap, because a catalog contains a login.
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

    def _deployment(
        self, name: str, replicas: int, size: PodSize, after: list[pulumi.Resource]
    ) -> k8s.apps.v1.Deployment:
        files = settings.files(self.topology, self.args.plan, coordinator=name == NAME)
        config = configuration(self, name, COMPONENT, files)
        return deployment(self, self._workload(name, size, config), replicas=replicas, after=after)

    def _workload(self, name: str, size: PodSize, config: Configuration) -> Workload:
        secrets = self._mounted_secrets()
        folders = {"config": settings.CONFIG_FOLDER, "data": settings.DATA_FOLDER, "tmp": "/tmp"}  # noqa: S108
        return Workload(
            name=name,
            component=COMPONENT,
            container="trino",
            image=self.args.image,
            user_id=USER_ID,
            size=size,
            command=["/usr/lib/trino/bin/launcher", "run", "--etc-dir", settings.CONFIG_FOLDER],
            environment=[
                secret_environment(settings.PASSWORD_VARIABLE, role_secret(self.args.role), "password"),
                secret_environment(settings.SHARED_SECRET_VARIABLE, SHARED_SECRET, "secret"),
            ],
            ports={self.topology.scheme: self.topology.port},
            probes=self._probes(),
            configuration=config,
            volumes=[
                _configuration_volume(config.name),
                *(secret_volume(volume, secret, keys) for volume, (_, secret, keys) in secrets.items()),
                scratch_volume("data"),
                scratch_volume("tmp"),
            ],
            mounts=mounts({**folders, **{volume: folder for volume, (folder, *_) in secrets.items()}}),
            # The coordinator is a single pod, so a disruption budget would not help.
            one_at_a_time=name == WORKERS,
        )

    def _mounted_secrets(self) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        """Folder, Secret and keys of each volume: the server's certificate and Cassandra's CA, if encryption is on."""
        found: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        if self.args.certificates is not None:
            found["tls"] = (settings.TLS_FOLDER, TLS_SECRET, ())
        if self.args.cassandra.trust_secret:
            # Only the public part of Cassandra's Secret, which also has the nodes' private key.
            found["cassandra-ca"] = (settings.CASSANDRA_CA_FOLDER, self.args.cassandra.trust_secret, ("ca.crt",))
        return found

    def _probes(self) -> Probes:
        scheme = self.topology.scheme
        probe = k8s.core.v1.HTTPGetActionArgs(path="/v1/info", port=scheme, scheme=scheme.upper())
        return Probes(
            k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=5, failure_threshold=60),
            k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=10, timeout_seconds=5),
            k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=30, timeout_seconds=10),
        )


def _configuration_volume(config_map: str) -> k8s.core.v1.VolumeArgs:
    """/etc/trino as one volume, because a second volume cannot be mounted inside a read-only folder."""
    files = k8s.core.v1.VolumeProjectionArgs(config_map=k8s.core.v1.ConfigMapProjectionArgs(name=config_map))
    catalog = projected(CATALOG_SECRET, {settings.CATALOG_FILE: f"catalog/{settings.CATALOG_FILE}"})
    return projected_volume("config", [files, catalog])
