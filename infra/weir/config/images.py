"""Container images: from which registry, and exactly which ones."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from weir.config.base import Frozen

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="Digest of the image's manifest.")]


class ImageName(StrEnum):
    """An image that weir's own pods run; the operators' charts name their operands' images themselves."""

    FLINK_JOB = "flink-job"
    FLINK_OPERATOR = "flink-operator"
    STREAMS = "streams"
    LOADER = "loader"
    SUPERSET = "superset"
    WEIR_JOBS = "weir-jobs"
    TRINO = "trino"
    REGISTRY = "registry"
    KAFKA = "kafka"
    KAFKA_TIERED_STORAGE = "kafka-tiered-storage"
    CASSANDRA = "cassandra"
    POSTGRESQL = "postgresql"
    VALKEY = "valkey"


class PullPolicy(StrEnum):
    """When a node pulls an image that it has."""

    IF_NOT_PRESENT = "IfNotPresent"
    ALWAYS = "Always"
    NEVER = "Never"


class ImagesConfig(Frozen):
    """Which images run here."""

    registry_prefix: Annotated[
        str | None,
        Field(
            pattern=r"^[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)*$",
            description="Your own registry (air-gapped): every image is pulled from below it.",
        ),
    ] = None
    own_registry: Annotated[str, Field(description="Where CI pushes the images built from this repository.")] = (
        "ghcr.io/weir"
    )
    digests: Annotated[
        dict[ImageName, Digest],
        Field(description="Pinned image digests; `weir images pin` and `weir promote` write them."),
    ] = {}
    require_digests: Annotated[
        bool | None,
        Field(
            description="`pulumi up` refuses images that are not pinned by digest. Default: where availability.protect."
        ),
    ] = None
    signature_key_file: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
            description="Public key of cosign, next to the stack file: `weir images verify` takes it, and "
            "`weir promote` lets in only images that it signed, with their SBOMs.",
        ),
    ] = None
    pull_policy: PullPolicy = PullPolicy.IF_NOT_PRESENT
    pull_secrets: Annotated[list[str], Field(description="Pull secrets that exist in the platform's namespaces.")] = []
