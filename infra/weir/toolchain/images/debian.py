"""The base layer: a Debian of a few packages, made by mmdebstrap from Debian's own archive, signatures checked."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

from weir.config.errors import WeirError
from weir.toolchain.debian_packages import apt_install, can_install
from weir.toolchain.images.definition import Debian

MIRROR_VARIABLE = "WEIR_DEBIAN_MIRROR"
MIRROR = "http://deb.debian.org/debian"
SECURITY_MIRROR = "http://deb.debian.org/debian-security"
SNAPSHOT = "1"
"""Raise it to rebuild every base image, with Debian's newest security updates."""

# Nothing at run time reads them, and together they are half of a small Debian.
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/lintian/*")
# The licences stay.
KEPT = ("/usr/share/doc/*/copyright",)


def key_of(base: Debian) -> str:
    """Changes with everything that decides what is in the base."""
    return " ".join(["debian", SNAPSHOT, base.suite, *base.packages, *LEFT_OUT])


def write_base(base: Debian, target: Path, show: Callable[[str], None]) -> None:
    """Makes the tar of `base`.

    Raises:
        WeirError: mmdebstrap is missing, or failed.
    """
    show(f"Debian {base.suite} with {', '.join(base.packages)}")
    command = [
        _mmdebstrap(),
        "--mode=root" if os.geteuid() == 0 else "--mode=unshare",
        "--variant=essential",
        f"--include={','.join(base.packages)}",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
        *(f"--dpkgopt=path-include={pattern}" for pattern in KEPT),
        # The packages of Java and PostgreSQL link manuals into these, which are left out.
        '--essential-hook=mkdir -p "$1/usr/share/man/man1" "$1/usr/share/man/man7" "$1/etc/postgresql-common"',
        # PostgreSQL's package would make a cluster of its own.
        '--essential-hook=echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"',
        # Programs of ours run as a number of their own: nothing needs to change who it is.
        '--customize-hook=find "$1" -xdev -perm /6000 -type f -exec chmod a-s {} +',
        '--customize-hook=rm -rf "$1"/var/log/* "$1"/var/cache/* "$1"/var/lib/apt/lists/*',
        base.suite,
        str(target),
        *_sources(base.suite),
    ]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = "\n".join(done.stderr.strip().splitlines()[-15:])
        raise WeirError(f"Debian {base.suite}: mmdebstrap failed; check that {_mirror()} is reachable:\n{reason}")


def read_file(base: Path, name: str) -> bytes:
    """A file of the base's tar; empty where it has none."""
    with tarfile.open(base) as archive:
        for candidate in (name, f"./{name}"):
            try:
                stream = archive.extractfile(candidate)
            except KeyError:
                continue
            return stream.read() if stream else b""
    return b""


def _mirror() -> str:
    return os.environ.get(MIRROR_VARIABLE, MIRROR)


def _sources(suite: str) -> list[str]:
    mirror = _mirror()
    security = SECURITY_MIRROR if mirror == MIRROR else f"{mirror.rstrip('/')}-security"
    return [
        f"deb {mirror} {suite} main",
        f"deb {mirror} {suite}-updates main",
        f"deb {security} {suite}-security main",
    ]


def _mmdebstrap() -> str:
    if found := shutil.which("mmdebstrap"):
        return found
    if can_install():
        apt_install(("mmdebstrap",))
        if found := shutil.which("mmdebstrap"):
            return found
    raise WeirError(
        "building images without a container engine needs mmdebstrap; install it (Debian: apt-get install mmdebstrap)"
    )
