"""How long each step of a cluster's life took, for the table at the end of the run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Steps:
    """Steps in the order in which they ended, and which parts were real."""

    parts: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, float, str]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Times what happens inside; a step that failed stands in the table, too."""
        begin = time.monotonic()
        result = "failed"
        try:
            yield
            result = "done"
        finally:
            self.taken.append((name, time.monotonic() - begin, result))

    def lines(self) -> Iterator[str]:
        """The tables, as text."""
        for part, what in self.parts.items():
            yield f"{part:<36} {what}"
        if self.taken:
            yield ""
            yield f"{'step':<60} {'seconds':>8}"
        for name, seconds, result in self.taken:
            yield f"{name:<60} {seconds:>8.1f}{'' if result == 'done' else f'  {result}'}"


STEPS = Steps()
"""Those of this run."""
