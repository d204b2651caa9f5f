"""A Kafka of StatefulSets, without an operator: for development, previews and clusters without internet.

Brokers and controllers know each other by certificate (mTLS); clients log in with SCRAM-SHA-512 on a listener of their
own, and simple authorization holds for all. Topics, users and rules come from a Job (`plain_setup.py`).
Adding brokers moves no partitions here; that is what an operator is for.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import (
    Component,
    Resources,
    Site,
    config_volume,
    container_security,
    pod_security,
    pull_secrets,
    tmp_mount,
    tmp_volume,
    topology_spread,
)
from weir.components.certificates import Certificate, CertificateArgs, CertificateAuthority, service_names
from weir.components.job import content_hash
from weir.components.kafka.settings import broker_config
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
NODE_PRINCIPAL = "weir-kafka-node"
TLS_MODE = 0o440

# Formats an empty volume, then runs the node; a node's number is its place in the StatefulSet.
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
    """`plan` says how much; `authority` signs the nodes' certificates."""

    plan: KafkaPlan
    image: str
    image_pull_policy: str
    authority: CertificateAuthority
    storage_class: str | None = None
    image_pull_secrets: Sequence[str] = ()


@dataclass(frozen=True)
class _Role:
    """Controllers or brokers: `service` is the name of their StatefulSet and Service."""

    name: str
    service: str
    replicas: int
    size: NodeSize
    first_id: int
    ports: Mapping[str, int]


class PlainKafka(Component):
    """Controllers and brokers, two StatefulSets, each behind a headless Service."""

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
            CertificateArgs(args.authority, "kafka", NODE_PRINCIPAL, self._host_names()),
            pulumi.ResourceOptions(parent=self),
        )
        self.ca_secret = self.certificate.secret
        settings = {
            "controller.properties": properties(self._controller_settings()),
            "broker.properties": properties(self._broker_settings()),
            "start.sh": START,
        }
        self.config = k8s.core.v1.ConfigMap(
            f"{name}-config",
            metadata=site.metadata(f"{name}-config", "kafka"),
            data=settings,
            opts=self.child(),
        )
        self.checksum = content_hash("".join(settings.values()))
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
        """The nodes of one role, behind a headless Service that names each of them before it is ready."""
        site, args, service = self.site, self.args, role.service
        headless = k8s.core.v1.Service(
            service,
            metadata=site.metadata(service, "kafka"),
            spec=k8s.core.v1.ServiceSpecArgs(
                cluster_ip="None",
                publish_not_ready_addresses=True,
                selector=site.selector(service),
                ports=[k8s.core.v1.ServicePortArgs(name=name, port=port) for name, port in role.ports.items()],
            ),
            opts=self.child(),
        )
        after = [headless, self.config, self.certificate.resource, *before]
        claim = k8s.core.v1.PersistentVolumeClaimArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(name="data"),
            spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
                access_modes=["ReadWriteOnce"],
                storage_class_name=args.storage_class,
                resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": f"{role.size.disk_gib}Gi"}),
            ),
        )
        return k8s.apps.v1.StatefulSet(
            f"{service}-nodes",
            metadata=site.metadata(service, "kafka"),
            spec=k8s.apps.v1.StatefulSetSpecArgs(
                service_name=service,
                replicas=role.replicas,
                # The controllers need each other to be ready: none may wait for the one before it.
                pod_management_policy="Parallel",
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(service)),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=site.pod_metadata(service, "kafka", {"weir.io/config-checksum": self.checksum}),
                    spec=self._pod(role),
                ),
                volume_claim_templates=[claim],
                persistent_volume_claim_retention_policy=(
                    k8s.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                        when_deleted="Retain", when_scaled="Retain"
                    )
                ),
            ),
            opts=self.keeper(after=after),
        )

    def _pod(self, role: _Role) -> k8s.core.v1.PodSpecArgs:
        args, site = self.args, self.site
        heap = role.size.heap_mib or role.size.memory_mib // 2
        environment = {
            "ROLE": role.name,
            "FIRST_ID": str(role.first_id),
            "CLUSTER_ID": cluster_id(f"{site.environment}/{site.namespace}/{self.name}"),
            "KAFKA_HEAP_OPTS": f"-Xms{heap}m -Xmx{heap}m",
        }
        probe = k8s.core.v1.TCPSocketActionArgs(port=next(iter(role.ports.values())))
        container = k8s.core.v1.ContainerArgs(
            name="kafka",
            image=args.image,
            image_pull_policy=args.image_pull_policy,
            command=["/bin/sh", f"{CONFIG_FOLDER}/start.sh"],
            env=[k8s.core.v1.EnvVarArgs(name=name, value=value) for name, value in environment.items()],
            security_context=container_security(),
            resources=site.resources(role.size),
            startup_probe=k8s.core.v1.ProbeArgs(tcp_socket=probe, period_seconds=5, failure_threshold=60),
            readiness_probe=k8s.core.v1.ProbeArgs(tcp_socket=probe, period_seconds=5),
            volume_mounts=[
                k8s.core.v1.VolumeMountArgs(name="config", mount_path=CONFIG_FOLDER, read_only=True),
                k8s.core.v1.VolumeMountArgs(name="tls", mount_path=TLS_FOLDER, read_only=True),
                k8s.core.v1.VolumeMountArgs(name="data", mount_path=DATA_FOLDER),
                tmp_mount(),
            ],
        )
        return k8s.core.v1.PodSpecArgs(
            automount_service_account_token=False,
            termination_grace_period_seconds=GRACE_SECONDS,
            security_context=pod_security(USER_ID),
            image_pull_secrets=pull_secrets(args.image_pull_secrets),
            topology_spread_constraints=topology_spread(site.selector(role.service), site.zones),
            containers=[container],
            volumes=[
                config_volume(f"{self.name}-config"),
                k8s.core.v1.VolumeArgs(
                    name="tls",
                    secret=k8s.core.v1.SecretVolumeSourceArgs(
                        secret_name=self.certificate.secret, default_mode=TLS_MODE
                    ),
                ),
                tmp_volume(),
            ],
        )


def tls_settings(folder: str) -> dict[str, object]:
    """A node's certificate and whom it trusts: PEM files, read through Kafka's own provider of files."""
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
    """16 bytes in URL-safe base 64, always the same for `text`: a node that comes back must find its own cluster."""
    digest = hashlib.sha256(text.encode()).digest()[:16]
    # One that begins with a dash would be read as an option.
    return "w" + base64.urlsafe_b64encode(digest).decode()[1:22]
