"""The files of the repository as git knows them, and copies of them that tests may change."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def tracked(*patterns: str, untracked: bool = False) -> list[str]:
    """The files that git tracks, by their paths in the repository; with those it neither tracks nor ignores, if told.

    `patterns` are git's pathspecs.
    """
    kinds = ("--cached", "--others", "--exclude-standard") if untracked else ()
    command = ["git", "ls-files", "-z", *kinds, *patterns]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    return listed.split("\0")[:-1]


def copy_repository(folder: Path, *, untracked: bool = False) -> None:
    """Copies the `tracked` files that are there into `folder`."""
    for name in tracked(untracked=untracked):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
