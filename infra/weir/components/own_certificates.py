"""Derives certificates from one secret, for clusters without cert-manager. Pure functions.

The same secret, names and common name give the same bytes, so an update changes nothing, and a certificate that is
added later is signed by the same authority. Nothing renews them: they expire together with the authority.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from weir.components.pkcs12_store import key_store, trust_store

CURVE = ec.SECP256R1()
VALID_FROM = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
VALID_UNTIL = datetime.datetime(2036, 1, 1, tzinfo=datetime.UTC)
# The group's order is slightly below 2**256. Reducing more bits than that gives an even distribution.
KEY_BYTES = 48
CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
AUTHORITY = "authority"
ALIAS = "certificate"


def certificate_files(
    seed: str, environment: str, common_name: str, dns_names: Sequence[str], password: str
) -> dict[str, str]:
    """The files of a certificate's Secret in base64: PEM, and the same as PKCS #12 with `password`."""
    authority_key, authority = _authority(seed, environment)
    key = _key(seed, f"{common_name}\0{','.join(dns_names)}")
    certificate = _signed(
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in dns_names or [common_name]]), False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), False),
        f"{common_name}\0{','.join(dns_names)}",
        authority_key,
    )
    files = {
        "tls.crt": _pem(certificate),
        "tls.key": _pkcs8(key, serialization.Encoding.PEM),
        "ca.crt": _pem(authority),
        "keystore.p12": key_store(
            ALIAS, _pkcs8(key, serialization.Encoding.DER), [_der(certificate), _der(authority)], password
        ),
        "truststore.p12": trust_store(ALIAS, _der(authority)),
    }
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


def _authority(seed: str, environment: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = _key(seed, AUTHORITY)
    name = _name(f"weir {environment}")
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    return key, _signed(builder, AUTHORITY, key)


def _signed(builder: x509.CertificateBuilder, purpose: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    serial = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:16]) >> 1
    dated = builder.serial_number(serial or 1).not_valid_before(VALID_FROM).not_valid_after(VALID_UNTIL)
    return dated.sign(key, hashes.SHA256(), ecdsa_deterministic=True)


def _key(seed: str, purpose: str) -> ec.EllipticCurvePrivateKey:
    """The private key for `purpose`. A different purpose or seed gives a different key."""
    material = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(seed.encode())
    return ec.derive_private_key(int.from_bytes(material) % (CURVE_ORDER - 1) + 1, CURVE)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _pkcs8(key: ec.EllipticCurvePrivateKey, encoding: serialization.Encoding) -> bytes:
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
