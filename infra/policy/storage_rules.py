"""Rules of data at rest. What a StorageClass encrypts, `weir doctor` looks at: no object of a stack says it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resources import Resource

BUCKET_ENCRYPTION = "weir.io/bucket-encryption"
"""An annotation: the client asks for no encryption, since the bucket's default does it."""
REMEDY = f"set storage.object_storage.encryption, or say in {BUCKET_ENCRYPTION} how the bucket encrypts"


def encrypted_at_rest(resource: Resource) -> Iterator[str]:
    """Where data is kept, objects in a bucket are encrypted: the client asks for it, or says that the bucket does."""
    if not resource.keeps_data or resource.annotations.get(BUCKET_ENCRYPTION):
        return
    spec = resource.spec
    if resource.kind == "FlinkDeployment" and _writes_in_clear(spec.get("flinkConfiguration") or {}):
        yield f"spec.flinkConfiguration: s3.sse.enabled is not true; {REMEDY}"
    if resource.kind == "Kafka" and (spec.get("kafka") or {}).get("tieredStorage"):
        yield f"spec.kafka.tieredStorage: no setting of it encrypts; {REMEDY}"
    if resource.kind == "K8ssandraCluster" and spec.get("medusa"):
        yield f"spec.medusa: no setting of it encrypts; {REMEDY}"


def _writes_in_clear(settings: Mapping[str, Any]) -> bool:
    stored = [str(value) for name, value in settings.items() if name.lower().endswith("dir")]
    uses_bucket = any(value.startswith(("s3:", "s3a:", "s3p:")) for value in stored)
    return uses_bucket and str(settings.get("s3.sse.enabled")).lower() != "true"
