"""How a pod reaches Cassandra: the address, the files that its credentials are mounted as, and the client's options.

Whoever runs Cassandra leaves a Secret for each role (`username`, `password`) and, encrypted, the nodes' certificate
(`ca.crt`, `truststore.p12`) and a Secret with its stores' password.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_kubernetes as k8s

from weir.catalog.engine_names import kubernetes_name
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
    """None where connections are not encrypted."""
    ready: Resources
    """What must exist before a client starts: the datacenter, its tables and its roles."""

    def connector_options(self, role: str) -> dict[str, str]:
        """The options of the Flink connector for `role`: files, never a secret."""
        options = {"username": role, "password.path": f"{ROLE_FOLDER}/password"}
        if self.trust_secret:
            options |= {
                "tls.enabled": "true",
                "tls.truststore.path": f"{TRUST_FOLDER}/truststore.p12",
                "tls.truststore.password.path": f"{TRUST_PASSWORD_FOLDER}/password",
            }
        return options

    def sink_options(self, role: str, root: str = "") -> dict[str, str]:
        """The options of the Kafka Connect sink for `role`, where the files lie below `root`."""
        options = {"username": role, "password.file": f"{root}{ROLE_FOLDER}/password"}
        if self.trust_secret:
            options |= {
                "tls.enabled": "true",
                "tls.truststore.path": f"{root}{TRUST_FOLDER}/truststore.p12",
                "tls.truststore.password.file": f"{root}{TRUST_PASSWORD_FOLDER}/password",
            }
        return options

    def volumes(self, role: str) -> list[k8s.core.v1.VolumeArgs]:
        """The Secrets of `role` as volumes of a pod: of the nodes' certificate only what a client may know."""
        secrets: dict[str, tuple[str, Sequence[str]]] = {"cassandra-role": (role_secret(role), ())}
        if self.trust_secret:
            # Secrets, each by itself: Strimzi takes no volume of several sources.
            secrets["cassandra-trust"] = (self.trust_secret, ("truststore.p12", "ca.crt"))
            secrets["cassandra-trust-password"] = (STORE_PASSWORD_SECRET, ("password",))
        return [secret_volume(name, secret, keys) for name, (secret, keys) in secrets.items()]

    def mounts(self, root: str = "") -> list[k8s.core.v1.VolumeMountArgs]:
        """Where a container finds them, below `root`."""
        folders = {"cassandra-role": ROLE_FOLDER}
        if self.trust_secret:
            folders |= {"cassandra-trust": TRUST_FOLDER, "cassandra-trust-password": TRUST_PASSWORD_FOLDER}
        return read_only_mounts({name: f"{root}{folder}" for name, folder in folders.items()})


def role_secret(role: str) -> str:
    """The name of the Secret of a role."""
    return f"cassandra-role-{kubernetes_name(role)}"
