"""`weir promote`: the images that ran in one environment, by digest, into the next one's stack file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from weir.cli.shared import console

if TYPE_CHECKING:
    from weir.config.images import ImageName

commands = typer.Typer()


@commands.command()
def promote(
    stack: Annotated[str, typer.Argument(help="The environment that gets the images.")],
    digest: Annotated[
        list[str] | None,
        typer.Option("--digest", help="What CI built, for the first environment: flink-job=sha256:... (repeatable)."),
    ] = None,
    approved_by: Annotated[str, typer.Option("--approved-by", help="Who approved, where the stack asks for it.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and write nothing.")] = False,
) -> None:
    """Writes digests into a stack file, in place: of the environment before it, or what CI built."""
    import time  # noqa: PLC0415

    from weir.embedded.context import stack_file  # noqa: PLC0415
    from weir.programs.promotion import built, promoted  # noqa: PLC0415

    file = stack_file(stack)
    promotion = built(file, _digests(digest)) if digest else promoted(file, time.time(), approved_by)
    for name, (before, after) in promotion.changed.items():
        console.print(f"{name.value}: {before or 'by tag'} -> {after}", highlight=False)
    if not promotion.changed:
        console.print(f"{stack} has the images of {promotion.source} already")
    elif not dry_run:
        file.write_text(promotion.text, encoding="utf-8")
        console.print(f"written to {file.name}; look at it with `weir plan {stack}`, commit it, then `pulumi up`")


def _digests(given: list[str]) -> dict[ImageName, str]:
    from weir.config.errors import ConfigError, parse  # noqa: PLC0415
    from weir.config.images import ImagesConfig  # noqa: PLC0415

    pairs = [entry.partition("=") for entry in given]
    if wrong := [entry for entry, (_, equals, _) in zip(given, pairs, strict=True) if not equals]:
        raise ConfigError("--digest", [f"{entry}: write image=sha256:..." for entry in wrong])
    return dict(parse(ImagesConfig, {"digests": {name: value for name, _, value in pairs}}, "--digest").digests)
