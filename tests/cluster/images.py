"""The images of a stack, brought into a cluster's node while other tests run."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster import machine
from tests.cluster.cluster import REPOSITORY

from weir.config.errors import WeirError

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster


@dataclass(frozen=True)
class Loading:
    """Images on their way; without a process they are there."""

    stack: str
    process: subprocess.Popen[str] | None = None

    def wait(self) -> None:
        """Returns once pods can use them.

        Raises:
            WeirError: one was not built, or the node did not take it.
        """
        if self.process is None:
            return
        printed, _ = self.process.communicate()
        if self.process.returncode != 0:
            raise WeirError(f"the images of the stack {self.stack} were not loaded:\n{printed}")


@contextmanager
def loading(kubernetes: Cluster, stack: str) -> Iterator[Loading]:
    """Builds the images of `stack`, where the cache lacks them, into the node's containerd, from now on.

    A cluster that was there before has them already, or pulls them from its registry.
    """
    if not kubernetes.is_own:
        yield Loading(stack)
        return
    weir = str(REPOSITORY / ".venv" / "bin" / "weir")
    command = [weir, "images", "build", "--stack", stack, "--load", str(kubernetes.containerd)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=machine.die_with_parent,  # noqa: PLW1509 - it only calls the kernel
    ) as process:
        try:
            yield Loading(stack, process)
        finally:
            process.terminate()
