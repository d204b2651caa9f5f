"""The Dockerfile beside each definition: what `docker build` and buildah need, with the repository as the context.

`make dockerfiles` writes them; a test fails when one is stale.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from weir.toolchain.images.build import labels
from weir.toolchain.images.definition import BUILDER, Base, Debian, ImageDefinition, Part, load_bases, load_images
from weir.toolchain.images.stages import Stages, compiled, run

FOLDER = "images"


def dockerfile(repository: Path, image: ImageDefinition, bases: Mapping[str, Base]) -> str:
    """The text: a stage for each source that is not in the repository, and the image itself."""
    base = bases[image.base]
    user = f"{image.account.id}:{image.account.id}"
    stages = Stages(repository, image)
    copies = [_copy(image, part, stages, user) for part in image.parts]
    modules = list(_modules(repository, image))
    folder = f"{FOLDER}/{image.name.value}"
    lines = [
        f"# {image.title}",
        f"# Generated from {folder}/image.yaml by `make dockerfiles`; do not edit. From the repository's root:",
        f"#   docker build -f {folder}/Dockerfile .",
        f"ARG BASE_IMAGE={base.docker_image}",
        *((f"ARG MAVEN_IMAGE={bases[BUILDER].docker_image}",) if stages.need_maven else ()),
        *stages.lines(),
        "",
        "FROM ${BASE_IMAGE}",
        *(f"LABEL {name}={json.dumps(value)}" for name, value in labels(image).items()),
        *(_debian(image, base) if isinstance(base, Debian) else ()),
        *copies,
        *((f"RUN {compiled(*modules)}",) if modules else ()),
        *(f"ENV {name}={json.dumps(value)}" for name, value in image.environment.items()),
        f"USER {user}",
        f"WORKDIR {image.working_folder}",
        *(f"{name} {json.dumps(value)}" for name, value in _programs(image) if value),
    ]
    return "\n".join(lines) + "\n"


def dockerfiles(repository: Path) -> dict[Path, str]:
    """Every generated Dockerfile below `repository` and the text that it must have."""
    folder = repository / FOLDER
    bases = load_bases(folder)
    return {
        folder / name.value / "Dockerfile": dockerfile(repository, image, bases)
        for name, image in load_images(folder).items()
    }


def _debian(image: ImageDefinition, base: Debian) -> tuple[str, ...]:
    """The packages, the account, and the image's folders and links."""
    account = image.account
    create = [
        *(_without_cluster() if any(package.startswith("postgresql") for package in base.packages) else ()),
        # The packages of Java and PostgreSQL link manuals into these, which a slim Debian lacks.
        "mkdir -p /usr/share/man/man1 /usr/share/man/man7",
        "apt-get update",
        f"apt-get install --yes --no-install-recommends {' '.join(sorted(base.packages))}",
        "rm -rf /var/lib/apt/lists/*",
        f"{{ getent group {account.id} || groupadd --gid {account.id} {account.name}; }}",
        f"{{ getent passwd {account.id} || useradd --uid {account.id} --gid {account.id} --no-create-home "
        f"--home-dir {account.home} --shell /usr/sbin/nologin {account.name}; }}",
    ]
    if folders := [*(part.to for part in image.parts if part.owned), *image.folders]:
        create.append(f"install -d --owner={account.id} --group={account.id} {' '.join(folders)}")
    create += [f"ln -s {target} {name}" for name, target in image.links.items()]
    return (run(*create),)


def _without_cluster() -> tuple[str, ...]:
    """PostgreSQL's package would make a cluster of its own."""
    file = "/etc/postgresql-common/createcluster.conf"
    return (f"mkdir -p {Path(file).parent}", f"echo 'create_main_cluster = false' > {file}")


def _copy(image: ImageDefinition, part: Part, stages: Stages, user: str) -> str:
    """The instruction that puts `part` into the image."""
    owner = f"--chown={user} " if part.owned else ""
    if made := stages.of(part):
        stage, source = made
        return f"COPY --from={stage} {owner}{_slashed(source, part)} {_slashed(part.to, part)}"
    source = part.repository or f"{FOLDER}/{image.name.value}/{part.own}"
    is_folder = (stages.repository / source).is_dir()
    return f"COPY {owner}{source}{'/' if is_folder else ''} {part.to}{'/' if is_folder else ''}"


def _slashed(path: str, part: Part) -> str:
    """What a stage makes is a folder, unless it is the job's package."""
    return path if part.made else f"{path}/"


def _modules(repository: Path, image: ImageDefinition) -> Iterator[str]:
    """Where the image has Python modules of the repository."""
    for part in image.parts:
        if part.repository:
            source = repository / part.repository
            if source.suffix == ".py" or next(source.rglob("*.py"), None):
                yield part.to


def _programs(image: ImageDefinition) -> tuple[tuple[str, list[str]], ...]:
    return ("ENTRYPOINT", image.entrypoint), ("CMD", image.command)


def main() -> None:
    """Writes the Dockerfiles of the working directory's repository."""
    for path, text in dockerfiles(Path.cwd()).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
