"""Cassandra run by the K8ssandra operator: one datacenter, with a rack in each zone, repairs and backups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import ZONE_KEY, Component, CustomKind, Site, custom_resource
from weir.components.cassandra import settings as shared
from weir.components.cassandra.access import STORE_PASSWORD_SECRET, CassandraAccess
from weir.components.cassandra.settings import Backups, CassandraArgs, NodeCertificates
from weir.components.network_endpoints import ROLE_LABEL
from weir.components.object_storage import bucket_encryption
from weir.components.pods import container_security, pod_security
from weir.sizing.helper_pods import MEDUSA, REAPER, SIDE_CONTAINER

BUCKET_SECRET = "cassandra-backups"  # noqa: S105 - its name
# cass-operator's own containers next to Cassandra; they must be restricted as well.
INIT_CONTAINERS = ("server-config-init-base", "server-config-init")
SIDE_CONTAINERS = ("server-system-logger",)


@dataclass(frozen=True)
class CassandraClusterArgs(CassandraArgs):
    """The arguments of every provider, plus the operator's API versions and features.

    `bucket_keys` are the bucket's access key and secret key; None if pods have an identity of their own.
    """

    cluster_api_version: str = ""
    backup_api_version: str = ""
    repairs: bool = True
    backups: Backups | None = None
    bucket_keys: tuple[pulumi.Input[str], pulumi.Input[str]] | None = None
    monitored: bool = True
    monitor_labels: tuple[tuple[str, str], ...] = ()


class CassandraCluster(Component):
    """The cluster `name`. Connections are encrypted, all clients log in, and the default superuser does not exist."""

    def __init__(
        self, name: str, site: Site, args: CassandraClusterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("cassandra:CassandraCluster", name, site, opts)
        self.name = name
        self.args = args
        self.service = f"{name}-{args.plan.datacenter}-service"
        self.administrators = shared.administrators(site, self)
        before: list[pulumi.Resource] = [*self.administrators]
        self.certificates: NodeCertificates | None = None
        if args.certificates is not None:
            services = [self.service, f"{name}-{args.plan.datacenter}-all-pods-service"]
            self.certificates = NodeCertificates.of(site, args.certificates, name, services, self)
            before += [*self.certificates.resources, shared.stores_password(site, self)]
        if args.bucket_keys is not None:
            before.append(self._bucket_secret(*args.bucket_keys))
        if self._has_account:
            before.append(self._account())
        self.cluster = custom_resource(
            name,
            CustomKind(args.cluster_api_version, "K8ssandraCluster"),
            # Medusa's resource has no field that asks for encryption, so the bucket's default has to do it.
            site.metadata(
                name,
                shared.COMPONENT,
                annotations=bucket_encryption(args.backups.storage) if args.backups else None,
            ),
            self._spec(),
            self.keeper(after=before),
        )
        if args.backups is not None:
            self._schedule(args.backups)
        self.access = CassandraAccess(
            contact_points=(f"{self.service}.{site.namespace}.svc:{shared.CLIENT_PORT}",),
            datacenter=args.plan.datacenter,
            trust_secret=self.certificates.clients.trust_secret if self.certificates else None,
            ready=[self.cluster],
        )
        self.register_outputs({"service": self.service})

    def _bucket_secret(self, access_key: pulumi.Input[str], secret_key: pulumi.Input[str]) -> pulumi.Resource:
        """The keys in the form that Medusa reads: an AWS credentials file."""
        content = pulumi.Output.secret(
            pulumi.Output.format(
                "[default]\naws_access_key_id = {0}\naws_secret_access_key = {1}\n", access_key, secret_key
            )
        )
        return k8s.core.v1.Secret(
            BUCKET_SECRET,
            metadata=self.site.metadata(BUCKET_SECRET, shared.COMPONENT),
            string_data={"credentials": content},
            opts=self.child(),
        )

    @property
    def _has_account(self) -> bool:
        """Whether the nodes, which carry Medusa, reach the bucket by an identity of the cloud."""
        return self.args.backups is not None and self.args.bucket_keys is None

    def _account(self) -> pulumi.Resource:
        """The account of the nodes' pods; the namespace's default one has no identity."""
        backups = self.args.backups
        assert backups is not None  # noqa: S101 - the caller's condition
        store = backups.storage
        annotations = store.backup_account_annotations or store.service_account_annotations
        return k8s.core.v1.ServiceAccount(
            self.name,
            metadata=self.site.metadata(self.name, shared.COMPONENT, annotations=annotations),
            automount_service_account_token=False,
            opts=self.child(),
        )

    def _spec(self) -> dict[str, Any]:
        args = self.args
        spec: dict[str, Any] = {"auth": True, "secretsProvider": "internal", "cassandra": self._cassandra()}
        if args.repairs:
            spec["reaper"] = self._reaper()
        if args.backups is not None:
            spec["medusa"] = self._medusa(args.backups)
        return spec

    def _cassandra(self) -> dict[str, Any]:
        args, plan = self.args, self.args.plan
        claim = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": f"{plan.node.disk_gib}Gi"}},
            **({"storageClassName": args.storage_class} if args.storage_class else {}),
        }
        cassandra: dict[str, Any] = {
            "serverType": "cassandra",
            "serverVersion": args.version,
            "superuserSecretRef": {"name": shared.ADMINISTRATOR_SECRET},
            "config": {"cassandraYaml": self._yaml(), "jvmOptions": self._jvm()},
            "storageConfig": {"cassandraDataVolumeClaimSpec": claim},
            "resources": self.site.resources(plan.node),
            "podSecurityContext": pod_security(shared.USER_ID),
            "readOnlyRootFilesystem": True,
            **self._containers(),
            "telemetry": self._telemetry(),
            "metadata": {"pods": {"labels": self._pod_labels()}},
            "softPodAntiAffinity": plan.replication_factor == 1,
            "datacenters": [self._datacenter()],
        }
        if self.certificates is not None:
            between, towards = self.certificates.internode, self.certificates.clients
            cassandra["serverEncryptionStores"] = _stores(between.secret, between.trust_secret)
            # cert-manager's own trust store: Medusa and Reaper read it, too.
            cassandra["clientEncryptionStores"] = _stores(towards.secret, towards.secret)
        return cassandra

    def _pod_labels(self) -> dict[str, str]:
        """The labels that network policies select. The operator sets the recommended labels."""
        return {**self.site.own_labels, ROLE_LABEL: shared.COMPONENT}

    def _yaml(self) -> dict[str, Any]:
        settings = shared.node_settings(self.args)
        if self.args.certificates is not None:
            settings |= {
                # Nodes authenticate each other by certificate; clients use a password.
                "server_encryption_options": {
                    "internode_encryption": "all",
                    "require_client_auth": True,
                    "store_type": "PKCS12",
                },
                "client_encryption_options": {
                    "enabled": True,
                    "optional": False,
                    "require_client_auth": False,
                    "store_type": "PKCS12",
                },
            }
        return settings

    def _jvm(self) -> dict[str, Any]:
        heap = f"{self.args.plan.node.heap_mib}Mi"
        return {"heapSize": heap, "gc": "G1GC", "additionalOptions": ["-XX:+ExitOnOutOfMemoryError"]}

    def _datacenter(self) -> dict[str, Any]:
        plan = self.args.plan
        racks: list[dict[str, Any]] = [{"name": rack} for rack in plan.racks]
        if self.site.zones > 1:
            racks = [{"name": rack, "nodeAffinityLabels": {ZONE_KEY: rack}} for rack in plan.racks]
        return {
            "metadata": {
                "name": plan.datacenter,
                "annotations": {
                    # Without it the operator deletes the volumes together with the datacenter.
                    "cassandra.datastax.com/delete-pvc": "false" if self.site.keep_data else "true",
                    # Without it the operator refuses larger volumes; with it they grow where their class lets them.
                    "cassandra.datastax.com/allow-storage-changes": "true",
                },
            },
            "size": plan.nodes,
            "racks": racks,
            **({"serviceAccount": self.name} if self._has_account else {}),
        }

    def _containers(self) -> dict[str, Any]:
        """Cassandra's pods only meet `restricted` if every container declares it, including the operator's helpers."""

        def helper(name: str) -> dict[str, Any]:
            return {
                "name": name,
                "securityContext": container_security(read_only_root=False),
                "resources": self.site.resources(SIDE_CONTAINER),
            }

        return {
            "initContainers": [helper(name) for name in INIT_CONTAINERS],
            "containers": [
                {"name": "cassandra", "securityContext": container_security()},
                *(helper(name) for name in SIDE_CONTAINERS),
            ],
        }

    def _telemetry(self) -> dict[str, Any]:
        if not self.args.monitored:
            return {"prometheus": {"enabled": False}}
        return {"prometheus": {"enabled": True, "commonLabels": dict(self.args.monitor_labels)}}

    def _reaper(self) -> dict[str, Any]:
        """Repairs all tables continuously: a replica that missed a deletion would otherwise bring rows back."""
        return {
            "autoScheduling": {"enabled": True, "repairType": "AUTO"},
            "heapSize": f"{REAPER.heap_mib}Mi",
            "resources": self.site.resources(REAPER),
            "initContainerResources": self.site.resources(SIDE_CONTAINER),
            "podSecurityContext": pod_security(1001),
            "securityContext": container_security(read_only_root=False),
            "initContainerSecurityContext": container_security(read_only_root=False),
            "metadata": {"pods": {"labels": self._pod_labels()}},
        }

    def _medusa(self, backups: Backups) -> dict[str, Any]:
        store = backups.storage
        properties: dict[str, Any] = {
            "storageProvider": "s3_compatible" if store.endpoint_url else "s3",
            "bucketName": store.bucket,
            "prefix": "/".join(part for part in (store.prefix, "cassandra", self.name) if part),
            "maxBackupAge": backups.keep_days,
            "credentialsType": "credential-based" if self.args.bucket_keys else "role-based",
            "secure": not (store.endpoint_url or "https").startswith("http:"),
        }
        if store.region:
            properties["region"] = store.region
        if store.endpoint_url:
            properties["host"] = store.endpoint_url.split("://", 1)[1].split("/")[0]
        if self.args.bucket_keys:
            properties["storageSecretRef"] = {"name": BUCKET_SECRET}
        medusa: dict[str, Any] = {
            "storageProperties": properties,
            "containerResources": self.site.resources(MEDUSA),
            "initContainerResources": self.site.resources(SIDE_CONTAINER),
            "securityContext": container_security(read_only_root=False),
        }
        if self.args.certificates is not None:
            medusa["clientEncryptionStores"] = _stores(shared.CERTIFICATE_SECRET, shared.CERTIFICATE_SECRET)
        return medusa

    def _schedule(self, backups: Backups) -> None:
        custom_resource(
            f"{self.name}-backups",
            CustomKind(self.args.backup_api_version, "MedusaBackupSchedule"),
            self.site.metadata(f"{self.name}-backups", shared.COMPONENT),
            {
                "cronSchedule": backups.schedule,
                # Do not start a backup while the previous one is still running.
                "concurrencyPolicy": "Forbid",
                "backupSpec": {"backupType": "differential", "cassandraDatacenter": self.args.plan.datacenter},
            },
            self.child(after=[self.cluster]),
        )


def _stores(keys: str, trust: str) -> dict[str, Any]:
    """References to the stores in the Secrets `keys` and `trust`, and to the Secret with their password."""

    def store(key: str, secret: str) -> dict[str, Any]:
        return {
            f"{key}SecretRef": {"name": secret, "key": f"{key}.p12"},
            f"{key}PasswordSecretRef": {"name": STORE_PASSWORD_SECRET, "key": "password"},
        }

    return store("keystore", keys) | store("truststore", trust)
