"""The login and the trust of a registry of somebody else's: one Secret, and how each kind of client uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Resources, Site
from weir.components.pods import environment, read_only_mounts, secret_volume
from weir.config.existing import (
    REGISTRY_CA_FILE,
    REGISTRY_PASSWORD_FILE,
    REGISTRY_USER,
    ExistingRegistry,
)
from weir.config.security import SecretName

SECRET = "registry-login"  # noqa: S105 - its name
VOLUME = SECRET
FOLDER = "/etc/weir/registry-login"
PASSWORD, AUTHORITY = "password", "ca.crt"


@dataclass(frozen=True)
class RegistryAccess:
    """What clients of a registry need beyond its address: nothing, for weir's own."""

    existing: ExistingRegistry | None = None
    ready: Resources = ()

    @property
    def _files(self) -> dict[str, str]:
        """What the Secret holds: the file's name -> where pods find it."""
        found = self.existing
        if found is None:
            return {}
        given = {PASSWORD: found.username is not None, AUTHORITY: found.certificate_authority is not None}
        return {name: f"{FOLDER}/{name}" for name, wanted in given.items() if wanted}

    @property
    def secrets(self) -> tuple[str, ...]:
        """The Secrets that its clients mount."""
        return (SECRET,) if self._files else ()

    def volumes(self) -> list[k8s.core.v1.VolumeArgs]:
        """They, as volumes of a pod."""
        return [secret_volume(VOLUME, secret) for secret in self.secrets]

    def mounts(self) -> list[k8s.core.v1.VolumeMountArgs]:
        """Of these volumes."""
        return read_only_mounts({VOLUME: FOLDER} if self.secrets else {})

    def program_environment(self) -> list[k8s.core.v1.EnvVarArgs]:
        """For weir's own programs: names of files, and no secret."""
        files = self._files
        user = {REGISTRY_USER: self.existing.username} if self.existing and self.existing.username else {}
        named = {REGISTRY_PASSWORD_FILE: files.get(PASSWORD), REGISTRY_CA_FILE: files.get(AUTHORITY)}
        return environment({**user, **{name: file for name, file in named.items() if file}})

    def format_options(self) -> dict[str, str]:
        """For Flink's Avro format (`AvroRegistryOptions`)."""
        files = self._files
        user = self.existing.username if self.existing else None
        login = {"username": user, "password.path": files[PASSWORD]} if user else {}
        trust = {"truststore.location": files[AUTHORITY], "truststore.type": "PEM"} if AUTHORITY in files else {}
        return {**login, **trust}


OWN_REGISTRY = RegistryAccess()
"""weir's own asks nobody."""


class RegistryLogin(Component):
    """The Secret with what a person gave; none where the registry asks nobody and is trusted by everybody."""

    def __init__(
        self,
        site: Site,
        existing: ExistingRegistry,
        given: Mapping[SecretName, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("registry:RegistryLogin", SECRET, site, opts)
        data: dict[str, pulumi.Input[str]] = {}
        if existing.username and SecretName.REGISTRY_PASSWORD in given:
            data[PASSWORD] = pulumi.Output.secret(given[SecretName.REGISTRY_PASSWORD])
        if existing.certificate_authority:
            data[AUTHORITY] = existing.certificate_authority
        self.secret = k8s.core.v1.Secret(
            SECRET,
            metadata=site.metadata(SECRET, "registry"),
            type="Opaque",
            string_data=data,
            opts=self.child(),
        )
        self.access = RegistryAccess(existing, [self.secret])
        self.register_outputs({})
