"""Who may talk to Flink on one machine: whoever can read one key, and that is the owner of the data folder.

A job is code, so whoever may submit one may do what its owner may. Without a certificate, Flink takes jobs from every
local user, and from every web page that the owner opens. Both of its doors are closed with one certificate: REST, and
the processes' own messages (Pekko, blobs, data), which carry serialized Java objects and submit jobs, too.

Source: Flink 2.2 documentation, "SSL Setup".
"""

from __future__ import annotations

import base64
import secrets
import shutil
from typing import Any

from weir.local.service import LOOPBACK, Context
from weir.toolchain import locks

PASSWORD = "changeit"  # noqa: S105 - a key store must have one; the folder is what guards the key
KEY_STORE, TRUST_STORE = "keystore.p12", "truststore.p12"


def ensure(ctx: Context) -> None:
    """Makes the certificate of this data folder, once. Nobody keeps the key of the authority that signs it."""
    folder = ctx.flink_certificate
    with locks.held(folder.with_suffix(".lock")):
        if folder.exists():
            return
        # A tenth of a second and ten MiB, needed at the first start alone.
        from weir.components.own_certificates import Authority, Request, certificate_files  # noqa: PLC0415

        authority = Authority(secrets.token_urlsafe(32), "local", "flink")
        files = certificate_files(authority, Request("flink", [LOOPBACK]), PASSWORD)
        staging = folder.with_suffix(".new")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        for name, content in files.items():
            path = staging / name
            path.touch(mode=0o600)
            path.write_bytes(base64.b64decode(content))
        staging.rename(folder)


def settings(ctx: Context) -> dict[str, Any]:
    """Flink's settings: each side of every connection shows the certificate."""
    folder = ctx.flink_certificate
    stores = {"keystore": str(folder / KEY_STORE), "truststore": str(folder / TRUST_STORE)}
    doors = {
        f"security.ssl.{door}.{key}": value
        for door in ("rest", "internal")
        for key, value in {
            "enabled": True,
            **stores,
            **{f"{store}-password": PASSWORD for store in stores},
            "key-password": PASSWORD,
        }.items()
    }
    return {
        **doors,
        "security.ssl.rest.authentication-enabled": True,
        # Flink's default ciphers are for RSA keys.
        "security.ssl.algorithms": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        # `flink run` sends a compiled job; nobody uploads a jar for the job manager to run.
        "web.submit.enable": False,
        # Flink's default is every origin.
        "web.access-control-allow-origin": ctx.endpoints.flink_url,
    }
