"""All images of the repository: which there are, what a stack calls them, and building some or all."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from weir.config.errors import WeirError
from weir.config.image_references import image_reference
from weir.config.images import ImageName, ImagesConfig
from weir.toolchain import locks, toolchain
from weir.toolchain.images.build import Builder, BuiltImage
from weir.toolchain.images.definition import Debian, ImageDefinition, load_bases, load_images
from weir.toolchain.images.layers import LayerStore
from weir.toolchain.images.sources import Sources

FOLDER = "images"
BASES_AT_ONCE = 3
Report = Callable[[str, str, float | None], None]
"""Called with an image or a tool, what is being done for it, and the share done."""


def store_of(environment: dict[str, str]) -> LayerStore:
    """Where built images are kept, for all working trees."""
    return LayerStore(toolchain.cache_folder(environment) / FOLDER)


def chosen(repository: Path, names: Collection[str]) -> list[ImageDefinition]:
    """The definitions called `names`; all of them where none is named.

    Raises:
        WeirError: there is no such image.
    """
    known = load_images(repository / FOLDER)
    if unknown := sorted(set(names) - {name.value for name in known}):
        raise WeirError(
            f"{', '.join(unknown)}: no image with this name; known: {', '.join(name.value for name in known)}"
        )
    return [image for name, image in known.items() if not names or name.value in names]


def tools_of(images: Collection[ImageDefinition]) -> set[str]:
    """The tools of the toolchain that the images are made of."""
    return {part.tool for image in images for part in image.parts if part.tool}


def needing_engine(repository: Path) -> list[str]:
    """The images based on a third-party image, which only a container engine can build."""
    folder = repository / FOLDER
    bases = load_bases(folder)
    return [name.value for name, image in load_images(folder).items() if not isinstance(bases[image.base], Debian)]


def build(repository: Path, config: ImagesConfig, names: Collection[str], report: Report) -> list[BuiltImage]:
    """Builds images under the names that a stack with `config` gives them, one after the other.

    Without `names` these are all that need no container engine.

    Raises:
        WeirError: there is no such image, it needs a container engine, or something it is made of cannot be had.
    """
    left_out = () if names else needing_engine(repository)
    images = [image for image in chosen(repository, names) if image.name.value not in left_out]
    found = toolchain.ensure(repository, tools_of(images), report)
    store = store_of(dict(os.environ))
    builder = Builder(store, Sources(repository, found), load_bases(repository / FOLDER))
    with locks.held(store.folder / ".lock", lambda: report(FOLDER, "another weir process is building them", None)):
        _bases(builder, images, report)
        return [_build(builder, image, image_reference(config, image.name), report) for image in images]


def _bases(builder: Builder, images: Collection[ImageDefinition], report: Report) -> None:
    """All their base images, concurrently: making one mostly waits for Debian's archive."""
    names = sorted({image.base for image in images})
    with ThreadPoolExecutor(max_workers=BASES_AT_ONCE) as pool:
        list(pool.map(lambda name: builder.base(name, lambda doing: report(name, doing, None)), names))


def _build(builder: Builder, image: ImageDefinition, reference: str, report: Report) -> BuiltImage:
    name = ImageName(image.name).value
    built = builder.build(image, reference, lambda doing: report(name, doing, None))
    report(name, reference, 1.0)
    return built
