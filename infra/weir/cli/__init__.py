"""The command line: one file for each group of commands, joined in `app`."""

from weir.cli.main import app

__all__ = ["app"]
