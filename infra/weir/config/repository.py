"""The working tree that contains this package."""

from __future__ import annotations

from pathlib import Path

import weir

REPOSITORY = Path(weir.__file__).resolve().parents[2]


def stack_file(name: str) -> Path:
    """The file of the stack called `name`; a path to a file is taken as it is."""
    return Path(name).absolute() if name.endswith(".yaml") else REPOSITORY / "stacks" / f"Pulumi.{name}.yaml"
