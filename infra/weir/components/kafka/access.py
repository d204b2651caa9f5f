"""How a pod accesses Kafka: the address, the mounted files with its credentials, and the client's properties.

Each provider creates a Secret named after the user, with `password` (or `user.crt` and `user.key`), and, if it has its
own certificate authority, a Secret with `ca.crt`. The client's properties name files and contain no secrets.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Resources
from weir.components.pods import read_only_mounts, secret_volume
from weir.config.kafka import KafkaAuthentication

USER_FOLDER = "/etc/weir/kafka-user"
CA_FOLDER = "/etc/weir/kafka-ca"
FLINK_SHADING = "org.apache.flink.kafka.shaded."
"""Flink's SQL connector for Kafka shades the client, and only finds its classes under this prefix."""


@dataclass(frozen=True)
class KafkaAccess:
    """Kafka as its clients see it."""

    bootstrap_servers: pulumi.Input[str]
    authentication: KafkaAuthentication
    ca_secret: str | None
    """None if every JVM trusts the authority of the brokers' certificates."""
    ready: Resources
    """What a client depends on: the cluster, its topics and its users."""

    def properties(self, user: str, shading: str = "") -> dict[str, str]:
        """The client properties of `user`. `shading` is the prefix of Kafka's class names."""
        kafka = f"{shading}org.apache.kafka.common"
        trust = (
            {"ssl.truststore.type": "PEM", "ssl.truststore.location": f"{CA_FOLDER}/ca.crt"} if self.ca_secret else {}
        )
        files = {
            "config.providers": "directory",
            "config.providers.directory.class": f"{kafka}.config.provider.DirectoryConfigProvider",
        }
        if self.authentication is KafkaAuthentication.MTLS:
            return {
                "security.protocol": "SSL",
                **trust,
                **files,
                "ssl.keystore.type": "PEM",
                "ssl.keystore.certificate.chain": f"${{directory:{USER_FOLDER}:user.crt}}",
                "ssl.keystore.key": f"${{directory:{USER_FOLDER}:user.key}}",
            }
        return {
            "security.protocol": "SASL_SSL",
            **trust,
            **files,
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.jaas.config": f"{kafka}.security.scram.ScramLoginModule required "
            f'username="{user}" password="${{directory:{USER_FOLDER}:password}}";',
        }

    def program_arguments(self, user: str) -> list[str]:
        """The login arguments of weir's own programs for `user`: paths of files, never a secret."""
        trust = ["--kafka-ca", f"{CA_FOLDER}/ca.crt"] if self.ca_secret else []
        if self.authentication is KafkaAuthentication.MTLS:
            own = ["--kafka-certificate", f"{USER_FOLDER}/user.crt", "--kafka-key", f"{USER_FOLDER}/user.key"]
            return [*own, *trust]
        return ["--kafka-user", user, "--kafka-password-file", f"{USER_FOLDER}/password", *trust]

    def registry_options(self, user: str) -> dict[str, str]:
        """The Avro format's login to a registry that uses Kafka's users."""
        return {"username": user, "password.path": f"{USER_FOLDER}/password"}

    @property
    def by_password(self) -> bool:
        """Whether clients show a password."""
        return self.authentication is KafkaAuthentication.SCRAM

    def name_of(self, user: str) -> str:
        """What Kafka calls weir's `user`."""
        return user

    def secrets(self, user: str) -> dict[str, str]:
        """Volume of a client -> its Secret."""
        return {"kafka-user": user, **({"kafka-ca": self.ca_secret} if self.ca_secret else {})}

    def volumes(self, user: str) -> list[k8s.core.v1.VolumeArgs]:
        """The Secrets of `user` as volumes of a pod."""
        return [secret_volume(name, secret) for name, secret in self.secrets(user).items()]

    def mounts(self) -> list[k8s.core.v1.VolumeMountArgs]:
        """The mounts of these volumes."""
        folders = {"kafka-user": USER_FOLDER, **({"kafka-ca": CA_FOLDER} if self.ca_secret else {})}
        return read_only_mounts(folders)
