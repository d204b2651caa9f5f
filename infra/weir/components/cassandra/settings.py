"""Shared by both ways to run Cassandra: names, ports, the node's settings, and its certificate's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from weir.catalog.sizes import commit_log_segment_mib
from weir.components.base import Site
from weir.components.cassandra.access import STORE_PASSWORD_SECRET
from weir.components.certificates import KEYSTORE_PASSWORD, CertificateAuthority, service_names
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
CERTIFICATE_SECRET = "cassandra-tls"  # noqa: S105 - its name
# Logins, permissions and schema changes. Logging reads and writes as well would fill the disk.
AUDITED_CATEGORIES = "AUTH,DCL,DDL,ERROR"


@dataclass(frozen=True)
class Backups:
    """Backups of all tables in object storage: when they are taken, and how long each is kept."""

    storage: ObjectStorage
    schedule: str
    keep_days: int


@dataclass(frozen=True)
class CassandraArgs:
    """The arguments of every provider. `certificates` is None if connections are not encrypted."""

    plan: CassandraPlan
    version: str
    certificates: CertificateAuthority | None
    storage_class: str | None = None
    audit_log: bool = True

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
        }
    return settings


def administrator(site: Site, parent: pulumi.Resource) -> GeneratedSecret:
    """The Secret of the superuser, the only role that changes schema and roles."""
    return GeneratedSecret(
        ADMINISTRATOR_SECRET,
        site,
        GeneratedSecretArgs(COMPONENT, lambda: {"username": ADMINISTRATOR, "password": random_password()}),
        pulumi.ResourceOptions(parent=parent),
    )


def stores_password(site: Site, parent: pulumi.Resource) -> pulumi.Resource:
    """The Secret with the password of the certificate's stores."""
    return GeneratedSecret(
        STORE_PASSWORD_SECRET,
        site,
        GeneratedSecretArgs(COMPONENT, lambda: {"password": KEYSTORE_PASSWORD}),
        pulumi.ResourceOptions(parent=parent),
    ).secret


def node_names(site: Site, services: Sequence[str]) -> list[str]:
    """The names in a node's certificate: its services, and all pods behind them."""
    names = [name for service in services for name in service_names(service, site.namespace)]
    return [*names, *(f"*.{service}.{site.namespace}.svc.cluster.local" for service in services)]
