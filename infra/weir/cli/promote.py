"""`weir promote`: the images that ran in one environment, by digest, into the next one's stack file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from weir.cli.shared import console, write_stack_file

if TYPE_CHECKING:
    from weir.config.images import ImageName

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
) -> None:
    """Write image digests into a stack file: those of the environment before it, or those that CI built."""
    import time  # noqa: PLC0415

    from weir.config.repository import stack_file  # noqa: PLC0415
    from weir.programs.promotion import built, promoted  # noqa: PLC0415

    file = stack_file(stack)
    promotion = built(file, _digests(digest)) if digest else promoted(file, time.time(), approved_by)
    for name, (before, after) in promotion.changed.items():
        console.print(f"{name.value}: {before or 'by tag'} -> {after}", highlight=False)
    if not promotion.changed:
        console.print(f"{stack} already runs the images of {promotion.source}")
    elif not dry_run:
        write_stack_file(file, promotion.text, stack)


def _digests(given: list[str]) -> dict[ImageName, str]:
    from weir.config.errors import ConfigError, parse  # noqa: PLC0415
    from weir.config.images import ImagesConfig  # noqa: PLC0415

    pairs = [entry.partition("=") for entry in given]
    if wrong := [entry for entry, (_, equals, _) in zip(given, pairs, strict=True) if not equals]:
        raise ConfigError("--digest", [f"{entry}: write image=sha256:..." for entry in wrong])
    return dict(parse(ImagesConfig, {"digests": {name: value for name, _, value in pairs}}, "--digest").digests)
