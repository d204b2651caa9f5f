"""Kafka's tiered storage: closed segments move to object storage, and brokers keep the latest hours on their disks.

The plugin is an image that is mounted as a volume, so Strimzi's Kafka image needs no change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from weir.components.images import Image
from weir.components.object_storage import bucket_encryption, key_environment
from weir.config.storage import ObjectStorage

# Strimzi mounts additional volumes only below /mnt.
PLUGIN_FOLDER = "/mnt/tiered-storage"
PLUGIN_VOLUME = "tiered-storage"
PLUGIN_CLASS = "io.aiven.kafka.tieredstorage.RemoteStorageManager"
S3_CLASS = "io.aiven.kafka.tieredstorage.storage.s3.S3Storage"
CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class TieredStorage:
    """The storage for segments, and the image with the plugin's jars."""

    storage: ObjectStorage
    image: Image

    def manager(self) -> dict[str, Any]:
        """The value of `spec.kafka.tieredStorage`."""
        store = self.storage
        settings = {
            "chunk.size": str(CHUNK_BYTES),
            "key.prefix": f"{store.prefix}/kafka/" if store.prefix else "kafka/",
            "storage.backend.class": S3_CLASS,
            "storage.s3.bucket.name": store.bucket,
        }
        if store.region:
            settings["storage.s3.region"] = store.region
        if store.endpoint_url:
            settings |= {
                "storage.s3.endpoint.url": store.endpoint_url,
                "storage.s3.path.style.access.enabled": "true",
            }
        return {
            "type": "custom",
            "remoteStorageManager": {
                "className": PLUGIN_CLASS,
                "classPath": f"{PLUGIN_FOLDER}/*",
                "config": settings,
            },
        }

    def pod_template(self) -> dict[str, Any]:
        """Additional parts of a broker's pod: the plugin's volume."""
        image = {"reference": self.image.reference, "pullPolicy": self.image.pull_policy}
        return {"volumes": [{"name": PLUGIN_VOLUME, "image": image}]}

    def container_template(self) -> dict[str, Any]:
        """Additional parts of a broker's container: the plugin's mount, and the access key if it needs one."""
        container: dict[str, Any] = {"volumeMounts": [{"name": PLUGIN_VOLUME, "mountPath": PLUGIN_FOLDER}]}
        if not self.storage.workload_identity:
            container["env"] = key_environment()
        return container

    def annotations(self) -> dict[str, str]:
        """Who encrypts the segments: the plugin's `S3StorageConfig` has no setting that asks for it."""
        return bucket_encryption(self.storage)

    def account_template(self) -> dict[str, Any]:
        """The annotations that bind the brokers' service account to a cloud identity."""
        annotations = dict(self.storage.service_account_annotations)
        return {"serviceAccount": {"metadata": {"annotations": annotations}}} if annotations else {}
