"""The same definitions for Docker and buildah: a folder with the content of an image's parts, and its Dockerfile."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

from weir.toolchain.images.build import labels
from weir.toolchain.images.definition import Base, Debian, ImageDefinition
from weir.toolchain.images.layers import LayerStore
from weir.toolchain.images.sources import Sources

ROOT_FOLDER, OWNED_FOLDER = "rootfs", "owned"


def dockerfile(image: ImageDefinition, base: Base) -> str:
    """The text. The packages come from Debian when it is built, everything else from the folder that it lies in."""
    user = f"{image.account.id}:{image.account.id}"
    lines = [
        f"# {image.title}: written by `weir images context` from images/{image.name.value}/image.yaml.",
        f"ARG BASE_IMAGE={base.docker_image}",
        "FROM ${BASE_IMAGE}",
        *(f"LABEL {name}={json.dumps(value)}" for name, value in labels(image).items()),
        *(_debian(image, base) if isinstance(base, Debian) else ()),
    ]
    if any(not part.owned for part in image.parts):
        lines.append(f"COPY {ROOT_FOLDER}/ /")
    if any(part.owned for part in image.parts):
        lines.append(f"COPY --chown={user} {OWNED_FOLDER}/ /")
    lines += [f"ENV {name}={json.dumps(value)}" for name, value in image.environment.items()]
    lines += [f"USER {user}", f"WORKDIR {image.working_folder}"]
    lines += [f"{name} {json.dumps(value)}" for name, value in _programs(image) if value]
    return "\n".join(lines) + "\n"


def _debian(image: ImageDefinition, base: Debian) -> tuple[str, ...]:
    """The packages, the account, and the image's folders and links."""
    account = image.account
    create = [
        # PostgreSQL's package would make a cluster of its own.
        "mkdir -p /etc/postgresql-common /usr/share/man/man1 /usr/share/man/man7",
        "echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf",
        "apt-get update",
        f"apt-get install --yes --no-install-recommends {' '.join(sorted(base.packages))}",
        "rm -rf /var/lib/apt/lists/*",
        f"{{ getent group {account.id} || groupadd --gid {account.id} {account.name}; }}",
        f"{{ getent passwd {account.id} || useradd --uid {account.id} --gid {account.id} --no-create-home "
        f"--home-dir {account.home} --shell /usr/sbin/nologin {account.name}; }}",
    ]
    if image.folders:
        create.append(f"install -d --owner={account.id} --group={account.id} {' '.join(image.folders)}")
    create += [f"ln -s {target} {name}" for name, target in image.links.items()]
    return ("RUN " + " \\\n    && ".join(create),)


def write_context(image: ImageDefinition, base: Base, sources: Sources, store: LayerStore, folder: Path) -> Path:
    """Fills `folder` anew with all that `docker build` needs; what an image without an engine has is the same."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for part in image.parts:
        layer = store.layer(sources.key(image, part), lambda target, part=part: sources.write(image, part, target))
        with tarfile.open(store.path(layer)) as archive:
            archive.extractall(folder / (OWNED_FOLDER if part.owned else ROOT_FOLDER), filter="fully_trusted")  # noqa: S202 - made by this program
    (folder / "Dockerfile").write_text(dockerfile(image, base), encoding="utf-8")
    return folder


def _programs(image: ImageDefinition) -> tuple[tuple[str, list[str]], ...]:
    return ("ENTRYPOINT", image.entrypoint), ("CMD", image.command)
