"""Encryption, certificates, the network, and the names of the secrets that a stack file may carry."""

from __future__ import annotations

from enum import StrEnum, auto
from typing import Annotated, Self

from pydantic import Field, model_validator

from weir.config.base import Frozen
from weir.config.network import NetworkConfig


class SecretName(StrEnum):
    """A secret that a person gives: `pulumi config set --secret weir:<name>`. All others are generated.

    Only its name is known here; its value goes from Pulumi into a Kubernetes Secret and is never read.
    """

    SUPERSET_SECRET_KEY = auto()
    SUPERSET_PREVIOUS_SECRET_KEY = auto()
    SUPERSET_GUEST_TOKEN_SECRET = auto()
    SUPERSET_SIGN_IN_CLIENT_SECRET = auto()
    SUPERSET_ADMIN_PASSWORD = auto()
    METADATA_DATABASE_PASSWORD = auto()
    CACHE_PASSWORD = auto()
    OBJECT_STORAGE_ACCESS_KEY = auto()
    OBJECT_STORAGE_SECRET_KEY = auto()
    KAFKA_PASSWORD = auto()
    """Of the login to an existing Kafka, as are the next two: a certificate with its chain, and its key in PKCS#8."""
    KAFKA_CLIENT_CERTIFICATE = auto()
    KAFKA_CLIENT_KEY = auto()
    REGISTRY_PASSWORD = auto()
    """Of weir's login to an existing schema registry."""
    TRINO_PASSWORDS = auto()
    """A line `user:bcrypt hash` for each person: Trino's password file. weir never sees a password."""


class CertificateSource(StrEnum):
    """Who makes the platform's certificates: `cert-manager`, which renews them, or `generated` by weir itself."""

    CERT_MANAGER = "cert-manager"
    GENERATED = "generated"


class AuthoritiesConfig(Frozen):
    """The generations of weir's certificate authorities. A new one is trusted before it signs, an old one after."""

    signing: Annotated[int, Field(ge=1, description="The generation that signs the platform's certificates.")] = 1
    trusted: Annotated[
        list[Annotated[int, Field(ge=1)]],
        Field(min_length=1, description="The generations that nodes and clients trust; `signing` is one of them."),
    ] = [1]

    @model_validator(mode="after")
    def _trusts_what_signs(self) -> Self:
        if self.signing not in self.trusted:
            raise ValueError(
                f"signing: nobody trusts generation {self.signing}; add it to trusted, and let it sign afterwards"
            )
        return self


class SecurityConfig(Frozen):
    """What protects data on its way and keeps strangers out. Everything is on unless it is switched off."""

    tls: Annotated[
        bool, Field(description="Encrypt all connections of Kafka, Cassandra, Flink, Trino and Superset.")
    ] = True
    certificates: Annotated[
        CertificateSource,
        Field(
            description="`generated` is for test clusters without cert-manager; such certificates are never renewed."
        ),
    ] = CertificateSource.CERT_MANAGER
    certificate_issuer: Annotated[
        str | None,
        Field(
            description="An existing cert-manager ClusterIssuer for the server that people meet, Trino. Everything "
            "else has authorities of weir's own, which sign nothing but the platform's nodes and programs."
        ),
    ] = None
    authorities: Annotated[
        AuthoritiesConfig, Field(description="Which generations of weir's own authorities sign and are trusted.")
    ] = AuthoritiesConfig()
    network_policies: Annotated[bool, Field(description="Deny traffic by default, and allow each known flow.")] = True
    admission_policies: Annotated[
        bool,
        Field(
            description="The API server refuses what Flink's account has no business with (ADR 18). Off where you may "
            "not make cluster-wide objects, or where a mesh adds containers to Flink's pods."
        ),
    ] = True
    restricted_pods: Annotated[bool, Field(description="Enforce Pod Security `restricted` in the namespaces.")] = True
    allowed_ingress_namespaces: Annotated[
        list[str], Field(description="Namespaces of ingress controllers and proxies that may reach Superset.")
    ] = []
    monitoring_namespace: Annotated[str, Field(description="Namespaces that may scrape metrics.")] = "monitoring"
    network: NetworkConfig = NetworkConfig()
