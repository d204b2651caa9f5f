"""Deterministic PKCS #12 stores (RFC 7292) for the JVM: salts are derived from the content.

Libraries use random salts, so every update of a stack would see changed bytes. The stores have no MAC, which JVMs
accept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

DATA = "1.2.840.113549.1.7.1"
SHROUDED_KEY_BAG, CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.2", "1.2.840.113549.1.12.10.1.3"
X509_CERTIFICATE = "1.2.840.113549.1.9.22.1"
FRIENDLY_NAME, LOCAL_KEY_ID = "1.2.840.113549.1.9.20", "1.2.840.113549.1.9.21"
# Without this attribute, a JVM does not treat a certificate as trusted.
TRUSTED_KEY_USAGE, ANY_USAGE = "2.16.840.1.113894.746875.1.1", "2.5.29.37.0"
PBES2, PBKDF2, HMAC_SHA256 = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12", "1.2.840.113549.2.9"
AES256_CBC = "2.16.840.1.101.3.4.1.42"
ITERATIONS = 10_000

INTEGER, OCTET_STRING, NULL, OBJECT_ID, BMP_STRING, SEQUENCE, SET, EXPLICIT = 2, 4, 5, 6, 30, 0x30, 0x31, 0xA0


def key_store(alias: str, key: bytes, certificates: Sequence[bytes], password: str) -> bytes:
    """A private key (PKCS #8) with its certificate and the certificates that signed it, all in DER."""
    identity = hashlib.sha256(certificates[0]).digest()
    attributes = [_attribute(FRIENDLY_NAME, _text(alias)), _attribute(LOCAL_KEY_ID, _der(OCTET_STRING, identity))]
    bags = [_bag(SHROUDED_KEY_BAG, _shrouded(key, password), attributes)]
    bags += [_certificate(each, attributes if each is certificates[0] else []) for each in certificates]
    return _store(bags)


def trust_store(certificates: Mapping[str, bytes]) -> bytes:
    """Trusted certificates in DER, by alias."""
    usage = _attribute(TRUSTED_KEY_USAGE, _object_id(ANY_USAGE))
    return _store(
        [_certificate(each, [_attribute(FRIENDLY_NAME, _text(alias)), usage]) for alias, each in certificates.items()]
    )


def _store(bags: Sequence[bytes]) -> bytes:
    contents = _data(_der(SEQUENCE, *bags))
    return _der(SEQUENCE, _der(INTEGER, b"\x03"), _data(_der(SEQUENCE, contents)))


def _data(content: bytes) -> bytes:
    return _der(SEQUENCE, _object_id(DATA), _der(EXPLICIT, _der(OCTET_STRING, content)))


def _certificate(certificate: bytes, attributes: Sequence[bytes]) -> bytes:
    value = _der(SEQUENCE, _object_id(X509_CERTIFICATE), _der(EXPLICIT, _der(OCTET_STRING, certificate)))
    return _bag(CERTIFICATE_BAG, value, attributes)


def _bag(kind: str, value: bytes, attributes: Sequence[bytes]) -> bytes:
    # DER sorts the members of a set.
    return _der(SEQUENCE, _object_id(kind), _der(EXPLICIT, value), _der(SET, *sorted(attributes)))


def _attribute(name: str, value: bytes) -> bytes:
    return _der(SEQUENCE, _object_id(name), _der(SET, value))


def _shrouded(key: bytes, password: str) -> bytes:
    """Encrypts the key with PBES2: PBKDF2 with SHA-256, and AES-256 in CBC mode."""
    seed = hashlib.sha256(key).digest()
    salt, vector = seed[:16], seed[16:]
    secret = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(vector)).encryptor()
    encrypted = encryptor.update(padder.update(key) + padder.finalize()) + encryptor.finalize()
    derivation = _der(
        SEQUENCE,
        _der(OCTET_STRING, salt),
        _der(INTEGER, ITERATIONS.to_bytes(2)),
        _der(SEQUENCE, _object_id(HMAC_SHA256), _der(NULL)),
    )
    scheme = _der(SEQUENCE, _object_id(AES256_CBC), _der(OCTET_STRING, vector))
    parameters = _der(SEQUENCE, _der(SEQUENCE, _object_id(PBKDF2), derivation), scheme)
    return _der(SEQUENCE, _der(SEQUENCE, _object_id(PBES2), parameters), _der(OCTET_STRING, encrypted))


def _text(value: str) -> bytes:
    return _der(BMP_STRING, value.encode("utf-16-be"))


def _object_id(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    return _der(OBJECT_ID, b"".join(_base128(number) for number in (first * 40 + second, *rest)))


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))


def _der(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(size)]) + size + content
