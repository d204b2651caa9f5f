"""A Kubernetes Secret whose values are generated once and then kept, and digests by which a changed one shows."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
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
    kept: bool = True
    """Whether it is protected where data is kept. False for one that a new generation takes the place of."""


class GeneratedSecret(Component):
    """A Secret that the program fills at its first update.

    Its values are encrypted in Pulumi's state and unknown in previews. `ignoreChanges` keeps them, and later values
    never leave the process. docs/how-to/rotate.md says how each is rotated.
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
            opts=(self.keeper if args.kept else self.child)(ignore_changes=["data", "stringData"]),
        )
        self.register_outputs({"name": name})


def secrets_digest(site: Site, found: Sequence[k8s.core.v1.Secret]) -> pulumi.Output[str]:
    """Another text for other values of these Secrets, from which nobody without the site's key learns about them.

    It is part of names and annotations, which are not secret. A plain hash would let anybody test guesses of a password
    that a person has chosen.
    """
    key = site.digest_key
    if key is None or not found:
        return pulumi.Output.from_input("")
    contents = pulumi.Output.all(*(each.data for each in found))
    return pulumi.Output.unsecret(pulumi.Output.all(key, contents).apply(lambda given: keyed_digest(*given)))


def keyed_digest(key: str, contents: Sequence[Mapping[str, str] | None]) -> str:
    """The digest of Secrets' `data`, and nothing for those that no cluster has answered for: in a rendering."""
    values = [dict(data) for data in contents if data]
    if not values:
        return ""
    return hmac.new(key.encode(), json.dumps(values, sort_keys=True).encode(), hashlib.sha256).hexdigest()[:16]
