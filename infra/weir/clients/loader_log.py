"""Failures of a pipeline's loader: Connect reports current failures and forgets them after a restart.

The monitor, which starts it again, keeps count in a file, so that `weir status` can tell, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

Positions = dict[tuple[str, int], int]
"""By topic and partition: the next offset that the loader will read of it."""
FILE = "loader.json"


@dataclass
class LoaderLog:
    """What the monitor has seen of one loader."""

    restarts: int = 0
    failures: int = 0
    """Since it last got on."""
    reason: str = ""
    """What it failed of last."""

    def failed(self, reason: str) -> None:
        """It has failed, and is started again."""
        self.restarts += 1
        self.failures += 1
        self.reason = reason

    def passed(self) -> None:
        """It has got on since."""
        self.failures = 0


def has_got_on(before: Positions, waiting: Positions) -> bool:
    """Whether no partition that has records left stands where it stood `before`; one without records has got on."""
    return all(place not in before or position > before[place] for place, position in waiting.items())


def read_logs(folder: Path) -> dict[str, LoaderLog]:
    """By pipeline; empty where no monitor has written any."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {name: LoaderLog(**entry) for name, entry in found.items()}
    except (OSError, ValueError, TypeError):
        return {}


def write_logs(folder: Path, logs: Mapping[str, LoaderLog]) -> None:
    """All of them, at once."""
    staging = folder / f"{FILE}.new"
    staging.write_text(json.dumps({name: asdict(log) for name, log in logs.items()}), encoding="utf-8")
    staging.replace(folder / FILE)
