"""The access key of the object storage, for pods without an identity of their own."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site
from weir.components.pods import secret_environment

OBJECT_STORAGE_SECRET = "object-storage"  # noqa: S105 - its name
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
