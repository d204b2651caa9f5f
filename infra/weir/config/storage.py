"""Where data lies: storage classes of volumes, and the object storage of checkpoints and backups."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from weir.config.base import Frozen


class StorageClasses(Frozen):
    """The storage class of each kind of volume; the cluster's default where not given."""

    kafka: str | None = None
    cassandra: str | None = None
    flink: Annotated[
        str | None, Field(description="For RocksDB's working files: the fastest class; its data need not survive.")
    ] = None
    streams: Annotated[str | None, Field(description="For the RocksDB files of Kafka Streams; Kafka has a copy.")] = (
        None
    )
    superset: Annotated[str | None, Field(description="For PostgreSQL and Valkey, if weir deploys them.")] = None


class EncryptionAlgorithm(StrEnum):
    """Who encrypts an object: the bucket, as it is set up, or the service because the client asks for it."""

    BUCKET = "bucket"
    AES256 = "aes256"
    KMS = "kms"


class ObjectEncryption(Frozen):
    """Server-side encryption of what is written to the bucket."""

    algorithm: Annotated[
        EncryptionAlgorithm,
        Field(
            description="`aes256` and `kms`: Flink asks for SSE-S3 or SSE-KMS with every object. `bucket`: nobody "
            "asks. Cassandra's backups and Kafka's tiered logs have no setting for it: the bucket's default encrypts "
            "them, and `weir doctor` looks whether it does."
        ),
    ]
    kms_key_id: Annotated[str | None, Field(min_length=1, description="The id or ARN of the key, with `kms`.")] = None

    @model_validator(mode="after")
    def _key(self) -> Self:
        if self.algorithm is EncryptionAlgorithm.KMS and self.kms_key_id is None:
            raise ValueError("kms_key_id: missing, but the algorithm is kms; give the key's id or ARN")
        if self.algorithm is not EncryptionAlgorithm.KMS and self.kms_key_id is not None:
            raise ValueError(
                f"kms_key_id: the algorithm is {self.algorithm.value}, which uses no such key; set it to kms, or "
                "remove the key"
            )
        return self


class ObjectStorage(Frozen):
    """A bucket of an S3-compatible service."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    prefix: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9/_-]*)?$")] = "weir"
    region: str | None = None
    endpoint_url: Annotated[
        str | None, Field(pattern=r"^https?://", description="Endpoint of an S3 service other than AWS.")
    ] = None
    workload_identity: Annotated[
        bool, Field(description="Pods get access through their service account, so no access key is stored.")
    ] = False
    service_account_annotations: dict[str, str] = {}
    backup_account_annotations: Annotated[
        dict[str, str],
        Field(
            description="For the account that writes Cassandra's backups, so that no other pod reaches them. Default: "
            "service_account_annotations."
        ),
    ] = {}

    encryption: Annotated[
        ObjectEncryption | None, Field(description="How objects are encrypted; required where data is protected.")
    ] = None

    def uri(self, path: str) -> str:
        """`s3://bucket/prefix/path`."""
        return "/".join(part for part in (f"s3://{self.bucket}", self.prefix, path) if part)


class StorageConfig(Frozen):
    """Volumes and object storage."""

    classes: StorageClasses = StorageClasses()
    object_storage: Annotated[
        ObjectStorage | None,
        Field(
            description="For checkpoints, savepoints, backups and tiered logs; without it, checkpoints and "
            "savepoints are on a shared volume."
        ),
    ] = None

    @model_validator(mode="after")
    def _annotations(self) -> StorageConfig:
        store = self.object_storage
        given = {
            "service_account_annotations": store and store.service_account_annotations,
            "backup_account_annotations": store and store.backup_account_annotations,
        }
        for name, notes in given.items():
            if notes and store and not store.workload_identity:
                raise ValueError(
                    f"object_storage.{name}: they only apply with workload_identity, which is false; set it to true, "
                    "or remove them"
                )
        return self
