"""What lies beside the cluster, asked from this machine: the bucket, the registries, and Pulumi's backend."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from weir.clients import image_registry
from weir.config.image_references import repository
from weir.config.storage import ObjectStorage
from weir.doctor import bucket_encryption
from weir.doctor.bucket_encryption import BucketDefault
from weir.doctor.findings import Check, Finding, Maker, State

PULUMI_SECONDS = 30
OWN_BACKENDS = ("file://", "s3://", "gs://", "azblob://")
"""Where Pulumi has no service that keeps the key of the secrets."""
PASSPHRASES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
BUCKET_REGION = "x-amz-bucket-region"


@dataclass(frozen=True)
class Answer:
    """An HTTP status; None, and why, where nobody answered."""

    status: int | None
    told: str = ""


@dataclass(frozen=True)
class Pulumi:
    """What its CLI says of itself. `backend` is None where nobody is logged in."""

    installed: bool
    backend: str | None = None
    has_passphrase: bool = False


@dataclass(frozen=True)
class Outside:
    """All of it."""

    store: ObjectStorage | None
    bucket: Answer | None
    images: Mapping[str, Answer]
    pulumi: Pulumi
    on_nodes: frozenset[str] = frozenset()
    """Images that some node has already."""
    pull_secrets: tuple[str, ...] = field(default=())
    bucket_default: BucketDefault | None = None


def bucket_url(store: ObjectStorage) -> str:
    """The bucket as S3 calls it by a path, for a bucket's name with dots fits no certificate."""
    if store.endpoint_url:
        return f"{store.endpoint_url.rstrip('/')}/{store.bucket}"
    return f"https://s3.{f'{store.region}.' if store.region else ''}amazonaws.com/{store.bucket}"


def ask_bucket(store: ObjectStorage, client: httpx.Client) -> Answer:
    """Whether it is there; nobody's login is used."""
    try:
        answer = client.head(bucket_url(store))
    except httpx.HTTPError as error:
        return Answer(None, str(error))
    return Answer(answer.status_code, answer.headers.get(BUCKET_REGION, ""))


def ask_images(images: Iterable[str], client: httpx.Client) -> dict[str, Answer]:
    """Whether each can be pulled without a login."""
    found: dict[str, Answer] = {}
    silent: dict[str, str] = {}
    for image in sorted(images):
        host, _, _ = image_registry.parts(image)
        if host in silent:
            found[image] = Answer(None, silent[host])
            continue
        try:
            found[image] = Answer(image_registry.manifest_status(image, client))
        except httpx.HTTPError as error:
            silent[host] = str(error)
            found[image] = Answer(None, silent[host])
    return found


def ask_pulumi(environment: Mapping[str, str]) -> Pulumi:
    """The CLI on the PATH, and where it is logged in."""
    program = shutil.which("pulumi", path=environment.get("PATH"))
    if program is None:
        return Pulumi(installed=False)
    command = [program, "whoami", "--verbose", "--non-interactive"]
    has_passphrase = any(name in environment for name in PASSPHRASES)
    try:
        told = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PULUMI_SECONDS, env=dict(environment)
        )
    except subprocess.TimeoutExpired:
        return Pulumi(installed=True, has_passphrase=has_passphrase)
    lines = [line.partition(":")[2].strip() for line in told.stdout.splitlines() if line.startswith("Backend URL")]
    backend = (lines[0] if lines else "its backend") if told.returncode == 0 else None
    return Pulumi(True, backend, has_passphrase)


def _bucket(outside: Outside) -> Iterator[Finding]:
    store, answer = outside.store, outside.bucket
    if store is None or answer is None:
        return
    url = bucket_url(store)
    if answer.status is None:
        told = f"{url} does not answer this machine: {answer.told}"
        yield Finding("bucket", State.WARNING, told, "see that pods reach it", Maker.CLOUD)
    elif answer.status == 404:
        remedy = "create it (docs/how-to/prepare-a-cloud.md), or correct storage.object_storage"
        yield Finding("bucket", State.MISSING, f"{url} does not exist", remedy, Maker.CLOUD)
    elif answer.status in {301, 307, 400} and answer.told not in ("", store.region):
        remedy = f"set storage.object_storage.region to {answer.told}"
        yield Finding("bucket", State.MISSING, f"{store.bucket} is in {answer.told}", remedy, Maker.YOU)
    elif answer.status in {200, 403}:
        yield Finding("bucket", State.OK, f"{url} exists; whether pods may write shows their first checkpoint")
    else:
        yield Finding(
            "bucket", State.WARNING, f"{url} answers {answer.status}", "see what its service says", Maker.CLOUD
        )


def _bucket_encryption(outside: Outside) -> Iterator[Finding]:
    yield from bucket_encryption.judged(outside.store, outside.bucket_default)


def _images(outside: Outside) -> Iterator[Finding]:
    fine = 0
    for image, answer in outside.images.items():
        if answer.status == 200 or image in outside.on_nodes:
            fine += 1
        elif answer.status == 404:
            remedy = "build and push it (docs/how-to/deploy.md), or correct images"
            yield Finding("images", State.MISSING, f"{image} does not exist", remedy, Maker.YOU)
        elif answer.status is None:
            told = f"{repository(image)}: the registry does not answer this machine ({answer.told})"
            yield Finding("images", State.WARNING, told, "see that nodes reach it", Maker.CLUSTER)
        else:
            yield _closed(image, answer.status, outside.pull_secrets)
    if fine:
        yield Finding("images", State.OK, f"{fine} of {len(outside.images)} can be pulled, or are on a node")


def _closed(image: str, status: int, pull_secrets: tuple[str, ...]) -> Finding:
    told = f"{repository(image)}: the registry wants a login ({status})"
    if pull_secrets:
        return Finding("images", State.WARNING, told, f"see that {', '.join(pull_secrets)} has it", Maker.YOU)
    remedy = "name a pull secret in images.pull_secrets, unless the nodes themselves may pull"
    return Finding("images", State.WARNING, told, remedy, Maker.YOU)


def _pulumi(outside: Outside) -> Iterator[Finding]:
    pulumi = outside.pulumi
    if not pulumi.installed:
        remedy = "install it: https://www.pulumi.com/docs/install/"
        yield Finding("Pulumi", State.MISSING, "there is no pulumi on the PATH", remedy, Maker.YOU)
    elif pulumi.backend is None:
        yield Finding("Pulumi", State.MISSING, "logged in nowhere", "pulumi login", Maker.YOU)
    elif pulumi.backend.startswith(OWN_BACKENDS) and not pulumi.has_passphrase:
        told = f"state in {pulumi.backend}, whose secrets need a passphrase or a key service"
        remedy = f"set {PASSPHRASES[1]}, or make the stack with --secrets-provider"
        yield Finding("Pulumi", State.WARNING, told, remedy, Maker.YOU)
    else:
        yield Finding("Pulumi", State.OK, f"state in {pulumi.backend}")


CHECKS: tuple[Check[Outside], ...] = (
    Check("Pulumi", _pulumi),
    Check("bucket", _bucket),
    Check("bucket", _bucket_encryption),
    Check("images", _images),
)
