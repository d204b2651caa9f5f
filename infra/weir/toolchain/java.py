"""Finding the JDK 17 that Kafka, Cassandra and Flink run on and that weir's connectors are compiled with.

Cassandra 5.0 refuses 21 and later (it needs the security manager of 17), so the version is checked and not hoped for.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from weir.config.errors import WeirError
from weir.toolchain.debian_packages import apt_install, can_install

REQUIRED_MAJOR = 17
DEBIAN_PACKAGES = ("openjdk-17-jdk-headless", "maven")
JVM_FOLDER = Path("/usr/lib/jvm")


def find_jdk17(environment: Mapping[str, str], jvm_folder: Path = JVM_FOLDER) -> Path:
    """The JAVA_HOME of a JDK 17: `$JAVA_HOME`, else `java` on the PATH, else a folder of `jvm_folder`.

    Raises:
        WeirError: none is a JDK 17; the message lists what was found instead.
    """
    rejected: list[str] = []
    for source, home in _candidates(environment, jvm_folder):
        problem = _problem(home)
        if problem is None:
            return home
        rejected.append(f"  {source} = {home}: {problem}")
    found = "\n".join(rejected) if rejected else "  no Java found"
    raise WeirError(
        f"weir needs a JDK {REQUIRED_MAJOR} (Kafka, Cassandra and Flink run on it; Cassandra 5.0 does not start on "
        f"21 or later). Found:\n{found}\n"
        f"Install it (Debian: apt-get install {' '.join(DEBIAN_PACKAGES)}), or set JAVA_HOME to one."
    )


def find_or_install_jdk17(environment: Mapping[str, str]) -> Path:
    """`find_jdk17`, after installing Debian's packages when none is there and this is root on a Debian."""
    try:
        return find_jdk17(environment)
    except WeirError:
        if not can_install():
            raise
        apt_install(DEBIAN_PACKAGES)
        return find_jdk17(environment)


def find_maven(environment: Mapping[str, str]) -> Path:
    """The `mvn` on the PATH, installed from Debian when it is missing and this is root.

    Raises:
        WeirError: there is none.
    """
    if which := shutil.which("mvn", path=environment.get("PATH")):
        return Path(which)
    if can_install():
        apt_install(("maven",))
        if which := shutil.which("mvn"):
            return Path(which)
    raise WeirError(
        "weir needs Maven to fetch Kafka, Cassandra, Flink and Trino: install it (Debian: apt-get install maven)"
    )


def _candidates(environment: Mapping[str, str], jvm_folder: Path) -> Iterator[tuple[str, Path]]:
    if java_home := environment.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(java_home)
    if java := shutil.which("java", path=environment.get("PATH")):
        yield "java on the PATH", Path(java).resolve().parent.parent
    for folder in sorted(jvm_folder.glob("*17*")):
        if (folder / "bin").is_dir():
            yield str(jvm_folder), folder.resolve()


def _problem(home: Path) -> str | None:
    version = _version(home)
    if version is None:
        return "it has no working bin/java"
    if version.split(".", 1)[0] != str(REQUIRED_MAJOR):
        return f"it is Java {version}"
    if not (home / "bin" / "javac").exists():
        return "it is a JRE, without javac"
    return None


def _version(home: Path) -> str | None:
    """From the JDK's `release` file, for it costs nothing; from `java -version` where that is missing."""
    java = home / "bin" / "java"
    if not os.access(java, os.X_OK):
        return None
    release = home / "release"
    if release.exists():
        text = release.read_text(encoding="utf-8")
    else:
        text = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'(?:JAVA_VERSION=|version )"([^"]+)"', text)
    return match.group(1) if match else None
