"""cosign: it signs images and their bills of materials with a key, and checks both.

weir calls the program: it reads keys of every kind (files, a KMS, a token), and logs in as Docker does.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from weir.config import versions
from weir.config.errors import WeirError

PROGRAM = "COSIGN"
"""The environment variable that names the program, for who has it elsewhere than on PATH."""
PASSWORD = "COSIGN_PASSWORD"  # noqa: S105 - the variable's name
MODULE = "github.com/sigstore/cosign"

BILL = "cyclonedx"

# The format of before version 3, in tags beside the image. Admission controllers verify it with a key; of the newer one
# sigstore/policy-controller#1958 and kyverno/kyverno#17363 say that they do not always. In the newer one, a signature
# and a bill are also statements of one kind, and `cosign verify` is content with either.
FORMAT = "--new-bundle-format=false"
# A key pair needs no transparency log: whoever verifies has the public key. Sigstore's public log would publish the
# digests of private images. `--use-signing-config` would fetch the addresses of its services from the internet.
UNLOGGED = (FORMAT, "--use-signing-config=false", "--tlog-upload=false", "--yes")
UNLOGGED_VERIFICATION = (FORMAT, "--insecure-ignore-tlog=true")
PLAIN_HTTP = "--allow-http-registry"


@dataclass(frozen=True)
class Cosign:
    """The program, and how it reaches the registry."""

    program: str
    environment: Mapping[str, str]
    plain_http: bool = False

    def sign(self, image: str, key: str) -> None:
        """Signs the image with a private key, and puts the signature beside it in its registry.

        Raises:
            WeirError: cosign refuses; with what it said.
        """
        self._must("sign", *UNLOGGED, "--key", key, image)

    def attach_bill(self, image: str, key: str, bill: Path) -> None:
        """Signs the image's CycloneDX document with a private key; beside the image it replaces an older one.

        Raises:
            WeirError: cosign refuses; with what it said.
        """
        what = ("--replace", "--type", BILL, "--predicate", str(bill))
        self._must("attest", *UNLOGGED, "--key", key, *what, image)

    def refusal_of_signature(self, image: str, key: str) -> str:
        """Why the image has no signature that the public key fits; empty where it has one."""
        return self._run("verify", *UNLOGGED_VERIFICATION, "--key", key, image)

    def refusal_of_bill(self, image: str, key: str) -> str:
        """Why the image has no bill that the public key fits; empty where it has one."""
        return self._run("verify-attestation", *UNLOGGED_VERIFICATION, "--key", key, "--type", BILL, image)

    def _must(self, command: str, *arguments: str) -> None:
        if refusal := self._run(command, *arguments):
            raise WeirError(f"`cosign {command}` of {arguments[-1]} failed: {refusal}")

    def _run(self, command: str, *arguments: str) -> str:
        """Why it failed, in cosign's own words; empty where it did not."""
        transport = [PLAIN_HTTP] if self.plain_http else []
        # Nobody sees a question: without a password in its environment, cosign would wait for one.
        done = subprocess.run(
            [self.program, command, *transport, *arguments],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return "" if done.returncode == 0 else _reason(done.stderr) or f"exit code {done.returncode}"


def found(environment: Mapping[str, str], plain_http: bool = False) -> Cosign:
    """The machine's cosign.

    Raises:
        WeirError: there is none, or one of another major version.
    """
    wanted = environment.get(PROGRAM) or "cosign"
    program = shutil.which(wanted, path=environment.get("PATH"))
    if program is None:
        raise WeirError(f"{wanted}: not found on PATH; {_remedy()}, or name the program with {PROGRAM}=/path/to/cosign")
    told = subprocess.run([program, "version"], env=dict(environment), capture_output=True, text=True, check=False)
    version = re.search(r"^GitVersion:\s*(v\S+)", told.stdout, re.MULTILINE)
    if version is None or version[1].partition(".")[0] != f"v{_major()}":
        says = version[1] if version else "no version"
        raise WeirError(f"{program}: it says {says}, and weir needs version {_major()}; {_remedy()}")
    return Cosign(program, environment, plain_http)


def _major() -> str:
    return versions.COSIGN.partition(".")[0]


def _remedy() -> str:
    major = _major()
    return (
        f"install cosign {major} (tested: {versions.COSIGN}) from https://{MODULE}/releases, or with "
        f"`go install {MODULE}/v{major}/cmd/cosign@v{versions.COSIGN}`"
    )


def _reason(said: str) -> str:
    """cosign's error without its warnings, and without the repetition of it that follows from its logger."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    return (errors[:1] or lines[-1:] or [""])[0]
