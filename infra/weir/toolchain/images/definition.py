"""What an image is: `images/<name>/image.yaml`, read strictly. Both ways to build it begin here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from weir.config.base import Frozen
from weir.config.errors import ConfigError, parse, read_yaml
from weir.config.images import ImageName

BASES_FILE = "bases.yaml"
IMAGE_FILE = "image.yaml"
BUILDER = "maven"
"""The base in which the Dockerfiles fetch and compile Java."""

AbsolutePath = Annotated[str, Field(pattern=r"^/(usr|opt|etc|app|data|var|docker-entrypoint)[A-Za-z0-9._/@+-]*$")]


class Base(Frozen):
    """A third-party image: only a container engine can pull it."""

    docker_image: Annotated[
        str, Field(description="The base image for Docker builds; CI pins it by digest.", pattern=r"^[a-z.]+/\S+:\S+$")
    ]


class Debian(Base):
    """A Debian with nothing but its essential packages and these; `docker_image` is the same one."""

    suite: Literal["bookworm", "trixie"]
    packages: list[str]


class Account(Frozen):
    """Who the image runs as; Kubernetes takes the number, programs look up the name."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    id: Annotated[int, Field(ge=1, lt=65534)]
    home: AbsolutePath


class Part(Frozen):
    """One layer: exactly one of its sources, put into the folder (or the file) `to`."""

    to: AbsolutePath
    tool: Annotated[str | None, Field(description="A program of weir's toolchain.")] = None
    locks: Annotated[
        list[str], Field(description="A Python environment with the packages in these files of locks/.")
    ] = []
    repository: Annotated[str | None, Field(description="A file or folder of the repository.")] = None
    own: Annotated[str | None, Field(description="A file or folder next to the definition.")] = None
    made: Annotated[Literal["job-package"] | None, Field(description="The output of one of weir's programs.")] = None
    without: Annotated[list[str], Field(description="Patterns of paths below the source that are excluded.")] = []
    owned: Annotated[bool, Field(description="Owned by the image's account, which may write there.")] = False

    @model_validator(mode="after")
    def _one_source(self) -> Part:
        given = [name for name in ("tool", "locks", "repository", "own", "made") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(
                f"{self.to}: {', '.join(given) or 'no source'}; set exactly one of tool, locks, repository, own, made"
            )
        return self


class ImageDefinition(Frozen):
    """One image. If its base is a third-party image, its account and folders already exist."""

    name: ImageName
    title: str
    licenses: Annotated[str, Field(description="SPDX license expression of the image.")]
    base: str
    account: Account
    parts: list[Part] = []
    folders: Annotated[list[AbsolutePath], Field(description="Empty folders, owned by the account.")] = []
    links: Annotated[dict[AbsolutePath, str], Field(description="Symbolic links, as location: target.")] = {}
    environment: dict[str, str] = {}
    entrypoint: list[str] = []
    command: list[str] = []
    working_folder: AbsolutePath = "/opt"


def load_bases(folder: Path) -> dict[str, Base]:
    """The base images, by name.

    Raises:
        ConfigError: the file is wrong.
    """
    path = folder / BASES_FILE
    return {
        name: parse(Debian if "suite" in value else Base, value, f"{path}: {name}")
        for name, value in read_yaml(path).items()
    }


def load_images(folder: Path) -> dict[ImageName, ImageDefinition]:
    """Every definition below `folder`.

    Raises:
        ConfigError: one is wrong, or names a base that does not exist.
    """
    bases = load_bases(folder)
    found: dict[ImageName, ImageDefinition] = {}
    for path in sorted(folder.glob(f"*/{IMAGE_FILE}")):
        image = parse(ImageDefinition, read_yaml(path), str(path))
        if image.base not in bases:
            raise ConfigError(str(path), [f"base: {image.base!r} is not in {BASES_FILE}; there are {', '.join(bases)}"])
        if not isinstance(bases[image.base], Debian) and (image.folders or image.links):
            raise ConfigError(
                str(path),
                [f"folders, links: not possible, because no command is run in {image.base}; use parts instead"],
            )
        if image.name != path.parent.name:
            raise ConfigError(str(path), [f"name: {image.name} differs from the folder's name; rename one of them"])
        found[image.name] = image
    return found
