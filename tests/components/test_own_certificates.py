"""Certificates without cert-manager: what Java and OpenSSL make of them is shown by the real programs in a cluster."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from weir.components.own_certificates import certificate_files

pytestmark = pytest.mark.unit
PASSWORD = "changeit"


def files(
    seed: str = "seed", name: str = "kafka", names: tuple[str, ...] = ("kafka", "*.kafka.svc")
) -> dict[str, bytes]:
    made = certificate_files(seed, "cluster", name, names, PASSWORD)
    return {key: base64.b64decode(value) for key, value in made.items()}


def test_the_same_secret_and_names_give_the_same_bytes() -> None:
    assert files() == files()
    assert files()["tls.key"] not in {files(seed="other")["tls.key"], files(names=("kafka",))["tls.key"]}
    assert files()["ca.crt"] == files(name="trino")["ca.crt"]


def test_a_certificate_is_signed_by_the_authority_for_its_names() -> None:
    made = files()
    certificate, authority = (x509.load_pem_x509_certificate(made[name]) for name in ("tls.crt", "ca.crt"))
    certificate.verify_directly_issued_by(authority)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["kafka", "*.kafka.svc"]
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_key_store_has_the_key_of_the_pem_files() -> None:
    made = files()
    key, certificate, others = pkcs12.load_key_and_certificates(made["keystore.p12"], PASSWORD.encode())
    assert key is not None
    assert certificate is not None
    assert key.private_numbers() == load_pem_private_key(made["tls.key"], None).private_numbers()  # type: ignore[union-attr]
    assert certificate == x509.load_pem_x509_certificate(made["tls.crt"])
    assert others == [x509.load_pem_x509_certificate(made["ca.crt"])]
