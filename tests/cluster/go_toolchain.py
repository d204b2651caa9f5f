"""Go itself: the machine's, or, where it is missing or too old, the pinned one from the module proxy.

Go publishes its toolchains as modules (https://go.dev/ref/mod#go-toolchain-versions); `$GOPROXY` is honoured.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx

from weir.config.errors import WeirError
from weir.embedded import locks

REQUIRED = (1, 26)
VERSION = "1.26.8"
CHECKSUMS = {
    "amd64": "30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7",
    "arm64": "02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99",
}
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PUBLIC_PROXY = "https://proxy.golang.org"
EXECUTABLE = ("bin/", "pkg/tool/")


def program(cache: Path, report: Callable[[str], None]) -> str:
    """The `go` to compile with.

    Raises:
        WeirError: the machine has none, and none can be fetched for it.
    """
    installed = shutil.which("go")
    if installed and _version(installed) >= REQUIRED:
        return installed
    target = cache / f"go-{VERSION}"
    with locks.held(cache / ".go.lock", lambda: report("Go: another process fetches it")):
        if not target.is_dir():
            report(f"Go {VERSION}: fetching")
            staging = cache / f".staging-{target.name}"
            shutil.rmtree(staging, ignore_errors=True)
            _fetch(staging)
            staging.rename(target)
    return str(target / "bin" / "go")


def _version(go: str) -> tuple[int, ...]:
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    answer = subprocess.run([go, "env", "GOVERSION"], env=environment, capture_output=True, text=True, check=False)
    return tuple(int(number) for number in re.findall(r"\d+", answer.stdout)[:2])


def _fetch(folder: Path) -> None:
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise WeirError(f"no Go toolchain is pinned for {platform.machine()}: install Go {VERSION}")
    module = f"v0.0.1-go{VERSION}.linux-{architecture}"
    folder.mkdir(parents=True)
    archive = folder / "toolchain.zip"
    digest = hashlib.sha256()
    url = f"{_proxy()}/golang.org/toolchain/@v/{module}.zip"
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=60) as answer, archive.open("wb") as file:
            answer.raise_for_status()
            for block in answer.iter_bytes():
                digest.update(block)
                file.write(block)
    except httpx.HTTPError as error:
        raise WeirError(f"Go {VERSION} cannot be fetched from {url}: {error}; install it, or set GOPROXY") from None
    if digest.hexdigest() != CHECKSUMS[architecture]:
        raise WeirError(f"{url} has the SHA-256 {digest.hexdigest()}, not the pinned {CHECKSUMS[architecture]}")
    _unpack(archive, f"golang.org/toolchain@{module}/", folder)
    archive.unlink()


def _proxy() -> str:
    """The first proxy that `$GOPROXY` names."""
    named = re.split(r"[,|]", os.environ.get("GOPROXY", ""))[0]
    return named.rstrip("/") if named.startswith("http") else PUBLIC_PROXY


def _unpack(archive: Path, prefix: str, folder: Path) -> None:
    """A module's zip keeps no modes."""
    with zipfile.ZipFile(archive) as files:
        for entry in files.infolist():
            name = entry.filename.removeprefix(prefix)
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with files.open(entry) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
            if name.startswith(EXECUTABLE):
                target.chmod(0o755)
