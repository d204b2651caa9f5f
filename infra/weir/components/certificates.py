"""One certificate authority for the platform, and a certificate for each service, from cert-manager or generated here.

A certificate's Secret has `tls.crt`, `tls.key` and `ca.crt`, and the same as `keystore.p12` and `truststore.p12`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, CustomKind, Resources, Site, custom_resource
from weir.components.secret import random_password

AUTHORITY = "weir-ca"
SEED = "seed"
AUTHORITY_HOURS = 10 * 365 * 24
CERTIFICATE_HOURS = 365 * 24
RENEW_BEFORE_HOURS = 60 * 24
# Some programs require a password for a key store. It protects nothing: whoever can read the file can read it, too.
KEYSTORE_PASSWORD = "changeit"  # noqa: S105


@dataclass(frozen=True)
class CertificateAuthorityArgs:
    """`issuer` names an existing ClusterIssuer; without it the platform has its own authority."""

    api_version: str
    issuer: str | None = None
    generated: bool = False
    """Without cert-manager: the program derives all certificates from one secret, and nothing renews them."""


class CertificateAuthority(Component):
    """The authority that signs the platform's certificates."""

    def __init__(self, site: Site, args: CertificateAuthorityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("security:CertificateAuthority", AUTHORITY, site, opts)
        self.api_version = args.api_version
        self.ready: Resources = ()
        self.seed: pulumi.Output[str] | None = None
        if args.generated:
            self.seed = self._seed()
            self.register_outputs({})
            return
        self.issuer = {"kind": "ClusterIssuer", "name": args.issuer or ""}
        if args.issuer is None:
            self.ready = [self._own_authority()]
            self.issuer = {"kind": "Issuer", "name": AUTHORITY}
        self.register_outputs({})

    def _seed(self) -> pulumi.Output[str]:
        """The secret from which all certificates are derived. Deleting it replaces all of them."""
        secret = k8s.core.v1.Secret(
            AUTHORITY,
            metadata=self.site.metadata(AUTHORITY, "security"),
            type="Opaque",
            # `data`, because a cluster does not return `string_data`.
            data={SEED: pulumi.Output.secret(base64.b64encode(random_password().encode()).decode())},
            opts=self.keeper(ignore_changes=["data"]),
        )
        self.ready = [secret]
        return secret.data.apply(lambda data: data[SEED])

    def _own_authority(self) -> pulumi.Resource:
        """A self-signed certificate, and the issuer that signs with it. Without its key, no client could connect."""
        root = self._issuer(f"{AUTHORITY}-root", {"selfSigned": {}})
        certificate = custom_resource(
            AUTHORITY,
            CustomKind(self.api_version, "Certificate"),
            self.site.metadata(AUTHORITY, "security"),
            {
                "isCA": True,
                "commonName": f"weir {self.site.environment}",
                "secretName": AUTHORITY,
                "duration": f"{AUTHORITY_HOURS}h",
                "privateKey": {"algorithm": "ECDSA", "size": 256},
                "issuerRef": {"kind": "Issuer", "name": f"{AUTHORITY}-root"},
            },
            self.keeper(after=[root]),
        )
        return self._issuer(AUTHORITY, {"ca": {"secretName": AUTHORITY}}, [certificate])

    def _issuer(self, name: str, spec: dict[str, Any], after: Resources = ()) -> pulumi.Resource:
        kind = CustomKind(self.api_version, "Issuer")
        return custom_resource(
            f"{name}-issuer", kind, self.site.metadata(name, "security"), spec, self.child(after=after)
        )


@dataclass(frozen=True)
class CertificateArgs:
    """The certificate of `component`. Without DNS names it only identifies its holder, `common_name`."""

    authority: CertificateAuthority
    component: str
    common_name: str
    dns_names: Sequence[str] = ()


class Certificate(Component):
    """A certificate for servers and clients, renewed by cert-manager. Its Secret has the resource's name."""

    def __init__(
        self, name: str, site: Site, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("security:Certificate", name, site, opts)
        self.secret = name
        self.resource = self._generated(args) if args.authority.seed is not None else self._requested(args)
        self.register_outputs({"secret": name})

    def _generated(self, args: CertificateArgs) -> pulumi.Resource:
        assert args.authority.seed is not None  # noqa: S101 - the caller's condition

        def files(seed: str) -> dict[str, str]:
            # Importing the library takes a tenth of a second, and only these stacks need it.
            from weir.components.own_certificates import certificate_files  # noqa: PLC0415

            return certificate_files(seed, self.site.environment, args.common_name, args.dns_names, KEYSTORE_PASSWORD)

        return k8s.core.v1.Secret(
            self.secret,
            metadata=self.site.metadata(self.secret, args.component),
            type="Opaque",
            data=pulumi.Output.secret(args.authority.seed.apply(files)),
            opts=self.child(after=args.authority.ready),
        )

    def _requested(self, args: CertificateArgs) -> pulumi.Resource:
        """Requests the certificate from cert-manager."""
        name, site = self.secret, self.site
        return custom_resource(
            name,
            CustomKind(args.authority.api_version, "Certificate"),
            site.metadata(name, args.component),
            {
                "commonName": args.common_name,
                "dnsNames": list(args.dns_names) or [args.common_name],
                "secretName": name,
                "duration": f"{CERTIFICATE_HOURS}h",
                "renewBefore": f"{RENEW_BEFORE_HOURS}h",
                # Kafka and the JVM read PKCS8.
                "privateKey": {"algorithm": "RSA", "size": 2048, "encoding": "PKCS8", "rotationPolicy": "Always"},
                "usages": ["server auth", "client auth"],
                "issuerRef": args.authority.issuer,
                "keystores": {"pkcs12": {"create": True, "profile": "Modern2023", "password": KEYSTORE_PASSWORD}},
            },
            self.child(after=args.authority.ready),
        )


def service_names(service: str, namespace: str, pods: Sequence[str] = ()) -> list[str]:
    """The names of a service, and of the pods behind a headless one, within the cluster."""
    hosts = [service, *(f"{pod}.{service}" for pod in pods)]
    return [
        f"{host}{suffix}" for host in hosts for suffix in ("", f".{namespace}.svc", f".{namespace}.svc.cluster.local")
    ]
