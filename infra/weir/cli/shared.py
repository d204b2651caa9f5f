"""What the groups of commands share: where they print, and the options that several of them have."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from weir.local.service import Paths
    from weir.verify.verify import Verification

# Rich takes 80 columns where there is no terminal, which cuts addresses off in a log.
WIDTH_OF_A_LOG = 160
# Without `emoji=False`, Rich prints a picture for `:id:` in a value, in JSON too.
console = Console(soft_wrap=True, emoji=False, width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG)
errors = Console(stderr=True, soft_wrap=True, emoji=False)

StackOption = Annotated[str, typer.Option("--stack", help="Name of a file stacks/Pulumi.<name>.yaml, or its path.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PlainHttpOption = Annotated[bool, typer.Option("--plain-http", help="For a registry that has no TLS.")]
PipelineArgument = Annotated[str, typer.Argument(help="A folder below pipelines/ that the stack names.")]


def print_verifications(paths: Paths, results: Iterable[Verification]) -> None:
    """The tables of verifications; a difference is written to a report beside the logs."""
    from weir.verify.report import as_tables, write_differences  # noqa: PLC0415

    for result in results:
        console.print(as_tables(result))
        if not result.correct:
            report = write_differences(result, paths.logs / f"differences-{result.pipeline}.md")
            errors.print(
                f"error: {result.pipeline} differs from what was replayed; see {report}", style="red", highlight=False
            )


def write_stack_file(file: Path, text: str, stack: str) -> None:
    """Writes a changed stack file, and says what a person does with it."""
    file.write_text(text, encoding="utf-8")
    console.print(f"{file.name} is updated. Review it with `weir plan {stack}`, commit it, then run `pulumi up`")
