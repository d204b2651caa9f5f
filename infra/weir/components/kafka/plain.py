"""Kafka as StatefulSets without an operator, for development, previews and clusters without internet access.

Brokers and controllers authenticate each other by certificate (mTLS); clients log in with SCRAM-SHA-512 on a separate
listener. ACLs apply to all of them. A Job creates topics, users and ACLs (`plain_setup.py`).

Partitions are not moved to added brokers; use an operator for that.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.own_names import NODE_PRINCIPAL
from weir.components.base import Component, Resources, Site
from weir.components.certificates import Certificate, CertificateArgs, CertificateAuthority, service_names
from weir.components.images import Image
from weir.components.kafka.settings import broker_config
from weir.components.pods import environment, mounts, read_only_mounts, tls_volume, tmp_mount, tmp_volume
from weir.components.workload import Claim, Probes, Workload, configuration, service, stateful_set
from weir.config.kafka import CLIENT_PORT, INTERNAL_PORT
from weir.config.properties_text import properties
from weir.sizing.plan import KafkaPlan, NodeSize

CONTROLLER_PORT = 9095
USER_ID = 1000
GRACE_SECONDS = 120
FIRST_BROKER_ID = 100
CONFIG_FOLDER = "/etc/weir/kafka"
TLS_FOLDER = "/etc/weir/kafka-tls"
DATA_FOLDER = "/var/lib/kafka"
WORK_FOLDER = "/tmp/kafka"  # noqa: S108 - the pod's own
KAFKA_HOME = "/opt/kafka"
NODES_DOMAIN = "kafka-nodes"
"""Its certificates are super users', so it signs nothing but nodes."""

# Formats an empty volume, then starts the node. The node's id is its ordinal in the StatefulSet plus FIRST_ID.
START = f"""\
#!/bin/sh
set -eu
ordinal="${{HOSTNAME##*-}}"
id=$((ordinal + FIRST_ID))
mkdir -p {WORK_FOLDER}
sed -e "s/@ID@/$id/g" -e "s/@HOST@/$HOSTNAME/g" {CONFIG_FOLDER}/$ROLE.properties > {WORK_FOLDER}/server.properties
export LOG_DIR={WORK_FOLDER}/logs
{KAFKA_HOME}/bin/kafka-storage.sh format --ignore-formatted -t "$CLUSTER_ID" -c {WORK_FOLDER}/server.properties
exec {KAFKA_HOME}/bin/kafka-server-start.sh {WORK_FOLDER}/server.properties
"""


@dataclass(frozen=True)
class PlainKafkaArgs:
    """`plan` has the sizes; `authority` signs the nodes' certificates."""

    plan: KafkaPlan
    image: Image
    authority: CertificateAuthority
    storage_class: str | None = None


@dataclass(frozen=True)
class _Role:
    """Controllers or brokers. `service` is the name of their StatefulSet and Service."""

    name: str
    service: str
    replicas: int
    size: NodeSize
    first_id: int
    ports: Mapping[str, int]


class PlainKafka(Component):
    """Controllers and brokers as two StatefulSets, each with a headless Service."""

    def __init__(self, name: str, site: Site, args: PlainKafkaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kafka:PlainKafka", name, site, opts)
        self.name = name
        self.args = args
        self.controllers = f"{name}-controllers"
        self.brokers = f"{name}-brokers"
        self.bootstrap_servers = f"{self.brokers}.{site.namespace}.svc:{CLIENT_PORT}"
        self.internal_servers = f"{self.brokers}.{site.namespace}.svc:{INTERNAL_PORT}"
        self.certificate = Certificate(
            f"{name}-node",
            site,
            CertificateArgs(args.authority, NODES_DOMAIN, "kafka", NODE_PRINCIPAL, self._host_names()),
            pulumi.ResourceOptions(parent=self),
        )
        self.ca_secret = self.certificate.trust_secret
        settings = {
            "controller.properties": properties(self._controller_settings()),
            "broker.properties": properties(self._broker_settings()),
            "start.sh": START,
        }
        self.config = configuration(self, name, "kafka", settings)
        plan = args.plan
        ports = {"clients": CLIENT_PORT, "internal": INTERNAL_PORT}
        quorum = self._nodes(
            _Role("controller", self.controllers, plan.controllers, plan.controller, 0, {"controller": CONTROLLER_PORT})
        )
        brokers = _Role("broker", self.brokers, plan.brokers, plan.broker, FIRST_BROKER_ID, ports)
        self.nodes = [quorum, self._nodes(brokers, [quorum])]
        self.register_outputs({"bootstrap_servers": self.bootstrap_servers})

    def _host_names(self) -> list[str]:
        plan, namespace = self.args.plan, self.site.namespace
        return [
            name
            for service, count in ((self.controllers, plan.controllers), (self.brokers, plan.brokers))
            for name in service_names(service, namespace, [f"{service}-{index}" for index in range(count)])
        ]

    def _common_settings(self, service: str) -> dict[str, object]:
        host = f"@HOST@.{service}.{self.site.namespace}.svc"
        voters = ",".join(
            f"{index}@{self.controllers}-{index}.{self.controllers}.{self.site.namespace}.svc:{CONTROLLER_PORT}"
            for index in range(self.args.plan.controllers)
        )
        return {
            "node.id": "@ID@",
            "controller.quorum.voters": voters,
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "INTERNAL",
            "advertised.host": host,
            "listener.security.protocol.map": "CONTROLLER:SSL,INTERNAL:SSL,CLIENTS:SASL_SSL",
            "log.dirs": f"{DATA_FOLDER}/logs",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{NODE_PRINCIPAL}",
            "allow.everyone.if.no.acl.found": False,
            "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/,DEFAULT",
            "ssl.client.auth": "none",
            "listener.name.controller.ssl.client.auth": "required",
            "listener.name.internal.ssl.client.auth": "required",
            **tls_settings(TLS_FOLDER),
            **broker_config(self.args.plan),
        }

    def _controller_settings(self) -> dict[str, object]:
        settings = self._common_settings(self.controllers)
        host = settings.pop("advertised.host")
        return {
            **settings,
            "process.roles": "controller",
            "listeners": f"CONTROLLER://:{CONTROLLER_PORT}",
            "advertised.listeners": f"CONTROLLER://{host}:{CONTROLLER_PORT}",
        }

    def _broker_settings(self) -> dict[str, object]:
        settings = self._common_settings(self.brokers)
        host = settings.pop("advertised.host")
        return {
            **settings,
            "process.roles": "broker",
            "listeners": f"INTERNAL://:{INTERNAL_PORT},CLIENTS://:{CLIENT_PORT}",
            "advertised.listeners": f"INTERNAL://{host}:{INTERNAL_PORT},CLIENTS://{host}:{CLIENT_PORT}",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.clients.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
        }

    def _nodes(self, role: _Role, before: Resources = ()) -> k8s.apps.v1.StatefulSet:
        """The nodes of one role, with a headless Service that resolves their names before they are ready."""
        headless = service(self, role.service, "kafka", role.ports, headless=True, before_ready=True, by_name=False)
        return stateful_set(
            self,
            self._workload(role),
            Claim("data", role.size.disk_gib, self.args.storage_class),
            service=role.service,
            replicas=role.replicas,
            # Controllers need each other to become ready, so all start at once.
            management="Parallel",
            resource=f"{role.service}-nodes",
            after=[headless, self.certificate.resource, *before],
        )

    def _workload(self, role: _Role) -> Workload:
        probe = k8s.core.v1.TCPSocketActionArgs(port=next(iter(role.ports.values())))
        return Workload(
            name=role.service,
            component="kafka",
            container="kafka",
            image=self.args.image,
            user_id=USER_ID,
            size=role.size,
            command=["/bin/sh", f"{CONFIG_FOLDER}/start.sh"],
            environment=environment(self._environment(role)),
            probes=Probes(
                startup=k8s.core.v1.ProbeArgs(tcp_socket=probe, period_seconds=5, failure_threshold=60),
                readiness=k8s.core.v1.ProbeArgs(tcp_socket=probe, period_seconds=5),
                # Slower than readiness: only a node that answers nobody for minutes is started again.
                liveness=k8s.core.v1.ProbeArgs(tcp_socket=probe, period_seconds=30, failure_threshold=6),
            ),
            configuration=self.config,
            volumes=[self.config.volume, tls_volume("tls", self.certificate.secret, self.ca_secret), tmp_volume()],
            mounts=[
                *read_only_mounts({"config": CONFIG_FOLDER, "tls": TLS_FOLDER}),
                *mounts({"data": DATA_FOLDER}),
                tmp_mount(),
            ],
            grace_seconds=GRACE_SECONDS,
        )

    def _environment(self, role: _Role) -> dict[str, str]:
        heap = role.size.heap_mib or role.size.memory_mib // 2
        return {
            "ROLE": role.name,
            "FIRST_ID": str(role.first_id),
            "CLUSTER_ID": cluster_id(f"{self.site.environment}/{self.site.namespace}/{self.name}"),
            "KAFKA_HEAP_OPTS": f"-Xms{heap}m -Xmx{heap}m",
        }


def tls_settings(folder: str) -> dict[str, object]:
    """A node's certificate and trusted authority: PEM files, read with Kafka's own file provider."""
    return {
        "config.providers": "directory",
        "config.providers.directory.class": "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": f"${{directory:{folder}:tls.crt}}",
        "ssl.keystore.key": f"${{directory:{folder}:tls.key}}",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": f"${{directory:{folder}:ca.crt}}",
    }


def cluster_id(text: str) -> str:
    """16 bytes in URL-safe base 64, always the same for `text`, because a restarted node must find its own cluster."""
    digest = hashlib.sha256(text.encode()).digest()[:16]
    # An id that starts with a dash would be parsed as an option.
    return "w" + base64.urlsafe_b64encode(digest).decode()[1:22]
