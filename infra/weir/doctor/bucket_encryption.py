"""Whether the bucket encrypts by default, as clients need that cannot ask for it; AWS's CLI tells, if it is there."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from weir.config.storage import EncryptionAlgorithm, ObjectEncryption, ObjectStorage
from weir.doctor.findings import Finding, Maker, State

ASKING_SECONDS = 30
NO_DEFAULT = "ServerSideEncryptionConfigurationNotFoundError"
"""How S3 calls a bucket without a default encryption. Source: Amazon S3 API reference, GetBucketEncryption."""
KMS_KEYS = ("aws:kms", "aws:kms:dsse")
TWO_KEYS = "encrypts by default with a key of KMS, but encryption.algorithm makes Flink ask for S3's own keys"


@dataclass(frozen=True)
class BucketDefault:
    """`algorithm` as S3 calls it; None where there is no default, or where nobody could tell, and why in `unknown`."""

    algorithm: str | None = None
    kms_key_id: str | None = None
    unknown: str = ""


def command(store: ObjectStorage, action: str = "get-bucket-encryption") -> list[str]:
    """AWS's CLI, with the login of whoever runs it."""
    asked = ["aws", "s3api", action, "--bucket", store.bucket]
    asked += ["--region", store.region] if store.region else []
    return [*asked, "--endpoint-url", store.endpoint_url] if store.endpoint_url else asked


def ask_default(store: ObjectStorage, environment: Mapping[str, str]) -> BucketDefault:
    """What encrypts an object for which nothing is asked."""
    program = shutil.which("aws", path=environment.get("PATH"))
    if program is None:
        return BucketDefault(unknown="there is no aws on the PATH")
    asked = [program, *command(store)[1:], "--output", "json", "--cli-connect-timeout", "5"]
    try:
        told = subprocess.run(
            asked, capture_output=True, text=True, check=False, timeout=ASKING_SECONDS, env=dict(environment)
        )
    except subprocess.TimeoutExpired:
        return BucketDefault(unknown="aws does not answer")
    if NO_DEFAULT in told.stderr:
        return BucketDefault()
    if told.returncode != 0:
        return BucketDefault(unknown=(told.stderr.strip().splitlines() or ["aws fails"])[-1])
    (rule, *_) = json.loads(told.stdout)["ServerSideEncryptionConfiguration"]["Rules"]
    by_default = rule["ApplyServerSideEncryptionByDefault"]
    return BucketDefault(by_default["SSEAlgorithm"], by_default.get("KMSMasterKeyID"))


def judged(store: ObjectStorage | None, found: BucketDefault | None) -> Iterator[Finding]:
    """Nothing where the stack says nothing of encryption, or was not asked."""
    if store is None or store.encryption is None or found is None:
        return
    if found.unknown:
        yield _unknown(store, store.encryption, found)
    elif problem := _problem(store.encryption, found):
        remedy = f"{' '.join(command(store, 'put-bucket-encryption'))} --server-side-encryption-configuration ..."
        if problem == TWO_KEYS:
            yield Finding("bucket", State.WARNING, problem, "set storage.object_storage.encryption to kms", Maker.YOU)
        else:
            yield Finding("bucket", State.MISSING, problem, remedy, Maker.CLOUD)
    else:
        yield Finding("bucket", State.OK, f"encrypts by default ({found.algorithm})")


def _problem(asked: ObjectEncryption, found: BucketDefault) -> str:
    """What is wrong; empty where nothing is."""
    if found.algorithm is None:
        return "does not encrypt by default: backups and tiered logs would lie in clear"
    if asked.algorithm is EncryptionAlgorithm.AES256 and found.algorithm in KMS_KEYS:
        return TWO_KEYS
    if asked.kms_key_id is not None and not _is_key(asked.kms_key_id, found):
        return f"does not encrypt by default with {asked.kms_key_id}, so backups and tiered logs have another key"
    return ""


def _is_key(wanted: str, found: BucketDefault) -> bool:
    """The same key, be it named by its id or by its ARN, which ends with `/` and the id."""
    known = found.kms_key_id or ""
    return found.algorithm in KMS_KEYS and known.rpartition("/")[2] == wanted.rpartition("/")[2]


def _unknown(store: ObjectStorage, asked: ObjectEncryption, found: BucketDefault) -> Finding:
    """Amazon S3 encrypts every new object by itself since January 2023 (its user guide, default bucket encryption)."""
    if store.endpoint_url is None and asked.kms_key_id is None:
        return Finding("bucket", State.OK, "Amazon S3 encrypts every object, by default with keys of its own")
    told = f"whether {store.bucket} encrypts by default could not be asked: {found.unknown}"
    return Finding("bucket", State.WARNING, told, " ".join(command(store)), Maker.CLOUD)
