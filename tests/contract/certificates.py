"""Certificates as cert-manager makes them from what the components ask for: by openssl and keytool, into a folder."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from weir.components.certificates import KEYSTORE_PASSWORD


@dataclass(frozen=True)
class Authority:
    """The platform's authority, in a folder of its own."""

    folder: Path
    java_home: Path

    @classmethod
    def made_in(cls, folder: Path, java_home: Path) -> Authority:
        """A new one: an elliptic key, and a certificate that signs itself."""
        folder.mkdir(parents=True)
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", folder / "ca.key")
        openssl("req", "-x509", *key, "-out", folder / "ca.crt", "-subj", "/CN=weir test", "-days", "2")
        return cls(folder, java_home)

    def issue(self, folder: Path, common_name: str, names: list[str]) -> Path:
        """Fills `folder` with a certificate's Secret: tls.crt, tls.key, ca.crt, keystore.p12 and truststore.p12."""
        folder.mkdir(parents=True)
        key, request, certificate = folder / "tls.key", folder / "request", folder / "tls.crt"
        openssl(
            *("req", "-newkey", "rsa:2048", "-noenc", "-keyout", key),
            *("-out", request, "-subj", f"/CN={common_name}"),
        )
        extensions = folder / "extensions"
        alternatives = ",".join(f"DNS:{name}" for name in names)
        extensions.write_text(
            f"subjectAltName={alternatives}\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n",
            encoding="utf-8",
        )
        signer = ("-CA", self.folder / "ca.crt", "-CAkey", self.folder / "ca.key", "-CAcreateserial")
        openssl("x509", "-req", "-in", request, *signer, "-days", "2", "-extfile", extensions, "-out", certificate)
        (folder / "ca.crt").write_bytes((self.folder / "ca.crt").read_bytes())
        password = f"pass:{KEYSTORE_PASSWORD}"
        openssl(
            *("pkcs12", "-export", "-inkey", key, "-in", certificate, "-certfile", folder / "ca.crt"),
            *("-out", folder / "keystore.p12", "-passout", password),
        )
        self._trust(folder / "truststore.p12")
        return folder

    def _trust(self, store: Path) -> None:
        keytool = [self.java_home / "bin" / "keytool", "-importcert", "-noprompt", "-alias", "ca"]
        stored = ["-file", self.folder / "ca.crt", "-keystore", store, "-storepass", KEYSTORE_PASSWORD]
        subprocess.run([str(part) for part in [*keytool, *stored]], check=True, capture_output=True)


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
