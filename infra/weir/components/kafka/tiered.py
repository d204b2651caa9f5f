"""Kafka's remote log: closed segments go to object storage, brokers keep the newest hours on their disks.

The plugin comes as an image that is mounted as a volume: the operator's own image of Kafka stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from weir.components.images import Image
from weir.components.object_storage import key_environment
from weir.config.storage import ObjectStorage

# Strimzi mounts further volumes below /mnt and nowhere else.
PLUGIN_FOLDER = "/mnt/tiered-storage"
PLUGIN_VOLUME = "tiered-storage"
PLUGIN_CLASS = "io.aiven.kafka.tieredstorage.RemoteStorageManager"
S3_CLASS = "io.aiven.kafka.tieredstorage.storage.s3.S3Storage"
CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class TieredStorage:
    """Where segments go, and the image that holds the plugin's jars."""

    storage: ObjectStorage
    image: Image

    def manager(self) -> dict[str, Any]:
        """`spec.kafka.tieredStorage`."""
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
        """What a broker's pod has besides: the plugin as a volume."""
        image = {"reference": self.image.reference, "pullPolicy": self.image.pull_policy}
        return {"volumes": [{"name": PLUGIN_VOLUME, "image": image}]}

    def container_template(self) -> dict[str, Any]:
        """What its container has besides: the plugin's folder, and the key where the pod has no identity."""
        container: dict[str, Any] = {"volumeMounts": [{"name": PLUGIN_VOLUME, "mountPath": PLUGIN_FOLDER}]}
        if not self.storage.workload_identity:
            container["env"] = key_environment()
        return container

    def account_template(self) -> dict[str, Any]:
        """The brokers' service account, tied to an identity of the cloud."""
        annotations = dict(self.storage.service_account_annotations)
        return {"serviceAccount": {"metadata": {"annotations": annotations}}} if annotations else {}
