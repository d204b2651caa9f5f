"""Shared by both ways to run Superset: its secrets, its stores, and how a container accesses them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.access import Limits
from weir.catalog.dashboard import Dashboard
from weir.components import pods
from weir.components.base import Component, Resources, Site
from weir.components.certificates import TRINO_CLIENTS, Certificate, CertificateArgs, CertificateAuthority, trino_trust
from weir.components.images import Image
from weir.components.secret import GeneratedSecret, GeneratedSecretArgs, random_password, secrets_digest
from weir.config.sign_in import SignIn
from weir.config.superset import GivenDatabase, GivenService
from weir.config.trino import SUPERSET_USER
from weir.sizing.plan import SupersetPlan

NAME = "superset"
COMPONENT = "superset"
PORT = 8088
USER_ID = 1000
GENERATED_SECRET = "superset-secrets"  # noqa: S105 - its name
GIVEN_SECRET = "superset-given-secrets"  # noqa: S105 - its name
TRINO_CERTIFICATE = "superset-trino-client"
TRINO_USER = SUPERSET_USER
"""The user in the URL of the dashboards' database; the certificate must have the same name."""
SECRETS_FOLDER = "/etc/weir/superset"
TRINO_FOLDER = "/etc/weir/trino-client"
HOME_FOLDER = "/app/superset_home"
CONFIG_FILE = "superset_config.py"
CONFIG = "from weir.superset.cluster import *\n"
SECRET_KEY, GUEST_TOKEN, ADMIN_PASSWORD = "secret-key", "guest-token-secret", "admin-password"
METADATA_PASSWORD, CACHE_PASSWORD, SIGN_IN_SECRET = "metadata-password", "cache-password", "sign-in-client-secret"
PREVIOUS_SECRET_KEY = "previous-secret-key"  # noqa: S105 - its name
"""What the metadata is still encrypted with; given while the secret key is changed."""
GENERATED = (SECRET_KEY, GUEST_TOKEN, ADMIN_PASSWORD, METADATA_PASSWORD, CACHE_PASSWORD)
"""Generated unless the user sets them. The password of an external service must be set."""


@dataclass(frozen=True)
class SupersetArgs:
    """`metadata` and `cache` are external services or those deployed here; `given` are the user's own secrets.

    `limits` says what readers see of a dataset, by its UUID.
    """

    plan: SupersetPlan
    image: Image
    metadata: GivenDatabase
    cache: GivenService
    trino_url: str
    dashboards: tuple[Dashboard, ...]
    certificates: CertificateAuthority | None
    given: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    host: str | None = None
    sign_in: SignIn | None = None
    limits: Mapping[str, Limits] = field(default_factory=dict)
    cache_seconds: int = 10
    after: Resources = ()

    def __post_init__(self) -> None:
        if self.sign_in is not None and SIGN_IN_SECRET not in self.given:
            raise ValueError(
                "superset.sign_in: its client secret is missing; run `pulumi config set --secret "
                "weir:superset_sign_in_client_secret`"
            )
        unknown = set(self.given) - {*GENERATED, SIGN_IN_SECRET, PREVIOUS_SECRET_KEY}
        if unknown:
            raise ValueError(f"superset: no such secret: {', '.join(sorted(unknown))}")

    @property
    def access_claims(self) -> list[str]:
        """The claims that say which rows somebody sees."""
        return sorted({claim for limits in self.limits.values() for claim in limits.values()})

    def secret_of(self, key: str) -> str:
        """The name of the Secret that contains `key`."""
        return GIVEN_SECRET if key in self.given else GENERATED_SECRET


class SupersetSecrets(Component):
    """Superset's keys and passwords, set by the user or generated once, and its certificate for Trino."""

    def __init__(self, site: Site, args: SupersetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("superset:SupersetSecrets", f"{NAME}-secrets", site, opts)
        generated = [key for key in GENERATED if key not in args.given]
        self.secrets = [
            GeneratedSecret(
                GENERATED_SECRET,
                site,
                GeneratedSecretArgs(COMPONENT, lambda: {key: random_password() for key in generated}),
                pulumi.ResourceOptions(parent=self),
            ).secret
        ]
        if args.given:
            self.secrets.append(
                k8s.core.v1.Secret(
                    GIVEN_SECRET,
                    metadata=site.metadata(GIVEN_SECRET, COMPONENT),
                    string_data={key: pulumi.Output.secret(value) for key, value in args.given.items()},
                    opts=self.child(),
                )
            )
        self.digest = secrets_digest(site, self.secrets)
        """Changes with any of these secrets, for pods that read them at their start."""
        self.ready: list[pulumi.Resource] = [*self.secrets]
        if args.certificates is not None:
            certificate = CertificateArgs(args.certificates, TRINO_CLIENTS, COMPONENT, TRINO_USER, server=False)
            options = pulumi.ResourceOptions(parent=self)
            self.ready.append(Certificate(TRINO_CERTIFICATE, site, certificate, options).resource)
        self.register_outputs({})


def environment(args: SupersetArgs, *, connections: bool) -> list[k8s.core.v1.EnvVarArgs]:
    """The environment of `weir.superset.cluster`; an operator sets the `connections` itself."""
    values = {
        "WEIR_SUPERSET_SECRETS_FOLDER": SECRETS_FOLDER,
        "WEIR_TRINO_FOLDER": TRINO_FOLDER,
        "WEIR_CACHE_SECONDS": str(args.cache_seconds),
        "SUPERSET_HOME": HOME_FOLDER,
        "TZ": "UTC",
    }
    if args.host:
        values["WEIR_PUBLIC_URL"] = f"https://{args.host}"
    if args.sign_in is not None:
        values["WEIR_SIGN_IN"] = args.sign_in.model_dump_json()
        if args.access_claims:
            values["WEIR_ACCESS_CLAIMS"] = json.dumps(args.access_claims)
    if connections:
        values |= {
            "WEIR_METADATA_HOST": args.metadata.host,
            "WEIR_METADATA_PORT": str(args.metadata.port),
            "WEIR_METADATA_USER": args.metadata.user,
            "WEIR_METADATA_DATABASE": args.metadata.database,
            "WEIR_CACHE_HOST": args.cache.host,
            "WEIR_CACHE_PORT": str(args.cache.port),
        }
    return pods.environment(values)


def volumes(args: SupersetArgs) -> list[k8s.core.v1.VolumeArgs]:
    """Secrets as files, and the writable folders: the root file system is read-only."""
    keys: dict[str, dict[str, str]] = {}
    optional = [key for key in (PREVIOUS_SECRET_KEY,) if key in args.given]
    for key in (*GENERATED, *((SIGN_IN_SECRET,) if args.sign_in else ()), *optional):
        keys.setdefault(args.secret_of(key), {})[key] = key
    found = [pods.projected_volume("secrets", [pods.projected(secret, items) for secret, items in keys.items()])]
    if args.certificates is not None:
        own = pods.projected(TRINO_CERTIFICATE, {"tls.crt": "tls.crt", "tls.key": "tls.key"})
        servers = pods.projected(trino_trust(args.certificates), {"ca.crt": "ca.crt"})
        found.append(pods.projected_volume("trino-client", [own, servers]))
    return [*found, pods.scratch_volume("home")]


def mounts(args: SupersetArgs) -> list[k8s.core.v1.VolumeMountArgs]:
    """The mounts of these volumes."""
    found = [*pods.read_only_mounts({"secrets": SECRETS_FOLDER}), *pods.mounts({"home": HOME_FOLDER})]
    if args.certificates is not None:
        found += pods.read_only_mounts({"trino-client": TRINO_FOLDER})
    return found
