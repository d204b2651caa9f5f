"""Derives authorities from one secret, and certificates for clusters without cert-manager. Pure functions.

The same secret, domain and names give the same bytes, so an update changes nothing, and a certificate that is added
later is signed by the same authority. Nothing renews certificates made here: they expire together with the authority.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
GENERATION_YEARS = 5
ALIAS = "certificate"
_SERVER, _CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
_SIGNS_CERTIFICATES = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True)
class Authority:
    """The authority of one trust domain. Another domain or generation is another key, from the same secret."""

    seed: str
    environment: str
    domain: str
    generation: int = 1

    @property
    def valid_until(self) -> datetime.datetime:
        """Each generation lasts some years longer than the one that it takes the place of."""
        return VALID_UNTIL.replace(year=VALID_UNTIL.year + GENERATION_YEARS * (self.generation - 1))

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """Its private key."""
        return _key(self.seed, self.purpose)

    @property
    def purpose(self) -> str:
        """What its key is derived for; no common name has a zero in it."""
        return f"authority\0{self.domain}\0{self.generation}"

    @property
    def certificate(self) -> x509.Certificate:
        """Signed by itself."""
        name, key = _name(f"weir {self.environment} {self.domain} {self.generation}"), self.key
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_SIGNS_CERTIFICATES, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )
        return _signed(builder, self.purpose, key, self.valid_until)


@dataclass(frozen=True)
class Request:
    """What a certificate says: the holder's name, the servers' names, and whether it is one of a server, a client."""

    common_name: str
    dns_names: Sequence[str] = ()
    server: bool = True
    client: bool = True

    @property
    def names(self) -> list[str]:
        """Without servers' names, the holder's."""
        return list(self.dns_names) or [self.common_name]


def certificate_files(authority: Authority, request: Request, password: str) -> dict[str, str]:
    """The files of a certificate's Secret in base64: PEM, and stores (PKCS #12), as cert-manager writes them."""
    purpose = "\0".join((authority.purpose, request.common_name, ",".join(request.names)))
    issuer, signer = authority.certificate, authority.key
    key = _key(authority.seed, purpose)
    usages = [usage for wanted, usage in ((request.server, _SERVER), (request.client, _CLIENT)) if wanted]
    certificate = _signed(
        x509.CertificateBuilder()
        .subject_name(_name(request.common_name))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_subject(name) for name in request.names]), False)
        .add_extension(x509.ExtendedKeyUsage(usages), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False),
        purpose,
        signer,
        authority.valid_until,
    )
    private = _pkcs8(key, serialization.Encoding.DER)
    return _encoded(
        {
            "tls.crt": _pem(certificate),
            "tls.key": _pkcs8(key, serialization.Encoding.PEM),
            "ca.crt": _pem(issuer),
            "keystore.p12": key_store(ALIAS, private, [_der(certificate), _der(issuer)], password),
            "truststore.p12": trust_store({ALIAS: _der(issuer)}),
        }
    )


def authority_files(authority: Authority) -> dict[str, str]:
    """The files of the Secret with which cert-manager signs, in base64."""
    key = _pkcs8(authority.key, serialization.Encoding.PEM)
    return _encoded({"tls.crt": _pem(authority.certificate), "tls.key": key})


def trust_files(authorities: Sequence[Authority]) -> dict[str, str]:
    """The certificates of all `authorities` in base64: PEM, and a trust store (PKCS #12)."""
    certificates = [authority.certificate for authority in authorities]
    stored = {f"{ALIAS}-{authority.generation}": _der(authority.certificate) for authority in authorities}
    return _encoded({"ca.crt": b"".join(map(_pem, certificates)), "truststore.p12": trust_store(stored)})


def _encoded(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


def _signed(
    builder: x509.CertificateBuilder, purpose: str, key: ec.EllipticCurvePrivateKey, until: datetime.datetime
) -> x509.Certificate:
    serial = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:16]) >> 1
    dated = builder.serial_number(serial or 1).not_valid_before(VALID_FROM).not_valid_after(until)
    return dated.sign(key, hashes.SHA256(), ecdsa_deterministic=True)


def _key(seed: str, purpose: str) -> ec.EllipticCurvePrivateKey:
    """The private key for `purpose`. A different purpose or seed gives a different key."""
    material = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(seed.encode())
    return ec.derive_private_key(int.from_bytes(material) % (CURVE_ORDER - 1) + 1, CURVE)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _subject(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _pkcs8(key: ec.EllipticCurvePrivateKey, encoding: serialization.Encoding) -> bytes:
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
