"""Shared by both ways to run Cassandra: names, ports, the node's settings, and its certificate's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.sizes import commit_log_segment_mib
from weir.components.base import Site
from weir.components.cassandra.access import STORE_PASSWORD_SECRET
from weir.components.certificates import (
    KEYSTORE_PASSWORD,
    Certificate,
    CertificateArgs,
    CertificateAuthority,
    service_names,
)
from weir.components.secret import GeneratedSecret, GeneratedSecretArgs, random_password
from weir.config.storage import ObjectStorage
from weir.sizing.plan import CassandraPlan

COMPONENT = "cassandra"
CLIENT_PORT = 9042
INTERNODE_PORT = 7000
ENCRYPTED_INTERNODE_PORT = 7001
MANAGEMENT_PORT = 8080
METRICS_PORT = 9000
USER_ID = 999
ADMINISTRATOR = "weir_admin"
ADMINISTRATOR_SECRET = "cassandra-administrator"  # noqa: S105 - its name
STANDBY, STANDBY_SECRET = f"{ADMINISTRATOR}_standby", f"{ADMINISTRATOR_SECRET}-standby"
CERTIFICATE_SECRET = "cassandra-tls"  # noqa: S105 - its name
INTERNODE_SECRET = "cassandra-internode"  # noqa: S105 - its name
# Who holds a certificate of the first may join the ring; by the second, clients know whom they send their password to.
NODES_DOMAIN, SERVERS_DOMAIN = "cassandra-nodes", "cassandra-servers"
# Everything that people and administrators do, reads and writes among it. PREPARE and OTHER only announce it.
AUDITED_CATEGORIES = "AUTH,DCL,DDL,DML,ERROR,QUERY"
# Cassandra's default, and the tables that Reaper leads itself by, every few seconds.
UNAUDITED_KEYSPACES = "system,system_schema,system_virtual_schema,reaper_db"


@dataclass(frozen=True)
class Backups:
    """Backups of all tables in object storage: when they are taken, and how long each is kept."""

    storage: ObjectStorage
    schedule: str
    keep_days: int


@dataclass(frozen=True)
class CassandraArgs:
    """The arguments of every provider. `certificates` is None if connections are not encrypted.

    `programs` are the roles whose statements the audit log leaves out: millions of reads and writes would hide the
    few of people.
    """

    plan: CassandraPlan
    version: str
    certificates: CertificateAuthority | None
    storage_class: str | None = None
    audit_log: bool = True
    programs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        plan = self.plan
        if plan.nodes < plan.replication_factor:
            raise ValueError(
                f"cassandra: {plan.nodes} nodes cannot hold {plan.replication_factor} copies; add nodes or lower "
                "availability.cassandra_replication_factor"
            )


def node_settings(args: CassandraArgs) -> dict[str, Any]:
    """The platform's own part of cassandra.yaml."""
    settings: dict[str, Any] = {
        "num_tokens": args.plan.tokens_per_node,
        # Trie memtables and the `bti` format need less heap for the same data; both need the compatibility mode off.
        "storage_compatibility_mode": "NONE",
        "sstable": {"selected_format": "bti"},
        "memtable": {"configurations": {"default": {"class_name": "TrieMemtable"}}},
        "memtable_allocation_type": "offheap_objects",
        # The largest write that a node accepts is half a segment.
        "commitlog_segment_size": f"{commit_log_segment_mib(args.plan.largest_row_bytes)}MiB",
        # A broken disk stops the node, and other replicas answer; otherwise it might return wrong answers.
        "disk_failure_policy": "die",
        "commit_failure_policy": "die",
        # If rows expire in whole windows, no tombstone is read; a query that reads many is a mistake.
        "tombstone_failure_threshold": 100_000,
        "auto_snapshot": True,
    }
    if args.audit_log:
        settings["audit_logging_options"] = {
            "enabled": True,
            "logger": [{"class_name": "FileAuditLogger"}],
            "included_categories": AUDITED_CATEGORIES,
            "excluded_keyspaces": UNAUDITED_KEYSPACES,
            "excluded_users": ",".join(args.programs),
        }
    return settings


def administrators(site: Site, parent: pulumi.Resource) -> tuple[k8s.core.v1.Secret, k8s.core.v1.Secret]:
    """The Secrets of the superuser, who changes schema and roles, and of another one who stands by.

    Each of them can set the password of the other. So one at a time may get a new password, or lose its Secret.
    """

    def secret(name: str, user: str) -> k8s.core.v1.Secret:
        args = GeneratedSecretArgs(COMPONENT, lambda: {"username": user, "password": random_password()})
        return GeneratedSecret(name, site, args, pulumi.ResourceOptions(parent=parent)).secret

    return secret(ADMINISTRATOR_SECRET, ADMINISTRATOR), secret(STANDBY_SECRET, STANDBY)


def stores_password(site: Site, parent: pulumi.Resource) -> pulumi.Resource:
    """The Secret with the password of the certificate's stores."""
    return GeneratedSecret(
        STORE_PASSWORD_SECRET,
        site,
        GeneratedSecretArgs(COMPONENT, lambda: {"password": KEYSTORE_PASSWORD}),
        pulumi.ResourceOptions(parent=parent),
    ).secret


@dataclass(frozen=True)
class NodeCertificates:
    """One certificate for all nodes on each side: between nodes, and towards clients."""

    internode: Certificate
    clients: Certificate

    @classmethod
    def of(
        cls, site: Site, authority: CertificateAuthority, name: str, services: Sequence[str], parent: pulumi.Resource
    ) -> NodeCertificates:
        """Those of the cluster `name`, whose nodes are behind `services`."""
        options, names = pulumi.ResourceOptions(parent=parent), node_names(site, services)
        between = CertificateArgs(authority, NODES_DOMAIN, COMPONENT, name, names)
        towards = CertificateArgs(authority, SERVERS_DOMAIN, COMPONENT, name, names, client=False)
        return cls(
            Certificate(INTERNODE_SECRET, site, between, options),
            Certificate(CERTIFICATE_SECRET, site, towards, options),
        )

    @property
    def resources(self) -> list[pulumi.Resource]:
        """What a node depends on."""
        return [self.internode.resource, self.clients.resource]


def node_names(site: Site, services: Sequence[str]) -> list[str]:
    """The names in a node's certificate: its services, and all pods behind them."""
    names = [name for service in services for name in service_names(service, site.namespace)]
    return [*names, *(f"*.{service}.{site.namespace}.svc.cluster.local" for service in services)]
