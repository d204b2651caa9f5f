"""The entry point. Commands import what they need when they run: `weir --help` answers at once."""

from __future__ import annotations

import faulthandler
import sys

import typer

from weir.cli import doctor, erase, images, letters, promote, prove, render, run, sample, schema, size, verify
from weir.cli.shared import errors

commands = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for part in (run, verify, sample, prove, render, size, doctor, erase, promote):
    commands.add_typer(part.commands)
commands.add_typer(verify.bench, name="bench")
commands.add_typer(sample.new, name="new")
commands.add_typer(letters.commands, name="letters")
commands.add_typer(schema.commands, name="schema")
commands.add_typer(images.commands, name="images")


def app() -> None:
    """The entry point: an error of weir's is one red message and exit code 1; a wrong usage is 2."""
    # The clients of Kafka and Cassandra are native code: if one crashes, the stack says which.
    faulthandler.enable()
    try:
        commands()
    except Exception as error:
        from weir.config.errors import WeirError  # noqa: PLC0415

        if not isinstance(error, WeirError):
            raise
        errors.print(f"error: {error}", style="red", markup=False, highlight=False)
        sys.exit(1)
