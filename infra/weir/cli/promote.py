"""`weir promote`: the images that ran in one environment, by digest, into the next one's stack file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from weir.cli.shared import PlainHttpOption, console, write_stack_file

if TYPE_CHECKING:
    from pathlib import Path

    from weir.config.images import ImageName
    from weir.programs.promotion import Promotion

commands = typer.Typer()


@commands.command()
def promote(
    stack: Annotated[str, typer.Argument(help="The environment to promote to.")],
    digest: Annotated[
        list[str] | None,
        typer.Option(
            "--digest", help="For the first environment: a digest that CI built, as flink-job=sha256:... Repeatable."
        ),
    ] = None,
    approved_by: Annotated[
        str,
        typer.Option(
            "--approved-by", help="Who approved it. Required where the stack sets promotions.approval_required."
        ),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change without writing it.")] = False,
    plain_http: PlainHttpOption = False,
) -> None:
    """Write image digests into a stack file: those of the environment before it, or those that CI built."""
    import time  # noqa: PLC0415

    from weir.config.repository import stack_file  # noqa: PLC0415
    from weir.programs.promotion import built, promoted  # noqa: PLC0415

    file = stack_file(stack)
    promotion = built(file, _digests(digest)) if digest else promoted(file, time.time(), approved_by)
    # What CI built comes here first, and is signed by the digest that is written now.
    if promotion.changed and not digest:
        _require_signed(file, promotion, plain_http)
    for name, (before, after) in promotion.changed.items():
        console.print(f"{name.value}: {before or 'by tag'} -> {after}", highlight=False)
    if not promotion.changed:
        console.print(f"{stack} already runs the images of {promotion.source}")
    elif not dry_run:
        write_stack_file(file, promotion.text, stack)


def _require_signed(file: Path, promotion: Promotion, plain_http: bool) -> None:
    import os  # noqa: PLC0415

    from weir.catalog.environment import load_environment  # noqa: PLC0415
    from weir.clients import cosign  # noqa: PLC0415
    from weir.config.repository import REPOSITORY  # noqa: PLC0415
    from weir.config.stack import load_stack  # noqa: PLC0415
    from weir.programs import signing  # noqa: PLC0415

    stack = load_stack(file)
    if not stack.images.signature_key_file:
        return
    images = stack.images.model_copy(update={"digests": dict(promotion.after)})
    environment = load_environment(REPOSITORY / "pipelines", stack.model_copy(update={"images": images}))
    signing.require_signed(environment, signing.public_key(stack, file), cosign.found(os.environ, plain_http))


def _digests(given: list[str]) -> dict[ImageName, str]:
    from weir.config.errors import ConfigError, parse  # noqa: PLC0415
    from weir.config.images import ImagesConfig  # noqa: PLC0415

    pairs = [entry.partition("=") for entry in given]
    if wrong := [entry for entry, (_, equals, _) in zip(given, pairs, strict=True) if not equals]:
        raise ConfigError("--digest", [f"{entry}: write image=sha256:..." for entry in wrong])
    return dict(parse(ImagesConfig, {"digests": {name: value for name, _, value in pairs}}, "--digest").digests)
