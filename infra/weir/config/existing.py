"""A Kafka and a schema registry that are there already, and belong to somebody else."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from weir.config.base import Frozen
from weir.config.network import Cidr, PodPort
from weir.config.security import SecretName

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\s*")


def _certificates(text: str) -> str:
    if not CERTIFICATE.sub("", text).strip() and CERTIFICATE.search(text):
        return text
    raise ValueError(
        "not certificates in PEM; paste them from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, and no key"
    )


REGISTRY_USER, REGISTRY_PASSWORD_FILE = "WEIR_REGISTRY_USER", "WEIR_REGISTRY_PASSWORD_FILE"
REGISTRY_CA_FILE = "WEIR_REGISTRY_CA_FILE"
"""The environment's variables with which weir's own programs get the login and the trust of a registry."""


class ExistingAuthentication(StrEnum):
    """How weir says who it is: by name and password, by a certificate, or not at all.

    With `none` Kafka cannot tell weir from anybody else who reaches it: no rights and no quotas hold, and whoever
    reaches it may write to the topics that weir reads.
    """

    SCRAM = "scram-sha-512"
    MTLS = "tls"
    NONE = "none"


class ExistingKafka(Frozen):
    """Where a Kafka of yours answers, and how weir logs in. All of weir's programs share one login.

    Secrets are settings of their own: `weir:kafka_password`, or `weir:kafka_client_certificate` and
    `weir:kafka_client_key`.
    """

    bootstrap_servers: Annotated[
        list[Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:[0-9]{1,5}$")]],
        Field(min_length=1, description="`host:port` of one or more brokers.", examples=[["kafka.example.com:9093"]]),
    ]
    tls: Annotated[bool, Field(description="Whether the listener is encrypted.")] = True
    certificate_authority: Annotated[
        Annotated[str, AfterValidator(_certificates)] | None,
        Field(description="PEM of who signed the brokers' certificates; by default, the public authorities."),
    ] = None
    authentication: ExistingAuthentication = ExistingAuthentication.SCRAM
    username: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9._@-]+$",
            description="Of the login by password.",
        ),
    ] = None
    cidrs: Annotated[
        list[Cidr],
        Field(description="The brokers' addresses; by default, those in the cluster that their names say, or all."),
    ] = []
    ports: Annotated[
        list[PodPort],
        Field(description="Of all brokers' listeners; by default, those of bootstrap_servers."),
    ] = []

    @property
    def servers(self) -> str:
        """As Kafka's clients take it."""
        return ",".join(self.bootstrap_servers)

    @property
    def hosts(self) -> list[str]:
        """Of the bootstrap servers."""
        return [server.rpartition(":")[0] for server in self.bootstrap_servers]

    @property
    def listener_ports(self) -> tuple[int, ...]:
        """Where brokers listen."""
        found = self.ports or [int(server.rpartition(":")[2]) for server in self.bootstrap_servers]
        return tuple(sorted(set(found)))

    @model_validator(mode="after")
    def _login(self) -> Self:
        by_password = self.authentication is ExistingAuthentication.SCRAM
        if by_password and self.username is None:
            raise ValueError("username: missing; authentication scram-sha-512 needs it")
        if self.username is not None and not by_password:
            raise ValueError(f"username: authentication {self.authentication.value} has none; remove it")
        if self.authentication is ExistingAuthentication.MTLS and not self.tls:
            raise ValueError("tls: authentication by certificate needs it; set it to true")
        if self.certificate_authority is not None and not self.tls:
            raise ValueError("certificate_authority: has no effect without tls; remove it, or set tls to true")
        return self


UNUSABLE = {'"': "a double quote", "\\": "a backslash", "\n": "a line end", "\r": "a line end"}
KEY_BEGIN = "-----BEGIN PRIVATE KEY-----"


def login_problems(password: str | None, key: str | None) -> list[str]:
    """Why Java's clients could not log in with these secrets, where weir's own could; none of them is shown.

    The password stands in quotes in JAAS's configuration, where these characters end or escape it. Of a PEM key Kafka
    (`DefaultSslEngineFactory`) reads PKCS#8 alone.
    """
    found = dict.fromkeys(told for character, told in UNUSABLE.items() if character in (password or ""))
    problems = [
        f"weir:{SecretName.KAFKA_PASSWORD}: contains {told}, with which Java's clients cannot log in; set it again "
        "without, or ask Kafka's owner for another password"
        for told in found
    ]
    if key is not None and not key.startswith(KEY_BEGIN):
        problems.append(
            f"weir:{SecretName.KAFKA_CLIENT_KEY}: does not begin with {KEY_BEGIN}; give it as unencrypted PKCS#8 "
            "(`openssl pkcs8 -topk8 -nocrypt -in KEY`)"
        )
    return problems


class RegistryProvider(StrEnum):
    """Who runs the schema registry: weir (`own`; at Aiven, Aiven does), or somebody else (`existing`)."""

    OWN = "own"
    EXISTING = "existing"


def _registry_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise ValueError("not the address of a registry; write http(s)://host[:port][/path], without a login")
    return text.rstrip("/")


class ExistingRegistry(Frozen):
    """A registry of yours that speaks Confluent's interface. Its password is `weir:registry_password`."""

    url: Annotated[
        str,
        AfterValidator(_registry_url),
        Field(
            description="Below which `/subjects` lies.",
            examples=["https://registry.example.com", "http://registry.data.svc:8080/apis/ccompat/v7"],
        ),
    ]
    username: Annotated[
        str | None,
        Field(pattern=r"^[A-Za-z0-9._@-]+$", description="Of its basic authentication; without one, it asks nobody."),
    ] = None
    certificate_authority: Annotated[
        Annotated[str, AfterValidator(_certificates)] | None,
        Field(description="PEM of who signed its certificate; by default, the public authorities."),
    ] = None

    @property
    def guarded(self) -> bool:
        """Whether its clients need more than its address."""
        return self.username is not None or self.certificate_authority is not None

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        encrypted = self.url.startswith("https://")
        if self.username is not None and not encrypted:
            raise ValueError("username: its password would be sent unencrypted; use an https address, or remove it")
        if self.certificate_authority is not None and not encrypted:
            raise ValueError("certificate_authority: has no effect without https; remove it, or correct url")
        return self


class RegistryConfig(Frozen):
    """The schema registry in this environment."""

    provider: RegistryProvider = RegistryProvider.OWN
    existing: Annotated[
        ExistingRegistry | None, Field(description="Required with provider existing, refused otherwise.")
    ] = None

    @model_validator(mode="after")
    def _provider(self) -> Self:
        if self.provider is RegistryProvider.EXISTING and self.existing is None:
            raise ValueError("existing: missing; add url, which provider existing needs")
        if self.provider is not RegistryProvider.EXISTING and self.existing is not None:
            raise ValueError("existing: only for provider existing; remove it, or set provider to existing")
        return self
