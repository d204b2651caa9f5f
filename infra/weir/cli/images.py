"""Commands of container images: which a stack runs, their digests, and building them without a registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weir.cli.shared import JsonOption, PlainHttpOption, StackOption, console, write_stack_file

if TYPE_CHECKING:
    from weir.catalog.environment import Environment
    from weir.toolchain.images.build import BuiltImage

commands = typer.Typer(no_args_is_help=True)
StackArgument = Annotated[str, typer.Argument(help="Name of a file stacks/Pulumi.<name>.yaml, or its path.")]
NamesArgument = Annotated[list[str] | None, typer.Argument(help="Folders below images/. Default: all.")]
MEBIBYTE = 1 << 20


@commands.callback()
def _images() -> None:
    """List, pin, build, sign and verify the container images of a stack."""


@commands.command("list")
def list_images(stack: StackOption = "dev", as_json: JsonOption = False) -> None:
    """List the images that a stack's pods run, for mirroring. Those of an operator's chart are not included."""
    from weir.config.image_references import image_references  # noqa: PLC0415
    from weir.config.repository import stack_file  # noqa: PLC0415
    from weir.config.stack import load_stack  # noqa: PLC0415

    references = image_references(load_stack(stack_file(stack)).images)
    if as_json:
        console.print_json(data={name.value: reference for name, reference in references.items()})
    for reference in () if as_json else references.values():
        console.print(reference, highlight=False, markup=False)


@commands.command()
def pin(
    stack: StackArgument,
    plain_http: PlainHttpOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the digests without writing them.")] = False,
) -> None:
    """Ask the registries for the digests of a stack's images, and write those that it lacks into its file."""
    import httpx  # noqa: PLC0415

    from weir.clients.image_registry import TIMEOUT_SECONDS, manifest_digest  # noqa: PLC0415
    from weir.config.errors import WeirError  # noqa: PLC0415
    from weir.config.repository import REPOSITORY, stack_file  # noqa: PLC0415
    from weir.programs.pinning import pinned  # noqa: PLC0415

    file, scheme = stack_file(stack), "http" if plain_http else "https"
    with httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=True) as client:
        try:
            pins = pinned(file, REPOSITORY / "pipelines", lambda image: manifest_digest(image, client, scheme))
        except httpx.HTTPError as error:
            raise WeirError(
                f"a registry does not answer ({error}), and {file.name} is as it was; check the network and "
                "images.registry_prefix"
            ) from None
    for name, digest in pins.added.items():
        console.print(f"{name.value}: by tag -> {digest}", highlight=False)
    if not pins.added:
        console.print(f"every image of {file.name} has a digest")
    elif not dry_run:
        write_stack_file(file, pins.text, stack)


@commands.command()
def build(
    names: NamesArgument = None,
    stack: StackOption = "cluster",
    load: Annotated[Path | None, typer.Option(help="Import the images into the containerd at this socket.")] = None,
    archive: Annotated[
        Path | None, typer.Option(help="Write an OCI archive, for `docker load` or `ctr import`.")
    ] = None,
    bills: Annotated[Path | None, typer.Option(help="Write each image's SBOM into this folder.")] = None,
) -> None:
    """Build images without a container engine or a registry. Unchanged images are not rebuilt.

    Images based on a vendor's image need a container engine: they are skipped unless you name them.
    """
    import os  # noqa: PLC0415
    import shutil  # noqa: PLC0415

    from weir.config.repository import REPOSITORY, stack_file  # noqa: PLC0415
    from weir.config.stack import load_stack  # noqa: PLC0415
    from weir.local.board import Board  # noqa: PLC0415
    from weir.toolchain.images import archive as archives  # noqa: PLC0415
    from weir.toolchain.images import library  # noqa: PLC0415

    config = load_stack(stack_file(stack)).images
    store = library.store_of(dict(os.environ))
    with Board(console) as board:
        built = library.build(REPOSITORY, config, names or [], board.report)
        if load:
            board.report("containerd", f"importing {len(built)} images", None)
            archives.load_into_containerd(store, built, load)
            board.report("containerd", f"{len(built)} images imported", 1.0)
    if archive:
        with archive.open("wb") as stream:
            archives.write_archive(store, built, stream)
    for image in built if bills else ():
        assert bills is not None  # noqa: S101 - the loop's own condition
        bills.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image.bill, bills / image.bill.name)
    for image in built:
        console.print(_line(image), highlight=False, markup=False)
    for name in () if names else library.needing_engine(REPOSITORY):
        console.print(
            f"{name}: skipped; it needs a container engine: run `docker build -f images/{name}/Dockerfile .`",
            highlight=False,
            markup=False,
        )


@commands.command()
def sign(
    stack: StackArgument,
    key: Annotated[str, typer.Option(help="Private key of cosign: a file, or an address such as awskms://...")],
    bills: Annotated[Path, typer.Option(help="Where `weir images build --bills` wrote the images' SBOMs.")],
    plain_http: PlainHttpOption = False,
) -> None:
    """Sign a stack's own images by digest with cosign, and attach their SBOMs.

    The key's password is the environment variable COSIGN_PASSWORD.
    """
    import os  # noqa: PLC0415

    from weir.clients import cosign  # noqa: PLC0415
    from weir.programs import signing  # noqa: PLC0415

    images = signing.own_images(_environment(stack))
    signing.check_key(key, os.environ)
    found = signing.bills_of(images, bills)
    for name in signing.sign(images, key, found, cosign.found(os.environ, plain_http)):
        console.print(f"{name.value}: signed, with its SBOM  {images[name]}", highlight=False, markup=False)


@commands.command()
def verify(
    stack: StackArgument,
    key: Annotated[str, typer.Option(help="Public key of cosign. Default: the stack's signature_key_file.")] = "",
    plain_http: PlainHttpOption = False,
) -> None:
    """Verify the signatures and SBOMs of a stack's own images by digest with cosign."""
    import os  # noqa: PLC0415

    from weir.clients import cosign  # noqa: PLC0415
    from weir.config.errors import WeirError  # noqa: PLC0415
    from weir.config.repository import stack_file  # noqa: PLC0415
    from weir.programs import signing  # noqa: PLC0415

    environment = _environment(stack)
    images = signing.own_images(environment)
    public = signing.public_key(environment.stack, stack_file(stack), key)
    refused = []
    for verdict in signing.verdicts(images, public, cosign.found(os.environ, plain_http)):
        said = "; ".join(verdict.faults) or "signature and SBOM verified"
        console.print(f"{verdict.name.value}: {said}  {verdict.reference}", highlight=False, markup=False)
        refused += [verdict.name.value] if verdict.faults else []
    if refused:
        raise WeirError(
            f"not verified with {public}: {', '.join(refused)}; if you built them, `weir images sign` signs them"
        )


def _environment(stack: str) -> Environment:
    from weir.catalog.environment import load_environment  # noqa: PLC0415
    from weir.config.repository import REPOSITORY, stack_file  # noqa: PLC0415
    from weir.config.stack import load_stack  # noqa: PLC0415

    return load_environment(REPOSITORY / "pipelines", load_stack(stack_file(stack)))


def _line(image: BuiltImage) -> str:
    return f"{image.reference}  {image.size // MEBIBYTE} MiB  sha256:{image.manifest.digest[:12]}"
