"""Images without a container engine: layers put together as an OCI layout, which any engine loads."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weir import __version__
from weir.config.errors import WeirError
from weir.toolchain.images import debian
from weir.toolchain.images.bill import bill, components
from weir.toolchain.images.definition import Account, Base, Debian, ImageDefinition
from weir.toolchain.images.layers import Layer, LayerStore, Owner, write_entries
from weir.toolchain.images.sources import Sources

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
CREATED = "1970-01-01T00:00:00Z"

Show = Callable[[str], None]


@dataclass(frozen=True)
class BuiltImage:
    """An image in the store, under the name that pods call it."""

    reference: str
    manifest: Layer
    layers: tuple[Layer, ...]
    config: Layer
    bill: Path

    @property
    def size(self) -> int:
        """Bytes of all layers; images with the same base share it."""
        return sum(layer.size for layer in self.layers)

    @property
    def blobs(self) -> tuple[Layer, ...]:
        """All that a layout of this image holds."""
        return (self.manifest, self.config, *self.layers)


class Builder:
    """Builds images into a store; what has not changed is taken from it."""

    def __init__(self, store: LayerStore, sources: Sources, bases: Mapping[str, Base]) -> None:
        self.store = store
        self.sources = sources
        self.bases = bases

    def build(self, image: ImageDefinition, reference: str, show: Show) -> BuiltImage:
        """The image, its layers made where the store lacks them, and its bill of materials.

        Raises:
            WeirError: as `base`.
        """
        first = self.base(image.base, show)
        layers = [first, self._account(image, first)]
        for part in image.parts:
            key = self.sources.key(image, part)
            layers.append(self.store.layer(key, lambda target, part=part: self._part(image, part, target, show)))
        config = self.store.keep(_json(image_config(image, layers)))
        manifest = self.store.keep(_json(image_manifest(image, config, layers)))
        return BuiltImage(reference, manifest, tuple(layers), config, self._bill(image, reference, layers))

    def base(self, name: str, show: Show) -> Layer:
        """The Debian base image.

        Raises:
            WeirError: the base is a third-party image.
        """
        base = self.bases[name]
        if not isinstance(base, Debian):
            raise WeirError(
                f"{base.docker_image} is not in any package registry, so this image can only be built with a "
                "container engine; use `docker build` with the Dockerfile beside the image's definition"
            )
        return self.store.layer(debian.key_of(base), lambda target: debian.write_base(base, target, show))

    def _part(self, image: ImageDefinition, part: Any, target: Path, show: Show) -> None:
        show(f"packing {part.to}")
        self.sources.write(image, part, target)

    def _account(self, image: ImageDefinition, base: Layer) -> Layer:
        """The account's line in passwd and group, its folders, and the image's links."""
        account, tar = image.account, self.store.path(base)

        def write(target: Path) -> None:
            write_entries(
                target,
                folders=image.folders,
                links=list(image.links.items()),
                files=account_files(
                    account,
                    debian.read_file(tar, "etc/passwd").decode(),
                    debian.read_file(tar, "etc/group").decode(),
                ),
                owner=Owner(account.id, account.id),
            )

        key = f"account {base.digest} {account.model_dump_json()} {image.folders} {image.links}"
        return self.store.layer(key, write)

    def _bill(self, image: ImageDefinition, reference: str, layers: list[Layer]) -> Path:
        folder = self.store.folder / "bills"
        folder.mkdir(exist_ok=True)
        path = folder / f"{image.name.value}.cdx.json"
        mark = folder / f".{image.name.value}-{'-'.join(layer.digest[:8] for layer in layers)}"
        if not (path.exists() and mark.exists()):
            parts = components(self.store.path(layer) for layer in layers)
            path.write_bytes(bill(image.title, reference, image.licenses, parts))
            for old in folder.glob(f".{image.name.value}-*"):
                old.unlink()
            mark.touch()
        return path


def account_files(account: Account, passwd: str, group: str) -> list[tuple[str, bytes]]:
    """/etc/passwd and /etc/group with the account; a package's own account of that number gives way to it."""
    users = [line for line in passwd.splitlines() if line.split(":")[2] != str(account.id)]
    groups = [line for line in group.splitlines() if line.split(":")[2] != str(account.id)]
    users.append(f"{account.name}:x:{account.id}:{account.id}::{account.home}:/usr/sbin/nologin")
    groups.append(f"{account.name}:x:{account.id}:")
    return [("/etc/passwd", _lines(users)), ("/etc/group", _lines(groups))]


def image_config(image: ImageDefinition, layers: list[Layer]) -> dict[str, Any]:
    """The OCI configuration: what runs, as whom."""
    return {
        "created": CREATED,
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "User": f"{image.account.id}:{image.account.id}",
            "Env": [f"{name}={value}" for name, value in image.environment.items()],
            "Entrypoint": image.entrypoint or None,
            "Cmd": image.command or None,
            "WorkingDir": image.working_folder,
            "Labels": labels(image),
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in layers]},
    }


def labels(image: ImageDefinition) -> dict[str, str]:
    """OCI's own annotations."""
    prefix = "org.opencontainers.image"
    return {f"{prefix}.title": image.title, f"{prefix}.licenses": image.licenses, f"{prefix}.version": __version__}


def image_manifest(image: ImageDefinition, config: Layer, layers: list[Layer]) -> dict[str, Any]:
    """The OCI manifest."""
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(CONFIG, config),
        "layers": [_descriptor(LAYER, layer) for layer in layers],
        "annotations": labels(image),
    }


def index_of(images: list[BuiltImage]) -> bytes:
    """The layout's index.json: each image by the name that containerd and Docker are to know it by."""
    manifests = [
        {
            **_descriptor(MANIFEST, image.manifest),
            "annotations": {
                "io.containerd.image.name": image.reference,
                "org.opencontainers.image.ref.name": image.reference.rpartition(":")[2],
            },
            "platform": {"architecture": "amd64", "os": "linux"},
        }
        for image in images
    ]
    return _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})


def _descriptor(media_type: str, layer: Layer) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{layer.digest}", "size": layer.size}


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _lines(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
