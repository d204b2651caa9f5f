"""Authorities, and certificates without cert-manager; Java and real services read them in the contract tests."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from weir.components.own_certificates import Authority, Request, authority_files, certificate_files, trust_files

pytestmark = pytest.mark.unit
PASSWORD = "changeit"


def files(
    seed: str = "seed", name: str = "kafka", names: tuple[str, ...] = ("kafka", "*.kafka.svc"), domain: str = "nodes"
) -> dict[str, bytes]:
    return decoded(certificate_files(Authority(seed, "cluster", domain), Request(name, names), PASSWORD))


def decoded(made: dict[str, str]) -> dict[str, bytes]:
    return {key: base64.b64decode(value) for key, value in made.items()}


def test_the_same_secret_domain_and_names_give_the_same_bytes() -> None:
    assert files() == files()
    others = (files(seed="other"), files(names=("kafka",)), files(domain="clients"))
    assert files()["tls.key"] not in {other["tls.key"] for other in others}
    assert files()["ca.crt"] == files(name="trino")["ca.crt"]
    assert files()["ca.crt"] != files(domain="clients")["ca.crt"]


def test_a_certificate_is_signed_by_the_authority_for_its_names() -> None:
    made = files()
    certificate, authority = (x509.load_pem_x509_certificate(made[name]) for name in ("tls.crt", "ca.crt"))
    certificate.verify_directly_issued_by(authority)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["kafka", "*.kafka.svc"]
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert authority.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert decoded(authority_files(Authority("seed", "cluster", "nodes")))["tls.crt"] == made["ca.crt"]


@pytest.mark.parametrize(
    ("server", "client", "meant"),
    [(True, True, {"serverAuth", "clientAuth"}), (True, False, {"serverAuth"}), (False, True, {"clientAuth"})],
)
def test_a_certificate_is_for_what_it_was_asked_for(*, server: bool, client: bool, meant: set[str]) -> None:
    request = Request("weir", server=server, client=client)
    made = decoded(certificate_files(Authority("seed", "cluster", "nodes"), request, PASSWORD))
    certificate = x509.load_pem_x509_certificate(made["tls.crt"])
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {usage._name for usage in usages} == meant


@pytest.mark.parametrize(
    ("server", "trusted", "client", "met"),
    [
        ("nodes", ("nodes", 1), "nodes", True),
        ("nodes", ("clients", 1), "nodes", False),
        ("clients", ("nodes", 1), "nodes", False),
        ("nodes", ("nodes", 1), "clients", False),
        ("nodes", ("nodes", 2), "nodes", False),
    ],
    ids=["one domain", "distrusted", "server of clients' authority", "client of another", "another generation"],
)
def test_two_meet_only_within_one_trust_domain(
    server: str, trusted: tuple[str, int], client: str, *, met: bool, tmp_path: Path
) -> None:
    generation = trusted[1]
    believes = Authority("seed", "cluster", trusted[0], generation)
    assert meet(tmp_path, server, Authority("seed", "cluster", "nodes"), client, believes) is met


def test_during_an_overlap_both_generations_are_met(tmp_path: Path) -> None:
    old, new = (Authority("seed", "cluster", "nodes", generation) for generation in (1, 2))
    assert old.key.private_numbers() != new.key.private_numbers()
    assert (old.valid_until.year, new.valid_until.year) == (2036, 2041)
    bundle = decoded(trust_files([old, new]))
    for signer in (old, new):
        certificate = x509.load_pem_x509_certificate(
            decoded(certificate_files(signer, Request("kafka"), PASSWORD))["tls.crt"]
        )
        assert certificate.not_valid_after_utc == signer.valid_until
        issuers = x509.load_pem_x509_certificates(bundle["ca.crt"])
        assert [issuer for issuer in issuers if issuer.subject == certificate.issuer] == [signer.certificate]
        (tmp_path / "ca.crt").write_bytes(bundle["ca.crt"])
        assert ssl.create_default_context(cafile=str(tmp_path / "ca.crt")).cert_store_stats()["x509_ca"] == 2


def meet(folder: Path, server: str, asked: Authority, client: str, believes: Authority) -> bool:
    """Whether a server and a client shake hands: each shows a certificate; the server asks for one of `asked`."""
    sides = {}
    for name, domain, trusts in (("server", server, asked), ("client", client, believes)):
        made = decoded(certificate_files(Authority("seed", "cluster", domain), Request("kafka"), PASSWORD))
        made["ca.crt"] = decoded(trust_files([trusts]))["ca.crt"]
        for file, content in made.items():
            (folder / f"{name}-{file}").write_bytes(content)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if name == "server" else ssl.PROTOCOL_TLS_CLIENT)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / f"{name}-ca.crt")
        context.load_cert_chain(folder / f"{name}-tls.crt", folder / f"{name}-tls.key")
        sides[name] = context
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    shown = sides["server"].wrap_bio(up, down, server_side=True)
    asking = sides["client"].wrap_bio(down, up, server_hostname="kafka")
    try:
        for _ in range(3):
            for side in (asking, shown):
                with contextlib.suppress(ssl.SSLWantReadError):
                    side.do_handshake()
    except ssl.SSLError:
        return False
    return shown.getpeercert() is not None


def test_an_address_among_the_names_is_one_that_clients_check() -> None:
    certificate = x509.load_pem_x509_certificate(files(names=("127.0.0.1", "kafka"))["tls.crt"])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]
    assert names.get_values_for_type(x509.DNSName) == ["kafka"]


def test_the_key_store_has_the_key_of_the_pem_files() -> None:
    made = files()
    key, certificate, others = pkcs12.load_key_and_certificates(made["keystore.p12"], PASSWORD.encode())
    assert key is not None
    assert certificate is not None
    assert key.private_numbers() == load_pem_private_key(made["tls.key"], None).private_numbers()  # type: ignore[union-attr]
    assert certificate == x509.load_pem_x509_certificate(made["tls.crt"])
    assert others == [x509.load_pem_x509_certificate(made["ca.crt"])]
