"""Where the services of a running platform answer; all that its clients need to know."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from weir.config.base import Frozen


class Login(Frozen):
    """How a client proves who it is to an encrypted service: by name and password, or by a certificate of its own.

    The files are PEM. With a certificate (`certificate_file`, `key_file`), name and password stay empty. With neither,
    the connection is encrypted, and Kafka does not ask who calls.
    """

    ca_file: Path | None = None
    """Who signs the servers' certificates; without it Kafka's client trusts the system's, and Cassandra's is plain."""
    username: str = ""
    password: SecretStr = SecretStr("")
    certificate_file: Path | None = None
    key_file: Path | None = None
    encrypted: bool = True
    """False only for a Kafka of somebody else's that asks for a password on an unencrypted listener."""


class Endpoints(Frozen):
    """Addresses of one running platform. Each target makes them; replay, verification and jobs take them."""

    kafka_bootstrap_servers: str
    registry_url: str
    """Confluent-compatible base, e.g. `http://127.0.0.1:8085/apis/ccompat/v7`."""
    cassandra_contact_points: tuple[str, ...]
    """`host:port` each."""
    cassandra_datacenter: str
    flink_url: str
    trino_url: str
    superset_url: str
    streams_url: str = ""
    """Of the Kafka Streams application's status; empty where no pipeline runs on Kafka Streams."""
    loader_url: str = ""
    """Of Kafka Connect's REST interface."""
    kafka_login: Login | None = None
    """None if Kafka requires no login: on one machine."""
    cassandra_login: Login | None = None
    flink_login: Login | None = None
    """A certificate, on one machine; in a cluster, network policies say who reaches Flink."""

    @classmethod
    def of_pod(
        cls,
        *,
        registry: str,
        kafka: str = "",
        cassandra: tuple[str, ...] = (),
        datacenter: str = "",
        flink: str = "",
    ) -> Endpoints:
        """The endpoints of one program in a cluster; services that it does not call stay empty."""
        return cls(
            kafka_bootstrap_servers=kafka,
            registry_url=registry,
            cassandra_contact_points=cassandra,
            cassandra_datacenter=datacenter,
            flink_url=flink,
            trino_url="",
            superset_url="",
        )
