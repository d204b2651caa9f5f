"""Where data lies: storage classes of volumes, and the object storage of checkpoints and backups."""

from __future__ import annotations

from typing import Annotated

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
