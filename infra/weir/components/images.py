"""Image references for pods: what to pull, when, and with which credentials."""

from __future__ import annotations

from dataclasses import dataclass

from weir.config.image_references import image_reference
from weir.config.images import ImageName, ImagesConfig


@dataclass(frozen=True)
class Image:
    """One image of the environment."""

    reference: str
    pull_policy: str = "IfNotPresent"
    pull_secrets: tuple[str, ...] = ()


def image(images: ImagesConfig, name: ImageName) -> Image:
    """The image `name`, as configured in the stack."""
    return Image(image_reference(images, name), images.pull_policy.value, tuple(images.pull_secrets))
