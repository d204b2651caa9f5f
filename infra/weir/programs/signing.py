"""Signed images: which ones are weir's to sign, what each needs beforehand, and which lack a signature or a bill."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from weir.catalog.environment import Environment
from weir.clients.cosign import PASSWORD, Cosign
from weir.config.errors import WeirError
from weir.config.image_references import UPSTREAM, image_reference
from weir.config.images import ImageName
from weir.config.stack import StackConfig
from weir.programs.pinning import how_to_pin, images_used

BILL_SUFFIX = ".cdx.json"
"""`weir images build --bills` calls its files so."""
ELSEWHERE = "://"
"""In a key that is no file: `awskms://`, `gcpkms://`, `hashivault://`, `k8s://`."""


@dataclass(frozen=True)
class Verdict:
    """What cosign says of one image."""

    name: ImageName
    reference: str
    faults: tuple[str, ...]
    """Empty where its signature and its bill are right."""


def own_images(environment: Environment) -> dict[ImageName, str]:
    """The images of the environment that weir's users sign, by digest.

    These are the ones that this repository builds and its users push: with `images.registry_prefix` all that the pods
    run, otherwise those below `images.own_registry`. Nobody can put a signature beside somebody else's image.

    Raises:
        WeirError: one of them has no digest. A tag may say something else tomorrow, so none is signed.
    """
    pinned = _own_by_digest(environment)
    if missing := [name.value for name in _own(environment) if name not in pinned]:
        raise WeirError(
            f"images.digests: {', '.join(missing)} missing, and only digests are signed; "
            f"{how_to_pin(environment.stack)}"
        )
    return pinned


def require_signed(environment: Environment, key: str, cosign: Cosign) -> None:
    """Nothing where the public key fits all own images that have a digest; those without come by another way.

    Raises:
        WeirError: one has no signature or no SBOM by this key.
    """
    if refused := [verdict for verdict in verdicts(_own_by_digest(environment), key, cosign) if verdict.faults]:
        faults = "; ".join(f"{verdict.name.value}: {', '.join(verdict.faults)}" for verdict in refused)
        raise WeirError(
            f"images.signature_key_file: {environment.stack.environment} takes only images signed by it. {faults}. "
            f"Sign them where they were built: `weir images sign {environment.stack.promotions.from_environment}`"
        )


def bills_of(images: Mapping[ImageName, str], folder: Path) -> dict[ImageName, Path]:
    """The CycloneDX document of each image.

    Raises:
        WeirError: one is missing, or something else.
    """
    found = {name: folder / f"{name.value}{BILL_SUFFIX}" for name in images}
    if missing := [path.name for path in found.values() if not path.is_file()]:
        raise WeirError(
            f"{folder}: {', '.join(missing)} missing; `weir images build --bills {folder}` writes those of the images "
            "that it builds, and `syft IMAGE -o cyclonedx-json` (or another generator) those of a container engine"
        )
    if wrong := [path.name for path in found.values() if not _is_cyclonedx(path)]:
        raise WeirError(f"{folder}: {', '.join(wrong)}: no CycloneDX document in JSON; make it anew")
    return found


def check_key(key: str, environment: Mapping[str, str]) -> None:
    """What cosign would otherwise say in the middle, or wait for.

    Raises:
        WeirError: the private key is not there, or its password is nowhere.
    """
    if ELSEWHERE in key:
        return
    if not Path(key).is_file():
        raise WeirError(f"--key {key}: no such file; `cosign generate-key-pair` writes a private and a public key")
    if PASSWORD not in environment:
        raise WeirError(f"{PASSWORD}: not set; export the password of {key}, or an empty one where it has none")


def sign(
    images: Mapping[ImageName, str], key: str, bills: Mapping[ImageName, Path], cosign: Cosign
) -> Iterator[ImageName]:
    """Signs each image and attaches its bill; yields it when both are in the registry.

    Signing again is harmless: cosign keeps one signature of a key, and the newer bill.

    Raises:
        WeirError: cosign refuses one; those before it are signed.
    """
    for name, reference in images.items():
        cosign.sign(reference, key)
        cosign.attach_bill(reference, key, bills[name])
        yield name


def verdicts(images: Mapping[ImageName, str], key: str, cosign: Cosign) -> Iterator[Verdict]:
    """What the public key says of each image."""
    for name, reference in images.items():
        asked: dict[str, Callable[[str, str], str]] = {
            "signature": cosign.refusal_of_signature,
            "SBOM": cosign.refusal_of_bill,
        }
        refusals = {what: ask(reference, key) for what, ask in asked.items()}
        faults = tuple(f"{what} not verified ({refusal})" for what, refusal in refusals.items() if refusal)
        yield Verdict(name, reference, faults)


def public_key(stack: StackConfig, stack_file: Path, given: str = "") -> str:
    """The key to verify with: the given one, or the one that the stack names.

    Raises:
        WeirError: there is neither, or no such file.
    """
    named = stack.images.signature_key_file
    if not given and not named:
        raise WeirError(
            f"images.signature_key_file: not set for {stack.environment}; set it, or pass --key with the public key"
        )
    key = given or str(stack_file.parent / str(named))
    if ELSEWHERE not in key and not Path(key).is_file():
        where = "--key" if given else "images.signature_key_file"
        raise WeirError(f"{where}: {key} does not exist; `cosign public-key --key cosign.key` writes it")
    return key


def _own(environment: Environment) -> list[ImageName]:
    prefix = environment.stack.images.registry_prefix
    return [name for name in images_used(environment) if prefix or name not in UPSTREAM]


def _own_by_digest(environment: Environment) -> dict[ImageName, str]:
    images = environment.stack.images
    return {name: image_reference(images, name) for name in _own(environment) if name in images.digests}


def _is_cyclonedx(path: Path) -> bool:
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("bomFormat") == "CycloneDX"
