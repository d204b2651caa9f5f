"""Where each image comes from: name, tag or digest, below a registry of one's own where there is one."""

from __future__ import annotations

from weir import __version__
from weir.config import versions
from weir.config.images import ImageName, ImagesConfig

UPSTREAM = {
    ImageName.FLINK_OPERATOR: ("docker.io/apache/flink-kubernetes-operator", versions.FLINK_OPERATOR_PLAIN),
    ImageName.TRINO: ("docker.io/trinodb/trino", versions.TRINO),
    ImageName.REGISTRY: ("docker.io/apicurio/apicurio-registry", versions.REGISTRY),
    ImageName.KAFKA: ("docker.io/apache/kafka", versions.KAFKA),
    ImageName.CASSANDRA: ("docker.io/library/cassandra", versions.CASSANDRA),
    ImageName.POSTGRESQL: ("docker.io/library/postgres", versions.POSTGRESQL),
    ImageName.VALKEY: ("docker.io/valkey/valkey", versions.VALKEY),
}


def image_reference(images: ImagesConfig, name: ImageName) -> str:
    """`registry/repository:tag`, or `registry/repository@sha256:...` where a digest pins it."""
    repository, tag = UPSTREAM.get(name, (f"{images.own_registry}/{name.value}", __version__))
    if images.registry_prefix:
        repository = f"{images.registry_prefix}/{repository.split('/', 1)[1]}"
    digest = images.digests.get(name)
    return f"{repository}@{digest}" if digest else f"{repository}:{tag}"


def image_references(images: ImagesConfig) -> dict[ImageName, str]:
    """All of them."""
    return {name: image_reference(images, name) for name in ImageName}


def repository(image: str) -> str:
    """An image's name without tag and digest: `quay.io/strimzi/operator`."""
    name = image.partition("@")[0]
    head, separator, tag = name.rpartition(":")
    return head if separator and "/" not in tag else name
