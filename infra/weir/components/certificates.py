"""A certificate authority for each trust domain, and certificates of cert-manager or generated here (ADR 17).

A certificate's Secret has `tls.crt`, `tls.key` and `keystore.p12`. Whoever must recognise its holder mounts the
domain's trust Secret, with `ca.crt` and `truststore.p12`, and never the certificate's own.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, CustomKind, Resources, Site, custom_resource
from weir.components.secret import random_password

AUTHORITIES = "weir-authorities"
SEED = "seed"
TRINO_SERVERS, TRINO_CLIENTS = "trino-servers", "trino-clients"
"""The two ends of the connections from Superset to Trino."""
TRINO_SECRET = "trino-tls"  # noqa: S105 - its name
CERTIFICATE_HOURS = 365 * 24
RENEW_BEFORE_HOURS = 60 * 24
# Some programs require a password for a key store. It protects nothing: whoever can read the file can read it, too.
KEYSTORE_PASSWORD = "changeit"  # noqa: S105


@dataclass(frozen=True)
class CertificateAuthorityArgs:
    """`issuer` names an existing ClusterIssuer, for the servers that people meet; weir signs everything else itself.

    `signing` is the generation of each domain's authority that signs, `trusted` are those that everybody trusts.
    """

    api_version: str
    issuer: str | None = None
    generated: bool = False
    """Without cert-manager: the program derives all certificates from one secret, and nothing renews them."""
    signing: int = 1
    trusted: Sequence[int] = (1,)


class CertificateAuthority(Component):
    """All authorities of an environment, one for each trust domain, derived from one secret."""

    def __init__(self, site: Site, args: CertificateAuthorityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("security:CertificateAuthority", AUTHORITIES, site, opts)
        self.args = args
        secret = k8s.core.v1.Secret(
            AUTHORITIES,
            metadata=site.metadata(AUTHORITIES, "security"),
            type="Opaque",
            # `data`, because a cluster does not return `string_data`.
            data={SEED: pulumi.Output.secret(base64.b64encode(random_password().encode()).decode())},
            opts=self.keeper(ignore_changes=["data"]),
        )
        self.ready: Resources = [secret]
        self.seed = secret.data.apply(lambda data: data[SEED])
        """The secret from which all authorities are derived. Deleting it replaces all of them."""
        self._domains: dict[str, TrustDomain] = {}
        self.register_outputs({})

    def domain(self, name: str) -> TrustDomain:
        """The authority of the domain `name`, made when it is first asked for."""
        if name not in self._domains:
            self._domains[name] = TrustDomain(name, self)
        return self._domains[name]


def trust_secret_of(domain: str) -> str:
    """The name of the Secret by which the certificates of a trust domain are recognised."""
    return f"{domain}-trust"


class TrustDomain(Component):
    """An authority, with the Secret of what trusts it: `ca.crt` and `truststore.p12` of each trusted generation."""

    def __init__(self, name: str, root: CertificateAuthority) -> None:
        super().__init__("security:TrustDomain", name, root.site, pulumi.ResourceOptions(parent=root))
        self.name, self.root = name, root
        self.trust_secret = trust_secret_of(name)
        self.ready: list[pulumi.Resource] = [self._secret(self.trust_secret, "Opaque", self._trusted_files)]
        self.issuer = {"kind": "Issuer", "name": f"{name}-ca-{root.args.signing}"}
        if not root.args.generated:
            self.ready.append(self._issuer(self.issuer["name"]))
        self.register_outputs({})

    def _issuer(self, name: str) -> pulumi.Resource:
        """cert-manager's issuer. A generation has a name of its own, so a new one signs all certificates anew."""
        secret = self._secret(name, "kubernetes.io/tls", self._own_files)
        return custom_resource(
            f"{name}-issuer",
            CustomKind(self.root.args.api_version, "Issuer"),
            self.site.metadata(name, "security"),
            {"ca": {"secretName": name}},
            self.child(after=[secret]),
        )

    def _secret(self, name: str, kind: str, files: Callable[[str], dict[str, str]]) -> pulumi.Resource:
        return k8s.core.v1.Secret(
            name,
            metadata=self.site.metadata(name, "security"),
            type=kind,
            data=pulumi.Output.secret(self.root.seed.apply(files)),
            opts=self.child(after=self.root.ready),
        )

    # Importing the library takes a tenth of a second, which most commands of weir need not spend.
    def _trusted_files(self, seed: str) -> dict[str, str]:
        from weir.components.own_certificates import Authority, trust_files  # noqa: PLC0415

        generations = self.root.args.trusted
        return trust_files([Authority(seed, self.site.environment, self.name, each) for each in generations])

    def _own_files(self, seed: str) -> dict[str, str]:
        from weir.components.own_certificates import Authority, authority_files  # noqa: PLC0415

        return authority_files(Authority(seed, self.site.environment, self.name, self.root.args.signing))

    def certificate_files(self, seed: str, args: CertificateArgs) -> dict[str, str]:
        """The files of a certificate that nothing renews."""
        from weir.components.own_certificates import Authority, Request, certificate_files  # noqa: PLC0415

        signer = Authority(seed, self.site.environment, self.name, self.root.args.signing)
        request = Request(args.common_name, args.dns_names, args.server, args.client)
        return certificate_files(signer, request, KEYSTORE_PASSWORD)


@dataclass(frozen=True)
class CertificateArgs:
    """The certificate of `component` in the trust domain `domain`.

    Without DNS names it only identifies its holder, `common_name`. `server` and `client` are what it may be used for.
    """

    authority: CertificateAuthority
    domain: str
    component: str
    common_name: str
    dns_names: Sequence[str] = ()
    server: bool = True
    client: bool = True
    met_by_people: bool = False
    """Whether the issuer that the stack names signs it, if it names one."""


class Certificate(Component):
    """A certificate, renewed by cert-manager. Its Secret has the resource's name, and `keystore.p12` beside the PEM.

    `trust_secret` is the Secret with the `ca.crt` by which others recognise it.
    """

    def __init__(
        self, name: str, site: Site, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("security:Certificate", name, site, opts)
        self.secret = name
        root = args.authority
        given = root.args.issuer if args.met_by_people else None
        if given is not None:
            self.trust_secret = name
            self.resource = self._requested(args, {"kind": "ClusterIssuer", "name": given}, ())
        else:
            domain = root.domain(args.domain)
            self.trust_secret = domain.trust_secret
            generated = root.args.generated
            self.resource = (
                self._generated(args, domain) if generated else self._requested(args, domain.issuer, domain.ready)
            )
        self.register_outputs({"secret": name})

    def _generated(self, args: CertificateArgs, domain: TrustDomain) -> pulumi.Resource:
        return k8s.core.v1.Secret(
            self.secret,
            metadata=self.site.metadata(self.secret, args.component),
            type="Opaque",
            data=pulumi.Output.secret(args.authority.seed.apply(lambda seed: domain.certificate_files(seed, args))),
            opts=self.child(after=domain.ready),
        )

    def _requested(self, args: CertificateArgs, issuer: Mapping[str, str], after: Resources) -> pulumi.Resource:
        """Requests the certificate from cert-manager."""
        name, site = self.secret, self.site
        usages = [usage for wanted, usage in ((args.server, "server auth"), (args.client, "client auth")) if wanted]
        return custom_resource(
            name,
            CustomKind(args.authority.args.api_version, "Certificate"),
            site.metadata(name, args.component),
            {
                "commonName": args.common_name,
                "dnsNames": list(args.dns_names) or [args.common_name],
                "secretName": name,
                "duration": f"{CERTIFICATE_HOURS}h",
                "renewBefore": f"{RENEW_BEFORE_HOURS}h",
                # Kafka and the JVM read PKCS8.
                "privateKey": {"algorithm": "RSA", "size": 2048, "encoding": "PKCS8", "rotationPolicy": "Always"},
                "usages": usages,
                "issuerRef": dict(issuer),
                "keystores": {"pkcs12": {"create": True, "profile": "Modern2023", "password": KEYSTORE_PASSWORD}},
            },
            self.child(after=after),
        )


def trino_trust(authority: CertificateAuthority) -> str:
    """The Secret whose `ca.crt` Trino's clients trust: that of the given issuer, or of the servers' own authority."""
    return TRINO_SECRET if authority.args.issuer else authority.domain(TRINO_SERVERS).trust_secret


def service_names(service: str, namespace: str, pods: Sequence[str] = ()) -> list[str]:
    """The names of a service, and of the pods behind a headless one, within the cluster."""
    hosts = [service, *(f"{pod}.{service}" for pod in pods)]
    return [
        f"{host}{suffix}" for host in hosts for suffix in ("", f".{namespace}.svc", f".{namespace}.svc.cluster.local")
    ]
