"""Object storage as pods see it: the access key of those without an identity, and who encrypts what they write."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site
from weir.components.pods import secret_environment
from weir.config.storage import ObjectStorage

OBJECT_STORAGE_SECRET = "object-storage"  # noqa: S105 - its name
BUCKET_ENCRYPTION = "weir.io/bucket-encryption"
"""An annotation: this client asks for no encryption, so the bucket's default has to be what the value says."""
ACCESS_KEYS = {"AWS_ACCESS_KEY_ID": "access_key", "AWS_SECRET_ACCESS_KEY": "secret_key"}


@dataclass(frozen=True)
class ObjectStorageKeyArgs:
    """The user's settings: `pulumi config set --secret weir:object_storage_access_key ...`."""

    access_key: pulumi.Input[str]
    secret_key: pulumi.Input[str]


class ObjectStorageKey(Component):
    """The Secret with the access key, for the pods of Flink and Kafka."""

    def __init__(self, site: Site, args: ObjectStorageKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("storage:ObjectStorageKey", OBJECT_STORAGE_SECRET, site, opts)
        values = (args.access_key, args.secret_key)
        self.secret = k8s.core.v1.Secret(
            OBJECT_STORAGE_SECRET,
            metadata=site.metadata(OBJECT_STORAGE_SECRET, "storage"),
            type="Opaque",
            string_data={
                key: pulumi.Output.secret(value) for key, value in zip(ACCESS_KEYS.values(), values, strict=True)
            },
            opts=self.child(),
        )
        self.register_outputs({})


def key_environment() -> list[k8s.core.v1.EnvVarArgs]:
    """The key as environment variables that all S3 clients read."""
    return [secret_environment(name, OBJECT_STORAGE_SECRET, key) for name, key in ACCESS_KEYS.items()]


def bucket_encryption(store: ObjectStorage) -> dict[str, str]:
    """The note on a client that cannot ask for encryption; none where the stack says nothing of it."""
    if store.encryption is None:
        return {}
    key = store.encryption.kms_key_id
    return {BUCKET_ENCRYPTION: f"{store.encryption.algorithm.value} {key}" if key else store.encryption.algorithm.value}
