"""Where a job's state is stored: in a bucket or, without one, on a volume shared by all pods of the job."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_kubernetes as k8s

from weir.components.base import HOST_KEY
from weir.components.object_storage import bucket_encryption, key_environment
from weir.components.pods import mounts
from weir.config.storage import EncryptionAlgorithm, ObjectEncryption, ObjectStorage

STATE_FOLDER = "/opt/flink/state"
STATE_VOLUME = "state"
# The image has the plugin in opt/; its entry point enables it.
S3_PLUGIN = "flink-s3-fs-presto-{version}.jar"


@dataclass(frozen=True)
class StateStorage:
    """The folders for one job's checkpoints, savepoints and high-availability data, and how its pods access them."""

    job: str
    object_storage: ObjectStorage | None

    @property
    def claim(self) -> str | None:
        """The name of the shared volume's claim; None if there is a bucket."""
        return None if self.object_storage else f"{self.job}-state"

    def folder(self, kind: str) -> str:
        """The URI of `checkpoints`, `savepoints` or `high-availability`."""
        if self.object_storage is not None:
            return self.object_storage.uri(f"flink/{self.job}/{kind}")
        return f"file://{STATE_FOLDER}/{kind}"

    def configuration(self) -> dict[str, str]:
        """Flink's settings for these folders and for the object storage."""
        settings = {
            "execution.checkpointing.dir": self.folder("checkpoints"),
            "execution.checkpointing.savepoint-dir": self.folder("savepoints"),
            "high-availability.storageDir": self.folder("high-availability"),
        }
        store = self.object_storage
        if store is not None and store.endpoint_url:
            settings |= {"s3.endpoint": store.endpoint_url, "s3.path.style.access": "true"}
        if store is not None and store.region:
            settings["s3.endpoint.region"] = store.region
        if store is not None and store.encryption is not None:
            settings |= _encryption(store.encryption)
        return settings

    def annotations(self) -> dict[str, str]:
        """Says so where no setting asks for encryption."""
        store = self.object_storage
        if store is None or store.encryption is None or _encryption(store.encryption):
            return {}
        return bucket_encryption(store)

    def environment(self, flink_version: str) -> list[k8s.core.v1.EnvVarArgs]:
        """Enables the plugin, and provides the access key if the pods have no identity of their own."""
        if self.object_storage is None:
            return []
        plugin = k8s.core.v1.EnvVarArgs(name="ENABLE_BUILT_IN_PLUGINS", value=S3_PLUGIN.format(version=flink_version))
        if self.object_storage.workload_identity:
            return [plugin]
        return [plugin, *key_environment()]

    def volumes(self) -> list[k8s.core.v1.VolumeArgs]:
        """The shared volume."""
        if self.claim is None:
            return []
        source = k8s.core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=self.claim)
        return [k8s.core.v1.VolumeArgs(name=STATE_VOLUME, persistent_volume_claim=source)]

    def mounts(self) -> list[k8s.core.v1.VolumeMountArgs]:
        """The mount of the shared volume."""
        return mounts({STATE_VOLUME: STATE_FOLDER}) if self.claim else []

    def affinity(self, labels: dict[str, str]) -> k8s.core.v1.AffinityArgs | None:
        """The volume can only be mounted by one node, so all pods of the job must run on the same node."""
        if self.claim is None:
            return None
        term = k8s.core.v1.PodAffinityTermArgs(
            topology_key=HOST_KEY, label_selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels)
        )
        return k8s.core.v1.AffinityArgs(
            pod_affinity=k8s.core.v1.PodAffinityArgs(required_during_scheduling_ignored_during_execution=[term])
        )


def _encryption(encryption: ObjectEncryption) -> dict[str, str]:
    """What asks S3 to encrypt each object; nothing where the bucket does.

    Source: Presto's `S3ConfigurationUpdater` (`presto.s3.sse.*`), whose keys Flink's `S3FileSystemFactory` of
    flink-s3-fs-presto takes with the prefix `s3.`.
    """
    if encryption.algorithm is EncryptionAlgorithm.BUCKET:
        return {}
    settings = {"s3.sse.enabled": "true", "s3.sse.type": "S3"}
    if encryption.kms_key_id is not None:
        settings |= {"s3.sse.type": "KMS", "s3.sse.kms-key-id": encryption.kms_key_id}
    return settings
