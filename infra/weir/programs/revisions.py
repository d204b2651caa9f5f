"""A stack as another revision of the repository would make it: that revision's stack file, pipelines and code."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.programs.recording import Recorded
from weir.programs.rendering import from_json

TIMEOUT_SECONDS = 120


def render_revision(revision: str, stack: str, repository: Path = REPOSITORY) -> tuple[Recorded, ...]:
    """The resources of `stack` at `revision` (anything that git takes: `HEAD~1`, a tag, a branch).

    Raises:
        WeirError: there is no such revision, or it cannot be rendered.
    """
    with tempfile.TemporaryDirectory(prefix="weir-revision-") as folder:
        _extract(revision, repository, Path(folder))
        if not (Path(folder) / "infra" / "weir" / "programs" / "rendering.py").exists():
            raise WeirError(f"{revision} is too old to be rendered; compare with a later revision")
        if not (Path(folder) / "stacks" / f"Pulumi.{stack}.yaml").exists():
            raise WeirError(f"{revision} has no stack {stack}; compare with a later revision")
        environment = {**os.environ, "PYTHONPATH": str(Path(folder) / "infra")}
        command = [sys.executable, "-m", "weir.programs.rendering", stack]
        result = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
        )
    if result.returncode != 0:
        last = result.stderr.strip().splitlines()[-1:] or ["it printed nothing"]
        raise WeirError(f"stack {stack} at {revision} cannot be rendered: {last[0]}")
    return from_json(result.stdout)


def _extract(revision: str, repository: Path, folder: Path) -> None:
    # The whole tree: a program may read any file besides its code.
    command = ["git", "-C", str(repository), "archive", revision]
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode != 0:
        reason = result.stderr.decode(errors="replace").strip()
        raise WeirError(f"{revision}: git does not know this revision; fetch it, or name another one: {reason}")
    with tarfile.open(fileobj=io.BytesIO(result.stdout)) as archive:
        archive.extractall(folder, filter="data")
