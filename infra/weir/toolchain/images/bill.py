"""The software bill of materials of an image: CycloneDX 1.5, from what really lies in its layers."""

from __future__ import annotations

import json
import re
import tarfile
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

DPKG_STATUS = "var/lib/dpkg/status"
_JAR = re.compile(r"^(?P<name>.+?)-(?P<version>\d[A-Za-z0-9._+-]*)\.jar$")
_WHEEL = re.compile(r"/(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^/-]+)\.dist-info/METADATA$")


@dataclass(frozen=True, order=True)
class Component:
    """A package of somebody's, by its package URL."""

    url: str
    name: str
    version: str


def components(layers: Iterable[Path]) -> list[Component]:
    """Debian's packages, Java's archives and Python's distributions in `layers`, each once."""
    return sorted({component for layer in layers for component in _of_layer(layer)})


def bill(title: str, reference: str, licenses: str, parts: list[Component]) -> bytes:
    """The document; the same parts give the same bytes."""
    content = "\n".join([reference, *(part.url for part in parts)])
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "container",
                "bom-ref": reference,
                "name": reference,
                "description": title,
                "licenses": [{"expression": licenses}],
            }
        },
        "components": [
            {"type": "library", "bom-ref": part.url, "name": part.name, "version": part.version, "purl": part.url}
            for part in parts
        ],
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def _of_layer(layer: Path) -> Iterator[Component]:
    with tarfile.open(layer) as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if name == DPKG_STATUS and (stream := archive.extractfile(member)):
                yield from debian_packages(stream.read().decode())
            elif name.endswith(".jar") and member.isfile() and (stream := archive.extractfile(member)):
                yield java_archive(PurePosixPath(name).name, stream)
            elif match := _WHEEL.search(f"/{name}"):
                package = re.sub(r"[-_.]+", "-", match["name"]).lower()
                yield Component(f"pkg:pypi/{package}@{quote(match['version'])}", package, match["version"])


def debian_packages(status: str) -> Iterator[Component]:
    """From dpkg's own list of what is installed."""
    for paragraph in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
        if fields.get("Status") == "install ok installed":
            name, version, machine = fields["Package"], fields["Version"], fields["Architecture"]
            yield Component(f"pkg:deb/debian/{name}@{quote(version)}?arch={machine}", name, version)


def java_archive(name: str, stream: Any) -> Component:
    """By the coordinates that Maven wrote into it, where there is one set; else by the file's name."""
    with zipfile.ZipFile(stream) as archive:
        found = [entry for entry in archive.namelist() if re.fullmatch(r"META-INF/maven/.+/pom\.properties", entry)]
        if len(found) == 1:
            lines = archive.read(found[0]).decode().splitlines()
            values = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
            if {"groupId", "artifactId", "version"} <= set(values):
                group, artifact, version = (values[key].strip() for key in ("groupId", "artifactId", "version"))
                return Component(f"pkg:maven/{group}/{artifact}@{quote(version)}", artifact, version)
    match = _JAR.match(name)
    artifact, version = (match["name"], match["version"]) if match else (name.removesuffix(".jar"), "unknown")
    return Component(f"pkg:generic/{quote(artifact)}@{quote(version)}", artifact, version)
