"""A Kubernetes Secret whose values are generated once and then kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site

PASSWORD_BYTES = 32


def random_password() -> str:
    """256 random bits as URL-safe text, which needs no quoting in configuration files."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


@dataclass(frozen=True)
class GeneratedSecretArgs:
    """`make` returns the Secret's values. It runs at every update, but only the values of the first run are used."""

    component: str
    make: Callable[[], Mapping[str, str]]
    annotations: Mapping[str, str] | None = None


class GeneratedSecret(Component):
    """A Secret that the program fills at its first update.

    Its values are encrypted in Pulumi's state and unknown in previews. `ignoreChanges` keeps them, and later values
    never leave the process. To rotate one, delete the Secret and refresh.
    """

    def __init__(
        self, name: str, site: Site, args: GeneratedSecretArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("secret:GeneratedSecret", name, site, opts)
        self.name = name
        values = {key: pulumi.Output.secret(value) for key, value in args.make().items()}
        self.secret = k8s.core.v1.Secret(
            name,
            metadata=site.metadata(name, args.component, annotations=args.annotations),
            type="Opaque",
            string_data=values,
            opts=self.keeper(ignore_changes=["data", "stringData"]),
        )
        self.register_outputs({"name": name})
