"""A separate platform for one command, in a temporary folder, next to any other that is running."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from weir.config.errors import WeirError
from weir.config.stack import load_stack
from weir.local import lifecycle, platform, services
from weir.local.board import Board
from weir.local.context import running_context
from weir.local.service import Context, Paths

Change = Callable[[dict[str, Any]], None]
"""Changes the settings of a stack file, those below its `config:`, in place."""


@contextmanager
def own_platform(
    folder: Path, stack_path: Path, names: Sequence[str], change: Change, board: Board
) -> Iterator[Context]:
    """The services `names` with the changed stack, their data in `folder / "weir"`; stopped at the end."""
    stack = folder / "Pulumi.own.yaml"
    document = yaml.safe_load(stack_path.read_text(encoding="utf-8"))
    change(document["config"])
    stack.write_text(yaml.safe_dump(document), encoding="utf-8")
    if load_stack(stack).kafka.existing:
        raise WeirError(
            f"{stack_path}: kafka.provider is existing, but measurements and faults need a Kafka of their own; name a "
            "stack without it"
        )
    paths = Paths(folder / "weir")
    try:
        platform.start_services(paths, stack, list(names), board)
        with platform.watching(paths, board):
            lifecycle.wait_ready(paths, services.process_names(names, load_stack(stack)))
        yield running_context(paths, services.tools(names))
    finally:
        lifecycle.stop(paths)


def temporary_folder(purpose: str) -> Path:
    """A new folder below `$TMPDIR`; it is the caller's to remove."""
    return Path(tempfile.mkdtemp(prefix=f"weir-{purpose}-", dir=os.environ.get("TMPDIR")))
