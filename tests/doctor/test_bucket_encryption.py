"""What the bucket encrypts by default: asked of AWS's CLI, and judged by what the stack file says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from weir.config.storage import ObjectEncryption, ObjectStorage
from weir.doctor.bucket_encryption import BucketDefault, ask_default, judged
from weir.doctor.findings import Finding, State

pytestmark = pytest.mark.unit

KEY = "arn:aws:kms:eu-west-1:1:key/a1"
ELSEWHERE = "https://s3.example.org"
OWN, KMS, NONE, UNASKED = (
    BucketDefault("AES256"),
    BucketDefault("aws:kms", KEY),
    BucketDefault(),
    BucketDefault(unknown="there is no aws on the PATH"),
)


def store(algorithm: str | None = "aes256", key: str | None = None, endpoint_url: str | None = None) -> ObjectStorage:
    encryption = ObjectEncryption.model_validate({"algorithm": algorithm, "kms_key_id": key}) if algorithm else None
    return ObjectStorage(bucket="weir-prod", region="eu-west-1", encryption=encryption, endpoint_url=endpoint_url)


def finding(of: ObjectStorage, found: BucketDefault) -> Finding:
    (only,) = judged(of, found)
    return only


@pytest.mark.parametrize(
    ("of", "found", "state", "told"),
    [
        (store("aes256"), OWN, State.OK, "encrypts by default (AES256)"),
        (store("bucket"), OWN, State.OK, "encrypts by default (AES256)"),
        (store("bucket"), KMS, State.OK, "encrypts by default (aws:kms)"),
        (store("kms", KEY), KMS, State.OK, "encrypts by default (aws:kms)"),
        (store("kms", "a1"), KMS, State.OK, "encrypts by default (aws:kms)"),
        (store("kms", "a2"), KMS, State.MISSING, "does not encrypt by default with a2"),
        (store("kms", KEY), OWN, State.MISSING, f"does not encrypt by default with {KEY}"),
        (store("kms", KEY), BucketDefault("aws:kms"), State.MISSING, f"does not encrypt by default with {KEY}"),
        (store("aes256"), KMS, State.WARNING, "makes Flink ask for S3's own keys"),
        (store("aes256"), NONE, State.MISSING, "does not encrypt by default: backups"),
        (store("bucket"), NONE, State.MISSING, "does not encrypt by default: backups"),
        (store("bucket"), UNASKED, State.OK, "Amazon S3 encrypts every object"),
        (store("kms", KEY), UNASKED, State.WARNING, "could not be asked: there is no aws on the PATH"),
        (store("bucket", endpoint_url=ELSEWHERE), UNASKED, State.WARNING, "could not be asked"),
    ],
)
def test_a_bucket_encrypts_what_its_clients_cannot_ask_for(
    of: ObjectStorage, found: BucketDefault, state: State, told: str
) -> None:
    only = finding(of, found)
    assert only.state is state
    assert told in only.found


def test_the_remedy_is_a_command_for_that_bucket() -> None:
    assert finding(store(), NONE).remedy.startswith(
        "aws s3api put-bucket-encryption --bucket weir-prod --region eu-west-1 --server-side-encryption-configuration"
    )
    assert finding(store("bucket", endpoint_url=ELSEWHERE), UNASKED).remedy == (
        f"aws s3api get-bucket-encryption --bucket weir-prod --region eu-west-1 --endpoint-url {ELSEWHERE}"
    )


def test_a_stack_that_says_nothing_of_encryption_is_told_nothing() -> None:
    assert list(judged(store(None), NONE)) == []
    assert list(judged(None, None)) == []


def answered(script: str, folder: Path) -> BucketDefault:
    program = folder / "aws"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return ask_default(store(), {"PATH": f"{folder}:/usr/bin:/bin"})


def test_the_cli_is_asked_with_the_login_of_whoever_runs_it(tmp_path: Path) -> None:
    by_default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}
    told = json.dumps({"ServerSideEncryptionConfiguration": {"Rules": [by_default]}})
    asked = tmp_path / "asked"
    assert answered(f"echo \"$*\" > {asked}; echo '{told}'", tmp_path) == KMS
    assert asked.read_text().startswith("s3api get-bucket-encryption --bucket weir-prod --region eu-west-1 ")


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (
            "echo 'An error occurred (ServerSideEncryptionConfigurationNotFoundError) when calling it' >&2; exit 254",
            NONE,
        ),
        ("echo 'Unable to locate credentials' >&2; exit 253", BucketDefault(unknown="Unable to locate credentials")),
        ("exit 1", BucketDefault(unknown="aws fails")),
    ],
)
def test_what_the_cli_refuses_is_told(script: str, found: BucketDefault, tmp_path: Path) -> None:
    assert answered(script, tmp_path) == found


def test_without_the_cli_nobody_is_asked(tmp_path: Path) -> None:
    assert ask_default(store(), {"PATH": str(tmp_path)}) == UNASKED
