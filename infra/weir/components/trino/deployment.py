"""Trino, the SQL engine between dashboards and Cassandra: a coordinator, and workers if the plan has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site
from weir.components.cassandra.access import CassandraAccess
from weir.components.certificates import (
    TRINO_CLIENTS,
    TRINO_SECRET,
    TRINO_SERVERS,
    Certificate,
    CertificateArgs,
    CertificateAuthority,
    service_names,
)
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
from weir.components.trino.people import People
from weir.components.workload import Configuration, Helper, Probes, Workload, configuration, deployment, service
from weir.config.properties_text import properties
from weir.sizing import helper_pods
from weir.sizing.plan import PodSize, TrinoPlan

NAME = "trino"
WORKERS = f"{NAME}-worker"
COMPONENT = "trino"
USER_ID = 1000
SHARED_SECRET = "trino-internal"  # noqa: S105 - its name
CATALOG_SECRET = "trino-catalog"  # noqa: S105 - its name
PASSWORDS_SECRET = "trino-passwords"  # noqa: S105 - its name
OUTSIDE = "trino-people"
QUERY_LOG = "query-log"
DATA_LIMIT_GIB = 8
"""Logs, which Trino rotates, and a heap dump."""
WHY_PLAIN = "the stack switched encryption off"


@dataclass(frozen=True)
class PeopleArgs:
    """What people may do, the password file that the stack gives, and the image of the log of their queries.

    `host` is the name by which the addresses `allowed_cidrs` outside the cluster reach Trino.
    """

    people: People
    passwords: pulumi.Input[str]
    image: Image
    host: str | None = None
    allowed_cidrs: Sequence[str] = ()


@dataclass(frozen=True)
class TrinoArgs:
    """`role` is Trino's Cassandra role; `certificates` is None if connections are not encrypted.

    `people` is None if Superset alone may ask.
    """

    plan: TrinoPlan
    image: Image
    cassandra: CassandraAccess
    role: str
    certificates: CertificateAuthority | None
    people: PeopleArgs | None = None


class Trino(Component):
    """Trino behind a Service. It can read Cassandra but not write to it."""

    def __init__(self, site: Site, args: TrinoArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("trino:Trino", NAME, site, opts)
        self.args = args
        self.host = f"{NAME}.{site.namespace}.svc"
        self._clients_secret: str | None = None
        environment = site.environment.replace("-", "_")
        self.topology = settings.TrinoTopology(self.host, environment, tls=args.certificates is not None)
        self.url = f"{self.topology.scheme}://{self.host}:{self.topology.port}"
        after = [*args.cassandra.ready, *self._secrets()]
        topology = self.topology
        ports = {topology.scheme: topology.port}
        service(self, NAME, COMPONENT, ports, why_plain_http=None if topology.tls else WHY_PLAIN)
        people = args.people
        if people and people.host:
            service(self, OUTSIDE, COMPONENT, ports, pods_of=NAME, allowed_cidrs=people.allowed_cidrs)
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
            secrets += self._certificate(args.certificates)
        if args.people is not None:
            secrets.append(
                k8s.core.v1.Secret(
                    PASSWORDS_SECRET,
                    metadata=self.site.metadata(PASSWORDS_SECRET, COMPONENT),
                    string_data={settings.PASSWORDS_FILE: pulumi.Output.secret(args.people.passwords)},
                    opts=self.child(),
                )
            )
        return secrets

    def _certificate(self, authority: CertificateAuthority) -> list[pulumi.Resource]:
        """The servers' certificate, and the authority of those whom they let in."""
        names = service_names(NAME, self.site.namespace)
        if self.args.people and self.args.people.host:
            names = [*names, self.args.people.host]
        request = CertificateArgs(authority, TRINO_SERVERS, COMPONENT, NAME, names, client=False, met_by_people=True)
        certificate = Certificate(TRINO_SECRET, self.site, request, pulumi.ResourceOptions(parent=self))
        clients = authority.domain(TRINO_CLIENTS)
        self._clients_secret = clients.trust_secret
        return [certificate.resource, *clients.ready]

    def _deployment(
        self, name: str, replicas: int, size: PodSize, after: list[pulumi.Resource]
    ) -> k8s.apps.v1.Deployment:
        people = self.args.people.people if self.args.people else None
        files = settings.files(self.topology, self.args.plan, people, coordinator=name == NAME)
        config = configuration(self, name, COMPONENT, files)
        return deployment(self, self._workload(name, size, config), replicas=replicas, after=after)

    def _workload(self, name: str, size: PodSize, config: Configuration) -> Workload:
        secrets = self._mounted_secrets(name)
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
                secret_environment(
                    settings.PASSWORD_VARIABLE, self.args.cassandra.role_secret(self.args.role), "password"
                ),
                secret_environment(settings.SHARED_SECRET_VARIABLE, SHARED_SECRET, "secret"),
            ],
            ports={self.topology.scheme: self.topology.port},
            probes=self._probes(),
            configuration=config,
            volumes=[
                _configuration_volume(config.name),
                *(secret_volume(volume, secret, keys) for volume, (_, secret, keys) in secrets.items()),
                scratch_volume("data", DATA_LIMIT_GIB),
                scratch_volume("tmp"),
            ],
            mounts=mounts({**folders, **{volume: folder for volume, (folder, *_) in secrets.items()}}),
            # The coordinator is a single pod, so a disruption budget would not help.
            one_at_a_time=name == WORKERS,
            helper=_query_log(self.args.people) if self.args.people and name == NAME else None,
        )

    def _mounted_secrets(self, name: str) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        """Folder, Secret and keys of each volume: certificate and Cassandra's CA, if there is encryption; passwords."""
        found: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        if self._clients_secret is not None:
            found["tls"] = (settings.TLS_FOLDER, TRINO_SECRET, ("keystore.p12",))
            found["clients-ca"] = (settings.CLIENTS_FOLDER, self._clients_secret, ("truststore.p12",))
        if self.args.cassandra.trust_secret:
            found["cassandra-ca"] = (settings.CASSANDRA_CA_FOLDER, self.args.cassandra.trust_secret, ("ca.crt",))
        if self.args.people is not None and name == NAME:
            found["people"] = (settings.PEOPLE_FOLDER, PASSWORDS_SECRET, (settings.PASSWORDS_FILE,))
        return found

    def _probes(self) -> Probes:
        scheme = self.topology.scheme
        probe = k8s.core.v1.HTTPGetActionArgs(path="/v1/info", port=scheme, scheme=scheme.upper())
        return Probes(
            k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=5, failure_threshold=60),
            k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=10, timeout_seconds=5),
            k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=30, timeout_seconds=10),
        )


def _query_log(args: PeopleArgs) -> Helper:
    """A line for each query: who asked what, when, from where. `kubectl logs deployment/trino -c query-log`."""
    return Helper(
        container=QUERY_LOG,
        image=args.image,
        size=helper_pods.QUERY_LOG,
        command=["python", "-m", "weir.incluster.query_log", "--port", str(settings.QUERY_LOG_PORT)],
    )


def _configuration_volume(config_map: str) -> k8s.core.v1.VolumeArgs:
    """/etc/trino as one volume, because a second volume cannot be mounted inside a read-only folder."""
    files = k8s.core.v1.VolumeProjectionArgs(config_map=k8s.core.v1.ConfigMapProjectionArgs(name=config_map))
    catalog = projected(CATALOG_SECRET, {settings.CATALOG_FILE: f"catalog/{settings.CATALOG_FILE}"})
    return projected_volume("config", [files, catalog])
