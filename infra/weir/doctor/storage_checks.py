"""Volumes: the storage classes that the stack names exist, grow, wait for their pod, and are encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from weir.doctor.cluster_checks import Cluster
from weir.doctor.findings import Check, Finding, Maker, State
from weir.doctor.snapshot import Document, name_of

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
ALWAYS_ENCRYPTED = ("pd.csi.storage.gke.io", "disk.csi.azure.com", "file.csi.azure.com")
"""Drivers of services that encrypt all data at rest, whatever a class says: Google's disks, Azure's disks and files."""
ENCRYPTION_PARAMETERS = ("encrypted", "encryption", "secure")
"""What classes of other drivers call it: EBS, Ceph RBD and Longhorn `encrypted`, Portworx `secure`."""


def _classes(cluster: Cluster) -> Iterator[Finding]:
    known = {name_of(entry): entry for entry in cluster.snapshot.items("storage classes")}
    users: dict[str | None, list[str]] = {}
    for user, name in cluster.needs.storage_classes().items():
        users.setdefault(name, []).append(user)
    for name, of in users.items():
        found = known.get(name) if name else _default(list(known.values()))
        about = f"storage class of {', '.join(of)}"
        yield from _class(cluster, about, name, found) if found else [_absent(about, name, sorted(known))]


def _default(classes: list[Document]) -> Document | None:
    marked = [entry for entry in classes if (entry["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"]
    return marked[0] if marked else None


def _absent(about: str, name: str | None, known: list[str]) -> Finding:
    there = f"there are {', '.join(known)}" if known else "there is none at all"
    if name is None:
        remedy = "mark one as the default, or name one in storage.classes (docs/how-to/prepare-a-cloud.md)"
        return Finding(about, State.MISSING, f"no default class; {there}", remedy, Maker.CLUSTER)
    remedy = "create it (docs/how-to/prepare-a-cloud.md), or name another in storage.classes"
    return Finding(about, State.MISSING, f"{name} does not exist; {there}", remedy, Maker.CLUSTER)


def _class(cluster: Cluster, about: str, name: str | None, found: Document) -> Iterator[Finding]:
    called = name_of(found) if name else f"{name_of(found)} (the default)"
    protected = State.MISSING if cluster.needs.stack.availability.protect else State.WARNING
    problems = list(_problems(cluster, about, found, called, protected))
    yield from problems or [Finding(about, State.OK, f"{called} exists, grows and is encrypted")]


def _problems(cluster: Cluster, about: str, found: Document, called: str, protected: State) -> Iterator[Finding]:
    if not found.get("allowVolumeExpansion"):
        command = f"kubectl patch storageclass {name_of(found)} -p '{{\"allowVolumeExpansion\": true}}'"
        yield Finding(about, protected, f"volumes of {called} cannot grow", command, Maker.CLUSTER)
    if cluster.needs.several_zones and found.get("volumeBindingMode") != "WaitForFirstConsumer":
        remedy = "create one with volumeBindingMode: WaitForFirstConsumer, for that field cannot be changed"
        told = f"{called} makes volumes before their pods have a zone"
        yield Finding(about, protected, told, remedy, Maker.CLUSTER)
    encrypted = _is_encrypted(found)
    if encrypted is False:
        remedy = "create an encrypted one (docs/how-to/prepare-a-cloud.md); parameters cannot be changed"
        yield Finding(about, protected, f"volumes of {called} are not encrypted", remedy, Maker.CLUSTER)
    if encrypted is None:
        remedy = f"ask for the encryption of {found.get('provisioner')}'s volumes"
        yield Finding(about, State.WARNING, f"{called} does not say whether it encrypts", remedy, Maker.CLUSTER)


def _is_encrypted(found: Document) -> bool | None:
    """None where the class does not say; an account of AWS may encrypt every volume by default."""
    if found.get("provisioner") in ALWAYS_ENCRYPTED:
        return True
    parameters = {str(key).lower(): str(value).lower() for key, value in (found.get("parameters") or {}).items()}
    told = [parameters[name] for name in ENCRYPTION_PARAMETERS if name in parameters]
    return told[0] == "true" if told else None


CHECKS: tuple[Check[Cluster], ...] = (Check("storage classes", _classes),)
