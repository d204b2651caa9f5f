"""What the platform's own jobs share: secrets mounted as files, and output that appears at once."""

from __future__ import annotations

import sys
from pathlib import Path

from weir.config.errors import WeirError


def mounted_secret(path: Path) -> str:
    """The secret in the file `path`.

    Raises:
        WeirError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise WeirError(f"the secret {path} cannot be read: {error.strerror}; check that it is mounted") from None


def mounted_secrets(folder: Path | None) -> dict[str, str]:
    """Name of the file -> secret; a mounted Secret also holds hidden folders."""
    files = [] if folder is None else [path for path in folder.iterdir() if not path.name.startswith(".")]
    return {path.name: mounted_secret(path) for path in files}


def tell(*lines: str) -> None:
    """Into the job's log, at once."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
