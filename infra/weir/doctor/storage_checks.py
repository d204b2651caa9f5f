"""Volumes: the storage classes that the stack names exist, grow, wait for their pod, and are encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weir.doctor.cluster_checks import Cluster
from weir.doctor.findings import Check, Finding, Maker, State
from weir.doctor.snapshot import Document, name_of

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


@dataclass(frozen=True)
class Driver:
    """A CSI driver. `parameter` is true in a class whose volumes are encrypted; None where all volumes are."""

    parameter: str | None
    source: str
    question: str = "ask whoever runs the storage whether it encrypts, with whose key, and where the key is"
    """For a class that does not say it."""


DRIVERS = {
    "ebs.csi.aws.com": Driver(
        "encrypted",
        "aws-ebs-csi-driver, docs/parameters.md: `encrypted`, by default as the account says",
        "aws ec2 get-ebs-encryption-by-default: true encrypts every new volume of the account in this region",
    ),
    "pd.csi.storage.gke.io": Driver(None, "Google Cloud, default encryption at rest: all disks"),
    "disk.csi.azure.com": Driver(None, "Azure, server-side encryption of managed disks: always on"),
    "file.csi.azure.com": Driver(None, "Azure Storage, encryption for data at rest: always on"),
    "rbd.csi.ceph.com": Driver("encrypted", "ceph-csi, docs/rbd/deploy.md: `encrypted`"),
    "driver.longhorn.io": Driver("encrypted", "Longhorn documentation, volume encryption: `encrypted`"),
    "pxd.portworx.com": Driver("secure", "Portworx documentation, StorageClass parameters: `secure`"),
}
"""By the provisioner's name; Rook puts its namespace before Ceph's."""
UNKNOWN_DRIVER = Driver("encrypted", "what most drivers call it; nothing is said of a class without it")


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
        told = f"{called} does not say whether it encrypts"
        yield Finding(about, State.WARNING, told, _driver(found).question, Maker.CLUSTER)


def _is_encrypted(found: Document) -> bool | None:
    """None where the class does not say; an account of AWS may encrypt every volume by default."""
    driver = _driver(found)
    if driver.parameter is None:
        return True
    parameters = {str(key).lower(): str(value).lower() for key, value in (found.get("parameters") or {}).items()}
    told = parameters.get(driver.parameter)
    return None if told is None else told == "true"


def _driver(found: Document) -> Driver:
    provisioner = str(found.get("provisioner"))
    known = [driver for name, driver in DRIVERS.items() if provisioner == name or provisioner.endswith(f".{name}")]
    return known[0] if known else UNKNOWN_DRIVER


CHECKS: tuple[Check[Cluster], ...] = (Check("storage classes", _classes),)
