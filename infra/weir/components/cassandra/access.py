"""How a pod accesses Cassandra: the address, the mounted files with its credentials, and the client's options.

Each provider creates a Secret for each role (`username`, `password`) and, with encryption, one with the authority of
the nodes (`ca.crt`, `truststore.p12`) and one with the password of its stores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_kubernetes as k8s

from weir.catalog.own_names import kubernetes_name
from weir.components.base import Resources
from weir.components.pods import read_only_mounts, secret_volume

ROLE_FOLDER = "/etc/weir/cassandra-role"
TRUST_FOLDER = "/etc/weir/cassandra-trust"
TRUST_PASSWORD_FOLDER = "/etc/weir/cassandra-trust-password"  # noqa: S105 - its path
STORE_PASSWORD_SECRET = "cassandra-keystore-password"  # noqa: S105 - its name


@dataclass(frozen=True)
class CassandraAccess:
    """Cassandra as its clients see it."""

    contact_points: tuple[str, ...]
    """`host:port` each."""
    datacenter: str
    trust_secret: str | None
    """None if connections are not encrypted."""
    ready: Resources
    """What a client depends on: the datacenter, its tables and its roles."""
    password_generation: int = 1

    def role_secret(self, role: str) -> str:
        """The name of the role's Secret. A new generation has another name, so all who use it restart with it."""
        suffix = "" if self.password_generation == 1 else f"-{self.password_generation}"
        return f"cassandra-role-{kubernetes_name(role)}{suffix}"

    @property
    def server_name(self) -> str:
        """The name that the certificate of every node has: nodes are met at addresses that no certificate can have."""
        return self.contact_points[0].rpartition(":")[0]

    def connector_options(self, role: str) -> dict[str, str]:
        """The options of the Flink connector for `role`: paths of files, never a secret."""
        options = {"username": role, "password.path": f"{ROLE_FOLDER}/password"}
        if self.trust_secret:
            options |= {
                "tls.enabled": "true",
                "tls.server-name": self.server_name,
                "tls.truststore.path": f"{TRUST_FOLDER}/truststore.p12",
                "tls.truststore.password.path": f"{TRUST_PASSWORD_FOLDER}/password",
            }
        return options

    def sink_options(self, role: str, root: str = "") -> dict[str, str]:
        """The options of the Kafka Connect sink for `role`, with its files below `root`."""
        options = {"username": role, "password.file": f"{root}{ROLE_FOLDER}/password"}
        if self.trust_secret:
            options |= {
                "tls.enabled": "true",
                "tls.server-name": self.server_name,
                "tls.truststore.path": f"{root}{TRUST_FOLDER}/truststore.p12",
                "tls.truststore.password.file": f"{root}{TRUST_PASSWORD_FOLDER}/password",
            }
        return options

    def secrets(self, role: str) -> dict[str, tuple[str, Sequence[str]]]:
        """Volume of a client -> its Secret, and the keys that it needs; none of them are all."""
        secrets: dict[str, tuple[str, Sequence[str]]] = {"cassandra-role": (self.role_secret(role), ())}
        if self.trust_secret:
            # One volume for each Secret, because Strimzi does not support projected volumes.
            secrets["cassandra-trust"] = (self.trust_secret, ("truststore.p12", "ca.crt"))
            secrets["cassandra-trust-password"] = (STORE_PASSWORD_SECRET, ("password",))
        return secrets

    def volumes(self, role: str) -> list[k8s.core.v1.VolumeArgs]:
        """The Secrets of `role` as a pod's volumes."""
        return [secret_volume(name, secret, keys) for name, (secret, keys) in self.secrets(role).items()]

    def mounts(self, root: str = "") -> list[k8s.core.v1.VolumeMountArgs]:
        """The mounts of these volumes, below `root`."""
        folders = {"cassandra-role": ROLE_FOLDER}
        if self.trust_secret:
            folders |= {"cassandra-trust": TRUST_FOLDER, "cassandra-trust-password": TRUST_PASSWORD_FOLDER}
        return read_only_mounts({name: f"{root}{folder}" for name, folder in folders.items()})
