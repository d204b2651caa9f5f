"""Cassandra without an operator, as a StatefulSet: for development, previews and clusters without internet access."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site
from weir.components.cassandra import settings as shared
from weir.components.cassandra.access import CassandraAccess
from weir.components.cassandra.settings import CassandraArgs, NodeCertificates
from weir.components.certificates import KEYSTORE_PASSWORD
from weir.components.images import Image
from weir.components.pods import environment, scratch_volume, tls_volume
from weir.components.workload import Claim, Configuration, Probes, Workload, configuration, service, stateful_set
from weir.config.yaml_text import written

CONFIG_FOLDER = "/etc/cassandra"
DATA_FOLDER = "/var/lib/cassandra"
TLS_FOLDER = "/etc/weir/cassandra-tls"
INTERNODE_FOLDER = "/etc/weir/cassandra-internode"
RACK = "rack1"
GRACE_SECONDS = 120
LOGS_LIMIT_GIB = 16
"""Cassandra's logback.xml lets system.log and debug.log grow to 5 GB each."""
PORTS = {
    "cql": shared.CLIENT_PORT,
    "internode": shared.INTERNODE_PORT,
    "internode-tls": shared.ENCRYPTED_INTERNODE_PORT,
}


class CassandraPlain(Component):
    """The StatefulSet `name` with one rack, a headless Service for its nodes and one for its clients."""

    def __init__(
        self, name: str, site: Site, args: CassandraArgs, image: Image, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("cassandra:CassandraPlain", name, site, opts)
        self.name = name
        self.args = args
        self.image = image
        self.nodes_service = f"{name}-nodes"
        self.administrators = shared.administrators(site, self)
        config = configuration(self, name, shared.COMPONENT, self._files())
        after: list[pulumi.Resource] = [self._service(self.nodes_service, PORTS, before_ready=True)]
        # The nodes must not depend on it: Pulumi considers a Service ready only when it has a ready pod.
        clients = self._service(name, {"cql": shared.CLIENT_PORT}, before_ready=False)
        self.certificates: NodeCertificates | None = None
        if args.certificates is not None:
            services = [self.name, self.nodes_service]
            self.certificates = NodeCertificates.of(site, args.certificates, name, services, self)
            after += [*self.certificates.resources, shared.stores_password(site, self)]
        self.nodes = self._nodes(config, after)
        self.access = CassandraAccess(
            contact_points=(f"{name}.{site.namespace}.svc:{shared.CLIENT_PORT}",),
            datacenter=args.plan.datacenter,
            trust_secret=self.certificates.clients.trust_secret if self.certificates else None,
            ready=[self.nodes, clients],
        )
        self.register_outputs({"service": name})

    def _files(self) -> dict[str, str]:
        return {
            "cassandra.yaml": written(plain_settings(self.name, self.site, self.args)),
            "cassandra-rackdc.properties": f"dc={self.args.plan.datacenter}\nrack={RACK}\n",
        }

    def _service(self, name: str, ports: dict[str, int], *, before_ready: bool) -> k8s.core.v1.Service:
        """Nodes reach each other by name before they are ready; clients only reach ready nodes."""
        return service(
            self,
            name,
            shared.COMPONENT,
            ports,
            pods_of=self.name,
            headless=before_ready,
            before_ready=before_ready,
            by_name=False,
        )

    def _nodes(self, config: Configuration, after: list[pulumi.Resource]) -> k8s.apps.v1.StatefulSet:
        plan = self.args.plan
        labels = self.site.selector(self.name)
        return stateful_set(
            self,
            self._workload(config),
            Claim("data", plan.node.disk_gib, self.args.storage_class, labels),
            service=self.nodes_service,
            replicas=plan.nodes,
            # Only one node joins or leaves at a time.
            management="OrderedReady",
            after=after,
        )

    def _workload(self, config: Configuration) -> Workload:
        node = self.args.plan.node
        probe = k8s.core.v1.TCPSocketActionArgs(port="cql")
        volumes = [config.volume, scratch_volume("logs", LOGS_LIMIT_GIB), scratch_volume("tmp")]
        if self.certificates is not None:
            for volume, each in (("tls", self.certificates.clients), ("internode-tls", self.certificates.internode)):
                volumes.append(tls_volume(volume, each.secret, each.trust_secret))
        variables = {
            "CASSANDRA_CONF": CONFIG_FOLDER,
            "MAX_HEAP_SIZE": f"{node.heap_mib}M",
            "HEAP_NEWSIZE": f"{node.heap_mib}M",
            "JVM_EXTRA_OPTS": "-XX:+ExitOnOutOfMemoryError",
        }
        return Workload(
            name=self.name,
            component=shared.COMPONENT,
            container="cassandra",
            image=self.image,
            user_id=shared.USER_ID,
            size=node,
            # Bypass the image's entry point, which would rewrite the complete cassandra.yaml.
            command=["cassandra", "-f"],
            environment=environment(variables),
            ports=PORTS,
            probes=Probes(
                k8s.core.v1.ProbeArgs(tcp_socket=probe, period_seconds=5, failure_threshold=120),
                k8s.core.v1.ProbeArgs(tcp_socket=probe, period_seconds=10),
                k8s.core.v1.ProbeArgs(tcp_socket=probe, period_seconds=30, failure_threshold=6),
            ),
            configuration=config,
            volumes=volumes,
            mounts=self._mounts(),
            one_at_a_time=True,
            grace_seconds=GRACE_SECONDS,
        )

    def _mounts(self) -> list[k8s.core.v1.VolumeMountArgs]:
        paths = [
            ("data", DATA_FOLDER, None),
            ("config", f"{CONFIG_FOLDER}/cassandra.yaml", "cassandra.yaml"),
            ("config", f"{CONFIG_FOLDER}/cassandra-rackdc.properties", "cassandra-rackdc.properties"),
            ("logs", "/opt/cassandra/logs", None),
            ("tmp", "/tmp", None),  # noqa: S108 - the pod's own
            *([("tls", TLS_FOLDER, None), ("internode-tls", INTERNODE_FOLDER, None)] if self.certificates else []),
        ]
        return [
            k8s.core.v1.VolumeMountArgs(name=name, mount_path=path, sub_path=sub_path) for name, path, sub_path in paths
        ]


def plain_settings(name: str, site: Site, args: CassandraArgs) -> dict[str, Any]:
    """The complete cassandra.yaml. A node listens on its pod's address, which its host name resolves to."""
    settings = {
        "cluster_name": name,
        "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner",
        "endpoint_snitch": "GossipingPropertyFileSnitch",
        "authenticator": {"class_name": "PasswordAuthenticator"},
        "authorizer": {"class_name": "CassandraAuthorizer"},
        "role_manager": {"class_name": "CassandraRoleManager"},
        "seed_provider": [
            {
                "class_name": "org.apache.cassandra.locator.SimpleSeedProvider",
                "parameters": [{"seeds": f"{name}-0.{name}-nodes.{site.namespace}.svc"}],
            }
        ],
        "native_transport_port": shared.CLIENT_PORT,
        "storage_port": shared.INTERNODE_PORT,
        "ssl_storage_port": shared.ENCRYPTED_INTERNODE_PORT,
        "data_file_directories": [f"{DATA_FOLDER}/data"],
        "commitlog_directory": f"{DATA_FOLDER}/commitlog",
        "hints_directory": f"{DATA_FOLDER}/hints",
        "saved_caches_directory": f"{DATA_FOLDER}/saved_caches",
        "cdc_raw_directory": f"{DATA_FOLDER}/cdc_raw",
        "commitlog_sync": "periodic",
        "commitlog_sync_period": "1000ms",
        **shared.node_settings(args),
    }
    return settings | (_encryption() if args.certificates is not None else {})


def _encryption() -> dict[str, Any]:
    between, towards = _stores(INTERNODE_FOLDER), _stores(TLS_FOLDER)
    return {
        "server_encryption_options": {**between, "internode_encryption": "all", "require_client_auth": True},
        "client_encryption_options": {**towards, "enabled": True, "optional": False, "require_client_auth": False},
    }


def _stores(folder: str) -> dict[str, Any]:
    return {
        "keystore": f"{folder}/keystore.p12",
        "keystore_password": KEYSTORE_PASSWORD,
        "truststore": f"{folder}/truststore.p12",
        "truststore_password": KEYSTORE_PASSWORD,
        "store_type": "PKCS12",
    }
