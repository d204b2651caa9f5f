"""One authority for the platform, and a certificate for each service: cert-manager's, or weir's own without it.

A certificate's Secret has `tls.crt`, `tls.key`, `ca.crt`, and the same as `keystore.p12` and `truststore.p12`.
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
# Some programs insist on a password for a key store. Who may read the file may read this, too: it protects nothing.
KEYSTORE_PASSWORD = "changeit"  # noqa: S105


@dataclass(frozen=True)
class CertificateAuthorityArgs:
    """`issuer` names a ClusterIssuer of the company; without it the platform is its own authority."""

    api_version: str
    issuer: str | None = None
    generated: bool = False
    """Without cert-manager: certificates that the program makes of one secret, and nobody renews."""


class CertificateAuthority(Component):
    """Who signs the platform's certificates."""

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
        """What every certificate follows from. Whoever deletes this Secret has all of them made anew."""
        secret = k8s.core.v1.Secret(
            AUTHORITY,
            metadata=self.site.metadata(AUTHORITY, "security"),
            type="Opaque",
            # `data`, for that alone is what a cluster answers with.
            data={SEED: pulumi.Output.secret(base64.b64encode(random_password().encode()).decode())},
            opts=self.keeper(ignore_changes=["data"]),
        )
        self.ready = [secret]
        return secret.data.apply(lambda data: data[SEED])

    def _own_authority(self) -> pulumi.Resource:
        """A self-signed certificate, and the issuer that signs with it. Losing its key would cut every client off."""
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
    """The certificate of `component`. Without names it says only who its holder is: `common_name`."""

    authority: CertificateAuthority
    component: str
    common_name: str
    dns_names: Sequence[str] = ()


class Certificate(Component):
    """A certificate for servers and clients, renewed by cert-manager; the Secret has the name of the resource."""

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
            # Loading the library takes a tenth of a second, which only these stacks need.
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
        """Of cert-manager."""
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
                # PKCS8 is what Kafka and the JVM read.
                "privateKey": {"algorithm": "RSA", "size": 2048, "encoding": "PKCS8", "rotationPolicy": "Always"},
                "usages": ["server auth", "client auth"],
                "issuerRef": args.authority.issuer,
                "keystores": {"pkcs12": {"create": True, "profile": "Modern2023", "password": KEYSTORE_PASSWORD}},
            },
            self.child(after=args.authority.ready),
        )


def service_names(service: str, namespace: str, pods: Sequence[str] = ()) -> list[str]:
    """The names by which a service, and the pods behind a headless one, are reached within the cluster."""
    hosts = [service, *(f"{pod}.{service}" for pod in pods)]
    return [
        f"{host}{suffix}" for host in hosts for suffix in ("", f".{namespace}.svc", f".{namespace}.svc.cluster.local")
    ]
