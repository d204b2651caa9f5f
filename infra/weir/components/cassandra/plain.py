"""Cassandra without an operator: a StatefulSet, for development, previews and clusters without internet."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import (
    Component,
    Site,
    config_volume,
    container_security,
    pod_security,
    pull_secrets,
    topology_spread,
)
from weir.components.cassandra import settings as shared
from weir.components.cassandra.access import CassandraAccess
from weir.components.cassandra.settings import CassandraArgs
from weir.components.certificates import KEYSTORE_PASSWORD, Certificate, CertificateArgs
from weir.components.images import CONFIG_CHECKSUM, Image
from weir.components.job import content_hash
from weir.config.yaml_text import written

CONFIG_FOLDER = "/etc/cassandra"
DATA_FOLDER = "/var/lib/cassandra"
TLS_FOLDER = "/etc/weir/cassandra-tls"
RACK = "rack1"
GRACE_SECONDS = 120


class CassandraPlain(Component):
    """The StatefulSet `name`, one rack, with a headless Service for its nodes and one for its clients."""

    def __init__(
        self, name: str, site: Site, args: CassandraArgs, image: Image, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("cassandra:CassandraPlain", name, site, opts)
        self.name = name
        self.args = args
        self.image = image
        self.nodes_service = f"{name}-nodes"
        self.administrator = shared.administrator(site, self)
        files = self._files()
        after: list[pulumi.Resource] = [
            self._config(files),
            self._service(self.nodes_service, headless=True),
        ]
        # Not among what the nodes come after: Pulumi takes a Service for made once a pod is behind it.
        clients = self._service(name, headless=False)
        if args.certificates is not None:
            after += [self._certificate(), shared.stores_password(site, self)]
        self.nodes = self._stateful_set(content_hash("".join(files.values())), after)
        self.disrupt_one_at_a_time(self.name, shared.COMPONENT)
        self.access = CassandraAccess(
            contact_points=(f"{name}.{site.namespace}.svc:{shared.CLIENT_PORT}",),
            datacenter=args.plan.datacenter,
            trust_secret=shared.CERTIFICATE_SECRET if args.certificates else None,
            ready=[self.nodes, clients],
        )
        self.register_outputs({"service": name})

    def _files(self) -> dict[str, str]:
        return {
            "cassandra.yaml": written(plain_settings(self.name, self.site, self.args)),
            "cassandra-rackdc.properties": f"dc={self.args.plan.datacenter}\nrack={RACK}\n",
        }

    def _config(self, files: dict[str, str]) -> k8s.core.v1.ConfigMap:
        name = f"{self.name}-config"
        return k8s.core.v1.ConfigMap(
            name, metadata=self.site.metadata(name, shared.COMPONENT), data=files, opts=self.child()
        )

    def _service(self, name: str, *, headless: bool) -> k8s.core.v1.Service:
        ports = {"cql": shared.CLIENT_PORT}
        if headless:
            ports |= {"internode": shared.INTERNODE_PORT, "internode-tls": shared.ENCRYPTED_INTERNODE_PORT}
        return k8s.core.v1.Service(
            name,
            metadata=self.site.metadata(name, shared.COMPONENT),
            spec=k8s.core.v1.ServiceSpecArgs(
                cluster_ip="None" if headless else None,
                # Nodes find each other before they are ready; clients meet ready ones only.
                publish_not_ready_addresses=headless,
                selector=self.site.selector(self.name),
                ports=[k8s.core.v1.ServicePortArgs(name=port, port=number) for port, number in ports.items()],
            ),
            opts=self.child(),
        )

    def _certificate(self) -> pulumi.Resource:
        assert self.args.certificates is not None  # noqa: S101 - the caller's condition
        names = shared.node_names(self.site, [self.name, self.nodes_service])
        return Certificate(
            shared.CERTIFICATE_SECRET,
            self.site,
            CertificateArgs(self.args.certificates, shared.COMPONENT, self.name, names),
            pulumi.ResourceOptions(parent=self),
        ).resource

    def _stateful_set(self, checksum: str, after: list[pulumi.Resource]) -> k8s.apps.v1.StatefulSet:
        site, plan = self.site, self.args.plan
        claim = k8s.core.v1.PersistentVolumeClaimArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(name="data", labels=site.selector(self.name)),
            spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
                access_modes=["ReadWriteOnce"],
                storage_class_name=self.args.storage_class,
                resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": f"{plan.node.disk_gib}Gi"}),
            ),
        )
        return k8s.apps.v1.StatefulSet(
            self.name,
            metadata=site.metadata(self.name, shared.COMPONENT),
            spec=k8s.apps.v1.StatefulSetSpecArgs(
                service_name=self.nodes_service,
                replicas=plan.nodes,
                # One node joins or leaves at a time.
                pod_management_policy="OrderedReady",
                persistent_volume_claim_retention_policy=(
                    k8s.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                        when_deleted="Retain", when_scaled="Retain"
                    )
                ),
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(self.name)),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=site.pod_metadata(self.name, shared.COMPONENT, {CONFIG_CHECKSUM: checksum}),
                    spec=self._pod(),
                ),
                volume_claim_templates=[claim],
            ),
            opts=self.keeper(after=after),
        )

    def _pod(self) -> k8s.core.v1.PodSpecArgs:
        volumes = [
            config_volume(f"{self.name}-config"),
            *(
                k8s.core.v1.VolumeArgs(name=name, empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs())
                for name in ("logs", "tmp")
            ),
        ]
        if self.args.certificates is not None:
            secret = k8s.core.v1.SecretVolumeSourceArgs(secret_name=shared.CERTIFICATE_SECRET, default_mode=0o440)
            volumes.append(k8s.core.v1.VolumeArgs(name="tls", secret=secret))
        return k8s.core.v1.PodSpecArgs(
            automount_service_account_token=False,
            security_context=pod_security(shared.USER_ID),
            image_pull_secrets=pull_secrets(self.image.pull_secrets),
            topology_spread_constraints=topology_spread(self.site.selector(self.name), self.site.zones),
            termination_grace_period_seconds=GRACE_SECONDS,
            containers=[self._container()],
            volumes=volumes,
        )

    def _container(self) -> k8s.core.v1.ContainerArgs:
        heap = f"{self.args.plan.node.heap_mib}M"
        probe = k8s.core.v1.TCPSocketActionArgs(port="cql")
        mounts = [
            ("data", DATA_FOLDER, None),
            ("config", f"{CONFIG_FOLDER}/cassandra.yaml", "cassandra.yaml"),
            ("config", f"{CONFIG_FOLDER}/cassandra-rackdc.properties", "cassandra-rackdc.properties"),
            ("logs", "/opt/cassandra/logs", None),
            ("tmp", "/tmp", None),  # noqa: S108 - the pod's own
            *([("tls", TLS_FOLDER, None)] if self.args.certificates is not None else []),
        ]
        ports = {
            "cql": shared.CLIENT_PORT,
            "internode": shared.INTERNODE_PORT,
            "internode-tls": shared.ENCRYPTED_INTERNODE_PORT,
        }
        return k8s.core.v1.ContainerArgs(
            name="cassandra",
            image=self.image.reference,
            image_pull_policy=self.image.pull_policy,
            # Not the image's entry point: it rewrites cassandra.yaml, which is whole already.
            command=["cassandra", "-f"],
            env=[
                k8s.core.v1.EnvVarArgs(name=name, value=value)
                for name, value in {
                    "CASSANDRA_CONF": CONFIG_FOLDER,
                    "MAX_HEAP_SIZE": heap,
                    "HEAP_NEWSIZE": heap,
                    "JVM_EXTRA_OPTS": "-XX:+ExitOnOutOfMemoryError",
                }.items()
            ],
            ports=[k8s.core.v1.ContainerPortArgs(name=name, container_port=port) for name, port in ports.items()],
            startup_probe=k8s.core.v1.ProbeArgs(tcp_socket=probe, period_seconds=5, failure_threshold=120),
            readiness_probe=k8s.core.v1.ProbeArgs(tcp_socket=probe, period_seconds=10),
            liveness_probe=k8s.core.v1.ProbeArgs(tcp_socket=probe, period_seconds=30, failure_threshold=6),
            security_context=container_security(),
            resources=self.site.resources(self.args.plan.node),
            volume_mounts=[
                k8s.core.v1.VolumeMountArgs(name=name, mount_path=path, sub_path=sub_path)
                for name, path, sub_path in mounts
            ],
        )


def plain_settings(name: str, site: Site, args: CassandraArgs) -> dict[str, Any]:
    """The node's whole cassandra.yaml. A node listens on its pod's address, which its host name resolves to."""
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
    stores = {
        "keystore": f"{TLS_FOLDER}/keystore.p12",
        "keystore_password": KEYSTORE_PASSWORD,
        "truststore": f"{TLS_FOLDER}/truststore.p12",
        "truststore_password": KEYSTORE_PASSWORD,
        "store_type": "PKCS12",
    }
    return {
        "server_encryption_options": {**stores, "internode_encryption": "all", "require_client_auth": True},
        "client_encryption_options": {**stores, "enabled": True, "optional": False, "require_client_auth": False},
    }
