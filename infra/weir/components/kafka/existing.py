"""A Kafka of somebody else's: how pods reach it, with one login for all, and the Job that checks and furnishes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.existing_topics import ExistingSetup
from weir.components.base import Component, Resources, Site
from weir.components.images import Image
from weir.components.job import JobArgs, RunToCompletion
from weir.components.kafka.access import CA_FOLDER, KafkaAccess
from weir.components.kafka.plain_setup import COMPONENT, DESCRIPTION, FOLDER
from weir.components.registry_login import RegistryAccess
from weir.config.endpoints import Endpoints
from weir.config.existing import ExistingAuthentication, ExistingKafka
from weir.config.kafka import KafkaAuthentication
from weir.config.security import SecretName
from weir.sizing.helper_pods import KAFKA_SETUP_JOB

LOGIN_SECRET = "kafka-login"  # noqa: S105 - its name
CA_SECRET = "kafka-authority"  # noqa: S105 - its name
ENDPOINTS_FILE = "endpoints.json"
FILES = {
    SecretName.KAFKA_PASSWORD: "password",
    SecretName.KAFKA_CLIENT_CERTIFICATE: "user.crt",
    SecretName.KAFKA_CLIENT_KEY: "user.key",
}
"""Secret that a person gives -> its file, as clients of weir's own Kafka have it."""


@dataclass(frozen=True)
class ExistingAccess(KafkaAccess):
    """As `KafkaAccess`, with `existing.username` for every user."""

    existing: ExistingKafka

    @classmethod
    def of(cls, existing: ExistingKafka, ready: Resources) -> ExistingAccess:
        """The Kafka that a stack file describes."""
        certificate = existing.authentication is ExistingAuthentication.MTLS
        return cls(
            bootstrap_servers=existing.servers,
            authentication=KafkaAuthentication.MTLS if certificate else KafkaAuthentication.SCRAM,
            ca_secret=CA_SECRET if existing.certificate_authority else None,
            ready=ready,
            existing=existing,
        )

    @property
    def by_password(self) -> bool:
        """As in KafkaAccess."""
        return self.existing.authentication is ExistingAuthentication.SCRAM

    def name_of(self, user: str) -> str:
        """As in KafkaAccess: all users are one."""
        return self.existing.username or user

    def properties(self, user: str, shading: str = "") -> dict[str, str]:
        """As in KafkaAccess."""
        found = super().properties(self.name_of(user), shading)
        if self.existing.authentication is ExistingAuthentication.NONE:
            trust = {name: value for name, value in found.items() if name.startswith("ssl.truststore")}
            return {"security.protocol": "SSL" if self.existing.tls else "PLAINTEXT", **trust}
        return found if self.existing.tls else {**found, "security.protocol": "SASL_PLAINTEXT"}

    def program_arguments(self, user: str) -> list[str]:
        """As in KafkaAccess."""
        if self.existing.authentication is ExistingAuthentication.NONE:
            trust = ["--kafka-ca", f"{CA_FOLDER}/ca.crt"] if self.ca_secret else []
            return ["--kafka-tls", *trust] if self.existing.tls else []
        found = super().program_arguments(self.name_of(user))
        return found if self.existing.tls else [*found, "--kafka-unencrypted"]

    def secrets(self, user: str) -> dict[str, str]:
        """As in KafkaAccess."""
        found = super().secrets(LOGIN_SECRET)
        if self.existing.authentication is ExistingAuthentication.NONE:
            del found["kafka-user"]
        return found

    def mounts(self) -> list[k8s.core.v1.VolumeMountArgs]:
        """As in KafkaAccess."""
        return [mount for mount in super().mounts() if mount.name in self.secrets("")]


@dataclass(frozen=True)
class ExistingKafkaSetupArgs:
    """What must hold, and be there, on the Kafka; `given` are the secrets of its login."""

    kafka: ExistingKafka
    setup: ExistingSetup
    registry_url: str
    """Of the registry with the schemas of others; empty where every topic is weir's own."""
    registry: RegistryAccess
    image: Image
    given: Mapping[SecretName, pulumi.Input[str]]


class ExistingKafkaSetup(Component):
    """The Secrets of the login, and the Job. Nothing else of Kafka's is made: no broker, no user, no rule."""

    def __init__(
        self, name: str, site: Site, args: ExistingKafkaSetupArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kafka:ExistingKafkaSetup", name, site, opts)
        self.site = site
        secrets = [*self._login(args), *self._authority(args.kafka)]
        access = ExistingAccess.of(args.kafka, secrets)
        endpoints = Endpoints.of_pod(kafka=args.kafka.servers, registry=args.registry_url)
        run = RunToCompletion(
            name,
            site,
            JobArgs(
                component=COMPONENT,
                image=args.image,
                command=[
                    *("python", "-m", "weir.incluster.kafka.existing"),
                    *("--setup", f"{FOLDER}/{DESCRIPTION}"),
                    *("--endpoints", f"{FOLDER}/{ENDPOINTS_FILE}"),
                    *access.program_arguments(""),
                ],
                files={DESCRIPTION: args.setup.to_json(), ENDPOINTS_FILE: endpoints.model_dump_json(indent=1)},
                folder=FOLDER,
                size=KAFKA_SETUP_JOB,
                environment=args.registry.program_environment(),
                volumes=[*access.volumes(""), *args.registry.volumes()],
                mounts=[*access.mounts(), *args.registry.mounts()],
                secrets=secrets,
                after=[*secrets, *args.registry.ready],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.access = ExistingAccess.of(args.kafka, [run.job, *secrets])
        self.register_outputs({})

    def _login(self, args: ExistingKafkaSetupArgs) -> list[k8s.core.v1.Secret]:
        given = {file: pulumi.Output.secret(args.given[name]) for name, file in FILES.items() if name in args.given}
        if args.kafka.authentication is ExistingAuthentication.NONE:
            return []
        return [self._secret(LOGIN_SECRET, given)]

    def _authority(self, kafka: ExistingKafka) -> list[k8s.core.v1.Secret]:
        return [self._secret(CA_SECRET, {"ca.crt": kafka.certificate_authority})] if kafka.certificate_authority else []

    def _secret(self, name: str, data: Mapping[str, pulumi.Input[str]]) -> k8s.core.v1.Secret:
        return k8s.core.v1.Secret(
            name,
            metadata=self.site.metadata(name, "kafka"),
            type="Opaque",
            string_data=dict(data),
            opts=self.child(),
        )
