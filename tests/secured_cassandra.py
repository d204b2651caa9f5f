"""A real Cassandra node that asks for passwords and certificates, as in the cluster."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from weir.clients.cassandra import Access, may_log_in
from weir.config.errors import WeirError
from weir.local import cassandra
from weir.local.service import Context

STORE_PASSWORD = "changed-in-production"
EXTENSIONS = ("-ext", "bc=ca:true", "-ext", "san=ip:127.0.0.1")


def secured_settings(ctx: Context, keystore: Path) -> dict[str, Any]:
    """The embedded target's cassandra.yaml with passwords, permissions and TLS on."""
    return cassandra.settings(ctx) | {
        "authenticator": {"class_name": "PasswordAuthenticator"},
        "authorizer": "CassandraAuthorizer",
        "role_manager": "CassandraRoleManager",
        "permissions_validity": "100ms",
        "roles_validity": "100ms",
        "credentials_validity": "100ms",
        "client_encryption_options": {
            "enabled": True,
            "optional": False,
            "keystore": str(keystore),
            "keystore_password": STORE_PASSWORD,
            "require_client_auth": False,
        },
    }


@contextmanager
def secured_node(
    ctx: Context, settings_of: Callable[[Context, Path], dict[str, Any]] = secured_settings
) -> Iterator[Path]:
    """Runs the embedded target's node with the settings made for a key store; gives the certificate to trust."""
    service = cassandra.service(ctx)
    service.prepare()
    folder = ctx.paths.config("cassandra")
    keystore, certificate = make_certificate(ctx.toolchain.java17, folder)
    settings = settings_of(ctx, keystore)
    (folder / "cassandra.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [service.command[0], "-Dcassandra.superuser_setup_delay_ms=0", *service.command[1:]]
    with ctx.paths.log("cassandra").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=dict(os.environ))
        try:
            yield certificate
        finally:
            process.terminate()
            process.wait(60)


def make_certificate(java_home: Path, folder: Path) -> tuple[Path, Path]:
    keystore, certificate = folder / "node.p12", folder / "ca.crt"
    keytool = [str(java_home / "bin" / "keytool"), "-keystore", str(keystore), "-storepass", STORE_PASSWORD]
    subprocess.run(
        [*keytool, "-genkeypair", "-alias", "node", "-keyalg", "EC", "-dname", "CN=weir", *EXTENSIONS],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [*keytool, "-exportcert", "-alias", "node", "-rfc", "-file", str(certificate)], check=True, capture_output=True
    )
    return keystore, certificate


def import_certificate(java_home: Path, certificate: Path) -> Path:
    """A truststore (PKCS12, `STORE_PASSWORD`) beside the certificate, with it inside."""
    truststore = certificate.with_name("truststore.p12")
    keytool = [str(java_home / "bin" / "keytool"), "-keystore", str(truststore), "-storepass", STORE_PASSWORD]
    subprocess.run(
        [*keytool, "-importcert", "-noprompt", "-alias", "node", "-file", str(certificate)],
        check=True,
        capture_output=True,
    )
    return truststore


def wait_until_open(login: Access, timeout_seconds: float = 120) -> Access:
    """Returns `login` once it is let in: a new node makes its first superuser a moment after it answers."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            if may_log_in(login):
                return login
        except WeirError:
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline, f"{login} is not let in after {timeout_seconds} s"
        time.sleep(0.5)
